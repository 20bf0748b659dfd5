"""What a person says to the launcher, and the only place where errors become lines on the terminal."""

import errno
import json
import os
import re
import shlex
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError
from click.core import ParameterSource
from rich.console import Console
from rich.markup import escape

from ec2 import aws, deployer_policy, leftovers
from ec2 import deploy as launcher
from ec2.errors import LauncherError, NotWanted
from ec2.kept_table import print_kept
from ec2.plan import Plan
from ec2.plan_table import print_plan
from ec2.progress import PAGE, Working
from ec2.push import push as push_images
from ec2.report_table import print_report
from ec2.settings import Settings, read_settings
from ec2.template.build import as_json, as_yaml, build_template

FULL = (errno.ENOSPC, errno.EDQUOT)
MAKE_ROOM = "make room where the output goes and where temporary files are (TMPDIR), then repeat it"
# Where click keeps the words of a command as they were said.
SAID = "ec2.said"
LAUNCHER = re.compile(r"\bpython -m ec2\b(?!\.)")
AWS = re.compile(r"\baws(?= [a-z0-9]+ [a-z]+-[a-z]+)")


@dataclass(frozen=True)
class Wish:
    """What was said before the command; the file is read when a command needs it."""

    file: Path

    @property
    def settings(self) -> Settings:
        """What to deploy, or SettingsError."""
        return read_settings(self.file)


class Launcher(click.Group):
    """An error of ours or of AWS's is one red account and exit 1; wrong usage is click's exit 2."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; how it was said is kept for who must say it again."""
        ctx.meta[SAID] = tuple(args)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (LauncherError, BotoCoreError, ClientError, OSError) as error:
            if isinstance(error, OSError) and error.errno not in FULL:
                raise
            if ctx.params["verbose"]:
                traceback.print_exc()
            account(in_words(error))
            ctx.exit(1)


def in_words(error: LauncherError | BotoCoreError | ClientError | OSError) -> LauncherError:
    """What a person is told of an error; after a full disk nothing more is written there."""
    if isinstance(error, LauncherError):
        return error
    if isinstance(error, OSError):
        drop_output()
        return LauncherError(f"what is written here has no room: {error.strerror}", MAKE_ROOM)
    return aws.trouble(error)


def drop_output() -> None:
    """Nothing more is written, and what could not be written is not tried again at the end."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def account(error: LauncherError) -> None:
    """What happened, in red, and what to try, on stderr."""
    PAGE.print(f"[red]{escape(error.message)}", soft_wrap=True)
    for hint in error.hint.splitlines():
        PAGE.print(f"try: {escape(as_said(hint))}", soft_wrap=True)


def as_said(text: str) -> str:
    """The commands in a text about the stack that this invocation is about."""
    root = click.get_current_context().find_root()
    if root.get_parameter_source("file") is ParameterSource.COMMANDLINE:
        words = shlex.join(["python", "-m", "ec2", "--file", str(root.params["file"])])
        text = LAUNCHER.sub(lambda _: words, text)
    if AWS.search(text):
        with suppress(LauncherError):
            text = AWS.sub(f"aws --region {root.obj.settings.region}", text)
    return text


@click.group(cls=Launcher, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("stack.toml"),
    envvar="STACK_FILE",
    show_default=True,
    show_envvar=True,
    help="What to deploy.",
)
@click.option("--verbose", is_flag=True, help="Show where an error came from.")
@click.pass_context
def commands(context: click.Context, /, file: Path, verbose: bool) -> None:  # noqa: ARG001 - read when it fails
    """The whole stack on EC2 hosts of your own, as stack.toml says."""
    context.obj = Wish(file)


@commands.command()
@click.option("--json", "in_json", is_flag=True, help="As CloudFormation is sent it.")
@click.pass_obj
def template(wish: Wish, in_json: bool) -> None:
    """Print the CloudFormation template."""
    built = build_template(wish.settings)
    click.echo(as_json(built) if in_json else as_yaml(built).rstrip("\n"))


@commands.command()
@click.pass_obj
def policy(wish: Wish) -> None:
    """Print the IAM policy that deploying needs.

    It allows no more than that, to nobody else's stack, and to destroy only with a second factor (MFA).
    """
    click.echo(deployer_policy.as_json(deployer_policy.build_policy(wish.settings)))


@commands.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--uncommitted", is_flag=True, help="Also deploy changes that no commit holds.")
@click.option("--inside", is_flag=True, help="From a Jenkins host: to the other hosts, without AWS's part.")
@click.option("--json", "in_json", is_flag=True, help="Report for scripts.")
@click.pass_obj
def deploy(wish: Wish, yes: bool, uncommitted: bool, inside: bool, in_json: bool) -> None:
    """Make the stack serve this commit.

    From an empty account or from what is there. Builds the images, launches or updates the CloudFormation
    stack, brings the images to its hosts, and ends when every service is healthy, or puts everything back as
    it was and says why. Safe to run twice.
    """
    with Working("reading stack.toml") as working:

        def agreed(made: Plan) -> None:
            with working.asking():
                agree(made, yes)

        report = launcher.deploy(wish.settings, uncommitted, agreed, working.say, working.at, inside)
    if in_json:
        click.echo(json.dumps(report.plain(), indent=2))
    else:
        print_report(Console(emoji=False, highlight=False), report)


@commands.command()
@click.option("--uncommitted", is_flag=True, help="Also look at changes that no commit holds.")
@click.option("--json", "in_json", is_flag=True, help="For scripts.")
@click.pass_obj
def plan(wish: Wish, uncommitted: bool, in_json: bool) -> None:
    """Show what deploy would do, and do nothing.

    The change set at AWS; on each host the services that would be created, replaced or left alone, and what
    would be sent there; and what people would notice of it.
    """
    with Working("planning") as working:
        made = launcher.plan(wish.settings, uncommitted, working.say)
    if in_json:
        click.echo(json.dumps(made.plain(), indent=2))
    else:
        print_plan(Console(emoji=False, highlight=False), made, as_said)


@commands.command()
@click.option("--uncommitted", is_flag=True, help="Also push changes that no commit holds.")
def push(uncommitted: bool) -> None:
    """Put this commit's images into this machine's registry.

    Their digests are printed as JSON. AWS is not asked; a deployment of the same commit finds them there.
    """
    with Working("building images") as working:
        pushed = push_images(uncommitted, working.say)
    click.echo(json.dumps(pushed.plain(), indent=2))


@commands.command()
@click.option("--yes", is_flag=True, help="Do not ask for the stack's name.")
@click.pass_obj
def destroy(wish: Wish, yes: bool) -> None:
    """Delete the stack with its hosts and secrets.

    Asks for the stack's name first. Of the data volumes snapshots stay; they are named, and it is proved that
    nothing else is left.
    """
    name = wish.settings.name
    if not yes:
        require_terminal("destroy removes every host")
        typed = click.prompt(f"This deletes the stack '{name}' with all its hosts. Type its name")
        if typed != name:
            raise NotWanted("that is not its name: nothing was changed")
    region = wish.settings.region
    cloud = aws.connect(region)
    volumes = leftovers.data_volumes(cloud("ec2"), name)
    with Working(f"destroying {name}") as working:
        launcher.destroy(wish.settings, working.say)
        leftovers.prove_gone(cloud, name, working.say)
    click.echo(f"the stack '{name}' is gone: nothing with its tag or name is left")
    print_kept(Console(emoji=False, highlight=False), leftovers.kept(cloud("ec2"), name, volumes), region)


def agree(plan: Plan, yes: bool) -> None:
    """Show the plan and ask; raises NotWanted. Where nothing is to be done nobody is asked."""
    print_plan(PAGE, plan, as_said)
    if yes or plan.nothing_to_do:
        return
    require_terminal("nobody is here to agree")
    if not click.confirm("Do that?", err=True):
        raise NotWanted("nothing was changed")


def require_terminal(why: str) -> None:
    """Refuse to ask where nobody can answer."""
    if not sys.stdin.isatty():
        said = shlex.join(click.get_current_context().meta[SAID])
        raise NotWanted(f"{why}, and there is no terminal to ask on", f"python -m ec2 {said} --yes")


def main() -> None:
    """What `python -m ec2` runs; a module that adds commands is imported above."""
    open_what_is_closed()
    commands(prog_name="python -m ec2")


def open_what_is_closed() -> None:
    """Have each standard stream, as everybody expects; nobody is at those that were closed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - to the end

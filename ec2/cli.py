"""What a person says to the launcher, and the only place where errors become lines on the terminal."""

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from ec2 import deployer_policy
from ec2.errors import LauncherError
from ec2.settings import Settings, read_settings
from ec2.template.build import as_json, as_yaml, build_template


@dataclass(frozen=True)
class Wish:
    """What was said before the command; the file is read when a command needs it."""

    file: Path

    @property
    def settings(self) -> Settings:
        """What to deploy, or SettingsError."""
        return read_settings(self.file)


class Launcher(click.Group):
    """A LauncherError in any command is one red account and exit 1; wrong usage is click's exit 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except LauncherError as error:
            if ctx.params["verbose"]:
                traceback.print_exc()
            account(error)
            ctx.exit(1)


def account(error: LauncherError) -> None:
    """What happened, in red, and what to try, on stderr."""
    talk = Console(stderr=True, highlight=False)
    talk.print(f"[red]{escape(error.message)}", soft_wrap=True)
    for hint in error.hint.splitlines():
        talk.print(f"try: {escape(hint)}", soft_wrap=True)


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


def main() -> None:
    """What `python -m ec2` runs; a module that adds commands is imported above."""
    commands(prog_name="python -m ec2")

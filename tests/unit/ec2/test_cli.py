"""What a person says, what comes back on which stream, and the exit status."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from ec2 import cli_releases, cli_secrets  # noqa: F401 - each adds its commands
from ec2.cli import Wish, as_said, commands, require_terminal
from ec2.cli_daily import logs, read_since
from ec2.errors import NotWanted
from tests.unit.ec2.aws import WHO, aws, refusal

ROOT = Path(__file__).parents[3]


def said(*words: str, **environment: str) -> Result:
    """Run the launcher with these words."""
    return CliRunner().invoke(commands, words, env={"COLUMNS": "110", **environment})


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_template_prints_what_is_reviewed() -> None:
    result = said("template")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (ROOT / "tests/golden/template.yaml").read_text()


def test_template_in_json_is_one_line_for_aws() -> None:
    result = said("template", "--json")
    assert result.exit_code == 0
    assert result.stdout.count("\n") == 1
    assert json.loads(result.stdout)["Resources"]["AppHost"]["Type"] == "AWS::EC2::Instance"


def test_policy_prints_what_iam_takes() -> None:
    result = said("policy")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["Version"] == "2012-10-17"


@pytest.mark.parametrize("way", ["option", "environment"])
def test_another_file_is_named_by_an_option_or_by_the_environment(tmp_path: Path, way: str) -> None:
    file = tmp_path / "other.toml"
    file.write_text((ROOT / "stack.toml").read_text().replace("10.20.0.0/16", "10.77.0.0/16"))
    result = (
        said("--file", str(file), "template") if way == "option" else said("template", STACK_FILE=str(file))
    )
    assert "CidrBlock: 10.77.0.0/16" in result.stdout


def test_mistakes_are_an_account_on_stderr_with_what_to_try(tmp_path: Path) -> None:
    file = tmp_path / "stack.toml"
    file.write_text((ROOT / "stack.toml").read_text().replace('"us-east-1"', '"mars-1"'))
    result = said("--file", str(file), "template")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        f"{file} has a mistake:",
        '  region = "mars-1": expected a region of AWS, such as us-east-1',
        f"try: correct {file}",
    ]


@pytest.mark.parametrize("command", ["deploy", "plan"])
def test_more_hosts_than_aws_takes_are_refused_before_anything_is_built(tmp_path: Path, command: str) -> None:
    file = tmp_path / "stack.toml"
    more = (f'\n[hosts.app{n}]\nroles = ["app"]\ninstance_type = "t3.small"\n' for n in range(2, 9))
    file.write_text((ROOT / "stack.toml").read_text() + "".join(more))
    result = said("--file", str(file), command, PATH="")
    assert result.exit_code == 1
    assert "5 of the role app have room beside the others" in result.stderr


def test_where_an_error_came_from_is_shown_when_asked() -> None:
    quiet, verbose = (
        said("--file", "absent.toml", "policy"),
        said("--verbose", "--file", "absent.toml", "policy"),
    )
    assert quiet.exit_code == verbose.exit_code == 1
    assert "Traceback" not in quiet.stderr
    assert "Traceback" in verbose.stderr


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["destroy"], "try: python -m ec2 destroy --yes"),
        (["--file", "stack.toml", "destroy"], "try: python -m ec2 --file stack.toml destroy --yes"),
    ],
)
def test_where_nobody_can_agree_the_same_is_said_again_about_the_same_stack(
    words: list[str], hint: str
) -> None:
    result = said(*words)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "destroy removes every host, and there is no terminal to ask on",
        hint,
    ]


def test_what_was_chosen_is_chosen_again_by_the_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with context("deploy", "--uncommitted") as here:
        commands.resolve_command(here, ["deploy", "--uncommitted"])
        with pytest.raises(NotWanted) as refused:
            require_terminal("nobody is here to agree")
    assert refused.value.hint == "python -m ec2 deploy --uncommitted --yes"


def started(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A line of shell in which $ec2 is the launcher, in a process of its own."""
    return subprocess.run(
        ["sh", "-c", line],
        env={**os.environ, "ec2": f"{sys.executable} -m ec2", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_nobody_agrees_where_standard_input_is_closed() -> None:
    done = started("$ec2 destroy <&-")
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        1,
        "destroy removes every host, and there is no terminal to ask on",
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_an_account() -> None:
    done = started("$ec2 policy >/dev/full")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "what is written here has no room: No space left on device",
        "try: make room where the output goes and where temporary files are (TMPDIR), then repeat it",
    ]


@pytest.mark.usefixtures("signals_heard")
def test_ctrl_c_while_modules_load_needs_no_account(tmp_path: Path) -> None:
    (tmp_path / "boto3.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    done = started("exec $ec2 policy", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("mend that, then: python -m ec2 deploy", "mend that, then: python -m ec2 --file 'my stack' deploy"),
        ("aws ec2 describe-instances", "aws --region us-east-1 ec2 describe-instances"),
    ],
)
def test_commands_to_try_are_about_the_same_stack(tmp_path: Path, text: str, meant: str) -> None:
    file = tmp_path / "my stack"
    file.write_text((ROOT / "stack.toml").read_text())
    with context("--file", str(file), "status"):
        assert as_said(text) == meant.replace("'my stack'", f"'{file}'")
    with context("status"):
        assert "--file" not in as_said(text)


@contextmanager
def context(*words: str) -> Iterator[click.Context]:
    """In the middle of a command."""
    with commands.make_context("python -m ec2", list(words)) as here:
        here.obj = Wish(here.params["file"])
        yield here


@pytest.mark.parametrize(
    "words",
    [["fly"], ["template", "--colour"], ["--file"], ["releases", "--limit", "0"], ["releases", "--limit=-1"]],
)
def test_wrong_usage_ends_with_2(words: list[str]) -> None:
    assert said(*words).exit_code == 2


def test_help_names_the_file_the_environment_and_every_command_in_a_sentence() -> None:
    result = said("--help")
    assert "STACK_FILE" in result.stdout
    assert "stack.toml" in result.stdout
    for name, command in commands.commands.items():
        assert f"  {name} " in result.stdout
        assert command.help


def test_without_ssh_nothing_is_begun(tmp_path: Path) -> None:
    result = said("deploy", "--yes", PATH=str(tmp_path))
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "there is no ssh on this machine, and hosts are reached by it alone",
        "try: install OpenSSH's client",
    ]


STRANGER = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>ExpiredToken</Code><Message>long ago</Message></Error></ErrorResponse>"""


@contextmanager
def aws_that_refuses(code: str, stranger: bool = False) -> Iterator[dict[str, str]]:
    """AWS knows who asks, or not; all else it refuses, or hangs up without a code."""
    refused = refusal(code, "not for you") if code else None
    with aws(lambda: refused, (400, STRANGER) if stranger else (200, WHO)) as environment:
        yield {**environment, "AWS_MAX_ATTEMPTS": "1"}


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("AccessDeniedException", "python -m ec2 policy"),
        ("ExpiredTokenException", "renew the credentials"),
        ("InternalServerError", "--verbose before its name"),
        ("", "repeat the command"),
    ],
)
def test_what_aws_refuses_in_the_middle_is_an_account_too(code: str, hint: str) -> None:
    with aws_that_refuses(code) as environment:
        result = said("secret", "--list", **environment)
    assert result.exit_code == 1
    *_, what, to_try = result.stderr.splitlines()
    refused, gone = f"AWS refused GetParametersByPath: not for you ({code})", "AWS does not answer any more: "
    assert what.startswith(refused if code else gone)
    assert to_try.startswith("try: ")
    assert hint in to_try


def test_credentials_that_have_run_out_before_the_beginning_are_to_be_renewed() -> None:
    with aws_that_refuses("", stranger=True) as environment:
        result = said("secret", "--list", **environment)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0] == "AWS refused GetCallerIdentity: long ago (ExpiredToken)"
    assert "try: renew the credentials" in result.stderr


CONFIGURATION = """
[profile absent]
credential_process = /nowhere/to/be/found
"""


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"AWS_ENDPOINT_URL": "foo"}, "Invalid endpoint: foo"),
        ({"AWS_ENDPOINT_URL": "http://[::1"}, "Invalid"),
        ({"AWS_MAX_ATTEMPTS": "x"}, "invalid literal"),
        ({"AWS_PROFILE": "nope"}, "profile (nope) could not be found"),
        ({"AWS_PROFILE": "absent"}, "/nowhere/to/be/found"),
        ({"AWS_CONFIG_FILE": "LICENSE"}, "LICENSE"),
    ],
)
def test_what_is_wrong_in_the_configuration_of_aws_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], why: str
) -> None:
    file = tmp_path / "config"
    file.write_text(CONFIGURATION)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    result = said("secret", "--list", **{"AWS_CONFIG_FILE": str(file), **wrong})
    assert result.exit_code == 1
    told, to_try = result.stderr.splitlines()
    assert told.startswith("AWS could not be asked in us-east-1: ")
    assert why in told
    assert to_try.startswith("try: look at the variables AWS_… and at ~/.aws")


@pytest.mark.parametrize("wrong", [{"AWS_PROFILE": "nope"}, {"AWS_CONFIG_FILE": "LICENSE"}])
def test_what_is_wrong_there_stands_in_the_way_of_nothing_that_asks_nobody(wrong: dict[str, str]) -> None:
    offline = started("$ec2 template", **wrong)
    assert (offline.returncode, offline.stderr) == (0, "")
    asking = started("$ec2 secret --list", **wrong)
    assert asking.stderr.startswith("AWS could not be asked in us-east-1: ")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("10m", "-600"),
        ("2h30m", "-9000"),
        ("3d", "-259200"),
        ("1d2h3m4s", "-93784"),
        ("2026-01-31", "1769817600"),
        ("2026-01-31T12:00:00", "1769860800"),
        ("2026-01-31T12:00:00Z", "1769860800"),
        ("2026-01-31T14:00:00+02:00", "1769860800"),
        # Not taken for a time before now.
        ("1969-01-01", "0"),
        ("", ""),
    ],
)
def test_a_time_is_seconds_before_now_or_since_1970(given: str, wanted: str) -> None:
    assert read_since(click.Context(logs), logs.params[1], given) == wanted


@pytest.mark.parametrize("given", ["yesterday", "10", "2026-13-01", "999999999999d"])
def test_what_is_no_time_is_refused_before_any_host_is_asked(given: str) -> None:
    result = said("logs", "--since", given)
    assert result.exit_code == 2
    assert f"'{given}' is no duration such as 10m or 2h, nor a time" in result.stderr

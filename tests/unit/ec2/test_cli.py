"""What a person says, what comes back on which stream, and the exit status."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ec2.cli import commands

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


def test_where_an_error_came_from_is_shown_when_asked() -> None:
    quiet, verbose = (
        said("--file", "absent.toml", "policy"),
        said("--verbose", "--file", "absent.toml", "policy"),
    )
    assert quiet.exit_code == verbose.exit_code == 1
    assert "Traceback" not in quiet.stderr
    assert "Traceback" in verbose.stderr


@pytest.mark.parametrize("words", [["fly"], ["template", "--colour"], ["--file"]])
def test_wrong_usage_ends_with_2(words: list[str]) -> None:
    assert said(*words).exit_code == 2


def test_help_names_the_file_the_environment_and_every_command_in_a_sentence() -> None:
    result = said("--help")
    assert "STACK_FILE" in result.stdout
    assert "stack.toml" in result.stdout
    for name, command in commands.commands.items():
        assert f"  {name} " in result.stdout
        assert command.help

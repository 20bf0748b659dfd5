"""Secrets that a person gives, with SSM as the local EC2 has it."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from compose.project import Project
from compose.secret_files import UNSET
from ec2 import cli_secrets  # noqa: F401 - adds its command
from ec2.cli import commands
from ec2.errors import SecretRefused
from ec2.given_secrets import GIVEN, give, missing_secrets
from ec2.secrets import read_all, stored_secrets
from scans.dependency_check import NO_KEY
from tests.conftest import ROOT
from tests.functional.serving import moto, served

STACK, REGION = "microblog", "us-east-1"
VALUE = "correct horse"


@pytest.fixture
def endpoint() -> Iterator[str]:
    with served(moto()) as address:
        yield address


@pytest.fixture
def ssm(endpoint: str) -> Any:
    session = boto3.session.Session("testing", "testing", region_name=REGION)
    client = session.client("ssm", endpoint_url=endpoint)
    yield client
    session.client("ssm", endpoint_url=endpoint).delete_parameters(
        Names=[f"/{STACK}/{place}" for place in GIVEN.values()]
    )


def said(endpoint: str, *words: str, typed: str | bytes = "") -> Result:
    """What `python -m ec2 secret` answers."""
    environment = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    return CliRunner().invoke(
        commands, ["--file", str(ROOT / "stack.toml"), "secret", *words], input=typed, env=environment
    )


def test_a_secret_from_a_pipe_is_kept_encrypted_and_never_said(endpoint: str, ssm: Any) -> None:
    done = said(endpoint, "mail_password", typed=f"{VALUE}\n")
    assert done.exit_code == 0, done.output
    assert VALUE not in done.output
    kept = ssm.get_parameter(Name=f"/{STACK}/app/microblog/mail_password", WithDecryption=True)["Parameter"]
    assert (kept["Value"], kept["Type"]) == (VALUE, "SecureString")


def test_the_list_says_which_are_given_and_since_when_and_no_value(endpoint: str, ssm: Any) -> None:
    give(ssm, STACK, "smtp_password", VALUE)
    lines = said(endpoint, "--list").output.splitlines()
    assert [line.split()[0] for line in lines] == ["secret", *GIVEN]
    assert [line.split()[0] for line in lines[1:] if line.split()[1] != "no"] == ["smtp_password"]
    assert VALUE not in "".join(lines)


def test_a_removed_secret_is_missing_again(endpoint: str, ssm: Any) -> None:
    give(ssm, STACK, "slack_webhook", "https://hooks.example.org/T/B/x")
    assert missing_secrets(ssm, STACK, ("slack_webhook", "mail_password")) == ("mail_password",)
    assert "slack_webhook is forgotten" in said(endpoint, "slack_webhook", "--remove").output
    assert missing_secrets(ssm, STACK, ("slack_webhook",)) == ("slack_webhook",)
    assert "nobody has given slack_webhook" in said(endpoint, "slack_webhook", "--remove").output


@pytest.mark.parametrize(
    ("name", "value"),
    [("mail_password", ""), ("mail_password", "two\nlines"), ("slack_webhook", "hooks.example.org")],
)
def test_what_cannot_be_the_secret_is_refused_without_being_repeated(name: str, value: str, ssm: Any) -> None:
    with pytest.raises(SecretRefused) as refused:
        give(ssm, STACK, name, value)
    assert not value or value not in refused.value.message
    assert missing_secrets(ssm, STACK, (name,)) == (name,)


def test_a_value_in_another_encoding_is_refused_as_that(endpoint: str, ssm: Any) -> None:
    done = said(endpoint, "mail_password", typed="café".encode("latin-1"))
    assert done.exit_code == 1
    assert "is not text in UTF-8: nothing was changed" in done.stderr
    assert missing_secrets(ssm, STACK, ("mail_password",)) == ("mail_password",)


def test_services_get_what_is_given_and_a_sign_in_the_place_of_what_is_not(ssm: Any) -> None:
    services = Project("any").services
    give(ssm, STACK, "mail_password", VALUE)
    files = {str(file): file.value for file in stored_secrets(ssm, STACK, services)}
    assert files["microblog/mail_password"] == VALUE
    assert files["alertmanager/smtp_password"] == UNSET
    assert missing_secrets(ssm, STACK, ("mail_password", "smtp_password")) == ("smtp_password",)


def test_to_look_ahead_no_secret_that_is_made_is_kept(ssm: Any) -> None:
    stack, services = "ahead", Project("any").services
    ahead = stored_secrets(ssm, stack, services, keep=False)
    assert read_all(ssm, stack) == {}
    assert list(map(str, ahead)) == list(map(str, stored_secrets(ssm, stack, services)))
    kept = stored_secrets(ssm, stack, services)
    assert stored_secrets(ssm, stack, services, keep=False) == kept


def test_jenkins_gets_the_key_of_the_nvd_and_without_one_a_word_that_is_not_kept(
    endpoint: str, ssm: Any
) -> None:
    services = Project("any").services

    def key() -> str:
        files = {str(file): file.value for file in stored_secrets(ssm, STACK, services)}
        return files["jenkins/nvd_api_key"]

    assert key() in NO_KEY
    assert "nvd_api_key        no" in said(endpoint, "--list").output
    assert said(endpoint, "nvd_api_key", typed="0-0-0\n").exit_code == 0
    assert key() == "0-0-0"


def test_each_is_kept_below_the_role_of_its_reader() -> None:
    services = Project("any").services
    for place in GIVEN.values():
        role, service, _ = place.split("/")
        assert services[service].roles == (role,)


@pytest.mark.parametrize("words", [(), ("mail_password", "--list"), ("--remove",), ("nonsense",)])
def test_wrong_usage_is_said_as_that(endpoint: str, words: tuple[str, ...]) -> None:
    assert said(endpoint, *words).exit_code == 2

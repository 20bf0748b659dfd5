"""Which local EC2 a command is about."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from ec2.rehearsal.settings import METADATA_PORT, Rehearsal

OTHER = Rehearsal("other", 5000, IPv4Network("198.18.7.0/24"), bare=True)


def test_without_a_choice_it_is_the_usual_one() -> None:
    usual = Rehearsal()
    assert usual.endpoint == "http://127.0.0.1:4566"
    assert usual.gateway == IPv4Address("198.18.0.1")
    assert usual.state == Path("/var/lib/rehearsal/rehearsal")
    assert usual.labels == {"rehearsal.cloud": "rehearsal"}


def test_a_choice_that_is_none_changes_nothing() -> None:
    assert OTHER.with_choices(port=None, pool=None, bare=None) == OTHER
    assert OTHER.with_choices(port=6000).port == 6000


def test_it_can_be_said_on_the_command_line() -> None:
    assert OTHER.words() == ["--name", "other", "--port", "5000", "--pool", "198.18.7.0/24", "--bare"]


def test_the_metadata_service_listens_where_no_connection_is_made_from() -> None:
    assert METADATA_PORT < 1024


def test_what_it_was_started_with_is_remembered(tmp_path: Path) -> None:
    chosen = OTHER.with_choices(folder=tmp_path)
    chosen.state.mkdir()
    chosen.remember()
    assert Rehearsal.remembered("other", tmp_path) == chosen
    assert Rehearsal.remembered("another", tmp_path) == Rehearsal("another", folder=tmp_path)

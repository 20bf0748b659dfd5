"""What is said to OpenSSH, word by word."""

import shlex
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2.inventory import Host
from ec2.ssh_words import (
    WATCHED,
    Connection,
    command_words,
    control_words,
    open_words,
    root_words,
    script_bytes,
    script_words,
)

HOST = Host("app", ("app",), "i-0a", "198.18.0.7", "10.20.1.5")
APP = Connection(HOST, Path("/my keys/key"), Path("/s/known_hosts"), Path("/t/50%/socket"), "admin")


def options(words: list[str]) -> dict[str, str]:
    """The values after each -o."""
    return dict(word.split("=", 1) for before, word in pairwise(words) if before == "-o")


def test_the_connection_trusts_only_the_pinned_keys_of_the_instance() -> None:
    asked = options(open_words(APP))
    assert asked["StrictHostKeyChecking"] == "yes"
    assert asked["UserKnownHostsFile"] == '"/s/known_hosts"'
    assert asked["GlobalKnownHostsFile"] == "none"
    assert asked["HostKeyAlias"] == "i-0a"
    assert asked["UpdateHostKeys"] == "no"
    assert asked["VerifyHostKeyDNS"] == "no"


def test_the_connection_asks_nobody_and_lends_nothing() -> None:
    asked = options(open_words(APP))
    assert asked["BatchMode"] == "yes"
    assert asked["IdentitiesOnly"] == "yes"
    assert asked["ForwardAgent"] == "no"
    assert asked["ClearAllForwardings"] == "yes"
    assert asked["ControlPersist"] == "no"


USERS_CONFIGURATION = """
AddKeysToAgent yes
ForkAfterAuthentication yes
ForwardAgent yes
KnownHostsCommand /bin/echo %H ssh-ed25519 AAAA
LogLevel QUIET
PubkeyAuthentication no
RemoteCommand tmux attach
RequestTTY force
SessionType none
StdinNull yes
ProxyJump gateway
"""


def understood(words: list[str], configuration: Path) -> dict[str, str]:
    """What OpenSSH makes of a command line for somebody with this configuration."""
    first = words.index("ssh")
    asked = ["ssh", "-G", "-F", str(configuration), *words[first + 1 :]]
    printed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    return dict(line.split(" ", 1) for line in printed.splitlines() if " " in line)


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    file = tmp_path / "config"
    file.write_text(USERS_CONFIGURATION)
    return file


def test_of_the_users_configuration_only_the_way_to_the_hosts_holds(configuration: Path) -> None:
    meant = understood(open_words(APP), configuration)
    assert meant["addkeystoagent"] == "false"
    assert meant["forwardagent"] == "no"
    assert "knownhostscommand" not in meant
    assert meant["loglevel"] == "INFO"
    assert meant["pubkeyauthentication"] == "true"
    assert meant["forkafterauthentication"] == "no"
    assert "remotecommand" not in meant
    assert meant["proxyjump"] == "gateway"


def test_a_command_reads_and_runs_whatever_the_users_configuration_says(configuration: Path) -> None:
    meant = understood(command_words(APP, ["true"]), configuration)
    assert meant["sessiontype"] == "default"
    assert meant["stdinnull"] == "no"
    assert meant["forkafterauthentication"] == "no"
    assert meant["requesttty"] == "false"
    assert "remotecommand" not in meant
    assert "proxyjump" not in meant


def test_spaces_and_percent_signs_in_paths_are_kept() -> None:
    asked = options(open_words(APP))
    assert asked["IdentityFile"] == '"/my keys/key"'
    assert asked["ControlPath"] == '"/t/50%%/socket"'


@pytest.mark.parametrize("words", [command_words(APP, ["true"]), control_words(APP, "check")])
def test_what_comes_after_never_opens_a_connection_of_its_own(words: list[str]) -> None:
    asked = options(words)
    assert asked["ControlMaster"] == "no"
    assert asked["ProxyCommand"] == "false"


def test_a_command_is_one_argument_and_a_shell_is_none() -> None:
    assert command_words(APP, ["echo", "it's $HOME"])[-2:] == [
        "admin@198.18.0.7",
        "echo 'it'\"'\"'s $HOME'",
    ]
    assert command_words(APP, [], terminal=True)[-1] == "admin@198.18.0.7"
    assert options(command_words(APP, [], terminal=True))["RequestTTY"] == "force"


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1))
def test_any_words_survive_the_shell_at_the_other_end(words: list[str]) -> None:
    assert shlex.split(command_words(APP, words)[-1]) == words


def test_root_and_scripts_are_words_in_front() -> None:
    assert root_words(script_words(["a b"])) == ["sudo", "--non-interactive", "sh", "-s", "--", "a b"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo a; cat; echo b", "a\nb\n"),
        ("cat <<'END'\n}\nEND", "}\n"),
        ("echo done # no end of line", "done\n"),
        ("exit 0\necho never", ""),
        ("#!/bin/sh\necho '$HOME'", "$HOME\n"),
    ],
)
def test_a_script_means_the_same_in_its_wrapping(script: str, said: str) -> None:
    done = subprocess.run(["sh", "-s"], input=script_bytes(script), capture_output=True, check=True)
    assert done.stdout.decode() == said


def test_half_a_script_does_nothing() -> None:
    whole = script_bytes("echo one\necho two\n")
    for length in range(len(whole) - len(b"} </dev/null\n")):
        done = subprocess.run(["sh", "-s"], input=whole[:length], capture_output=True, check=False)
        assert done.stdout == b"", whole[:length]


@pytest.mark.parametrize("deaf_to", [0, 1])
def test_the_connection_ends_with_standard_input_also_where_it_misses_being_told_once(deaf_to: int) -> None:
    hearing = "trap 'exit 0' TERM"
    missing_one = f'trap "{hearing}" TERM'
    ssh = f"{missing_one if deaf_to else hearing}; echo there; while :; do sleep 0.1; done"
    with subprocess.Popen(
        ["sh", "-c", WATCHED, "sh", "sh", "-c", ssh], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as watched:
        assert watched.stdout
        assert watched.stdin
        assert watched.stdout.readline() == b"there\n"
        watched.stdin.close()
        try:
            watched.wait(20)
        finally:
            watched.kill()

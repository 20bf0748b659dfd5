"""The command lines of OpenSSH that the launcher uses, as lists of words; pure."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ec2.inventory import Host

CONNECT_TIMEOUT_SECONDS = 5
# A small host that swaps answers late; a host that is gone is found out after 30 seconds.
ALIVE_INTERVAL_SECONDS = 10
ALIVE_COUNT = 3
# What the connection says on standard output once it is there.
CONNECTED = "connected"
# Ends the connection when standard input ends: at the latest when the launcher does, however it ends.
# Told again while it is there: ssh that is told just before it falls asleep sleeps until the host speaks.
WATCHED = """
exec 3<&0
"$@" </dev/null 3<&- &
connection=$!
{ read -r _; while kill "$connection"; do sleep 1; done; } <&3 >/dev/null 2>&1 &
watching=$!
wait "$connection"
kill "$watching"
"""


@dataclass(frozen=True)
class Connection:
    """Everything that OpenSSH needs to know to reach a host."""

    host: Host
    identity_file: Path
    known_hosts_file: Path
    control_path: Path
    user: str

    @property
    def destination(self) -> str:
        """The host as OpenSSH is told it."""
        return f"{self.user}@{self.host.address}"


def open_words(connection: Connection) -> list[str]:
    """What opens the one connection and holds it while its standard input is open."""
    return ["sh", "-c", WATCHED, "sh", *master_options(connection), "-N", connection.destination]


def master_options(connection: Connection) -> list[str]:
    options = {
        "ControlMaster": "yes",
        "ControlPath": as_value(connection.control_path),
        "ControlPersist": "no",
        "IdentityFile": as_value(connection.identity_file),
        "ConnectTimeout": CONNECT_TIMEOUT_SECONDS,
        "ServerAliveInterval": ALIVE_INTERVAL_SECONDS,
        "ServerAliveCountMax": ALIVE_COUNT,
        "PermitLocalCommand": "yes",
        "LocalCommand": f"echo {CONNECTED}",
        **trust(connection),
        **modesty(),
    }
    return ["ssh", *as_options(options)]


def trust(connection: Connection) -> dict[str, object]:
    """Only the keys in our own file, which are filed under the instance: addresses move, keys do not."""
    return {
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": as_value(connection.known_hosts_file),
        "GlobalKnownHostsFile": "none",
        "HostKeyAlias": connection.host.instance_id,
        "CheckHostIP": "no",
        "KnownHostsCommand": "none",
        "UpdateHostKeys": "no",
        "VerifyHostKeyDNS": "no",
    }


def modesty() -> dict[str, object]:
    """No questions, no password, and nothing of the user's configuration that would change what we do.

    The rest of it holds: whoever reaches the hosts through another (ProxyJump) still does.
    """
    return {
        "BatchMode": "yes",
        "AddKeysToAgent": "no",
        "IdentitiesOnly": "yes",
        "PubkeyAuthentication": "yes",
        "PreferredAuthentications": "publickey",
        "ForwardAgent": "no",
        "ForwardX11": "no",
        "ClearAllForwardings": "yes",
        "ExitOnForwardFailure": "no",
        "ForkAfterAuthentication": "no",
        "RemoteCommand": "none",
        "RequestTTY": "no",
        "EscapeChar": "none",
        # Less would not say why a connection ended.
        "LogLevel": "INFO",
    }


def command_words(connection: Connection, words: Sequence[str], *, terminal: bool = False) -> list[str]:
    """What runs the words on the host over the connection; no words are a login shell."""
    options = {"RequestTTY": "force" if terminal else "no", "ClearAllForwardings": "yes"}
    told = [shlex.join(words)] if words else []
    return ["ssh", *as_options(shared(connection) | options), connection.destination, *told]


def control_words(connection: Connection, request: str, *forward: str) -> list[str]:
    """What asks the connection itself for something: check, forward, cancel, exit."""
    return ["ssh", *as_options(shared(connection)), "-O", request, *forward, connection.destination]


def shared(connection: Connection) -> dict[str, object]:
    """Use the open connection; where there is none, fail instead of opening another one."""
    return {
        "ControlMaster": "no",
        "ControlPath": as_value(connection.control_path),
        "ProxyCommand": "false",
        "ProxyJump": "none",
        "BatchMode": "yes",
        "ForkAfterAuthentication": "no",
        "RemoteCommand": "none",
        "SessionType": "default",
        "StdinNull": "no",
        "LogLevel": "ERROR",
    }


def as_options(options: dict[str, object]) -> list[str]:
    return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def as_value(path: Path) -> str:
    """A path as OpenSSH's options take it: spaces would end it, percent signs would be filled in."""
    return f'"{str(path).replace("%", "%%")}"'


def root_words(words: Sequence[str]) -> list[str]:
    """The words as root, who never asks for a password."""
    return ["sudo", "--non-interactive", *words]


def script_words(arguments: Sequence[str] = ()) -> list[str]:
    """The shell that reads its script from standard input."""
    return ["sh", "-s", "--", *arguments]


def script_bytes(script: str) -> bytes:
    """The script as it is sent: read to its end before it begins, and deaf to standard input after that.

    Otherwise a cut connection would run half of it, and the first command that reads would eat the rest.
    """
    return b"{\n" + script.encode() + b"\n} </dev/null\n"

"""Host keys as the hosts print them on their consoles, which only AWS can show: no key is trusted unseen."""

import base64
import binascii
import os
import re
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ec2.errors import HostUnreachable
from ec2.everywhere import side_by_side
from ec2.inventory import Host

BEGIN, END = "-----BEGIN SSH HOST KEY KEYS-----", "-----END SSH HOST KEY KEYS-----"
BLOCK = re.compile(f"{BEGIN}(.*?){END}", re.DOTALL)
# On a console other lines and colours get in between, also in the middle of a line: a key begins where its
# type does, and one that was cut is none.
KEY = re.compile(r"(?:ssh-ed25519|ecdsa-sha2-nistp\d+|ssh-rsa) [A-Za-z0-9+/]{40,}={0,2}")
# EC2 shows a console with some delay, and the block comes at the end of the first boot.
LIMIT_SECONDS = 300.0
PAUSE_SECONDS = 0.5
CONSOLE_LINES = 15


def pin_host_keys(
    ec2_client: Any, hosts: Sequence[Host], file: Path, limit_seconds: float = LIMIT_SECONDS
) -> list[str]:
    """Have the keys of these hosts, and of no others, in the file; the names of the hosts that were read.

    Keys are filed under the instance's id: a replaced host is another instance and is read anew, and an
    address that moves proves nothing. Raises HostUnreachable with the console's end when it shows no keys,
    SeveralFailed when several do.
    """
    known = pinned(file)
    missing = [host for host in hosts if host.instance_id not in known]
    ending = threading.Event()
    read = side_by_side(
        missing, lambda host: read_host_keys(ec2_client, host, limit_seconds, ending), ending.set
    )
    known |= {host.instance_id: keys for host, keys in zip(missing, read, strict=True)}
    write(file, known_hosts_lines(hosts, known))
    return [host.name for host in missing]


def pinned(file: Path) -> dict[str, tuple[str, ...]]:
    """The keys in the file by instance; nothing where there is no file."""
    known: dict[str, tuple[str, ...]] = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        instance_id, _, key = line.partition(" ")
        known[instance_id] = (*known.get(instance_id, ()), key)
    return known


def read_host_keys(
    ec2_client: Any, host: Host, limit_seconds: float, ending: threading.Event
) -> tuple[str, ...]:
    """The keys on the host's console, once they are there."""
    started = time.monotonic()
    while not (keys := printed_keys(console := read_console(ec2_client, host))):
        elapsed = time.monotonic() - started
        if elapsed > limit_seconds or ending.wait(PAUSE_SECONDS):
            raise no_keys(host, console, elapsed)
    return keys


def read_console(ec2_client: Any, host: Host) -> str:
    """What the host has written so far."""
    # Without Latest, EC2 gives what it kept at the last boot, minutes later.
    return str(ec2_client.get_console_output(InstanceId=host.instance_id, Latest=True).get("Output", ""))


def printed_keys(console: str) -> tuple[str, ...]:
    """The keys in the last complete block of the console, none where there is no block yet."""
    blocks = BLOCK.findall(console)
    return tuple(dict.fromkeys(filter(is_whole, KEY.findall(blocks[-1])))) if blocks else ()


def is_whole(key: str) -> bool:
    """Whether nothing of a key is missing: its parts, each behind its length, fill it (RFC 4253, 6.6)."""
    kind, _, text = key.partition(" ")
    try:
        blob = base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    parts, place = [], 0
    while place + 4 <= len(blob):
        end = place + 4 + int.from_bytes(blob[place : place + 4])
        parts.append(blob[place + 4 : end])
        place = end
    return place == len(blob) and parts[0] == kind.encode()


def no_keys(host: Host, console: str, elapsed: float) -> HostUnreachable:
    """Why the host cannot be trusted, with the end of its console."""
    lines = [line.rstrip() for line in console.splitlines() if line.strip()][-CONSOLE_LINES:]
    shown = "\n".join(f"    {line}" for line in lines or ["(nothing)"])
    return HostUnreachable(
        f"{host.name}: its console shows no SSH host keys after {elapsed:.0f} s; it ends with:\n{shown}",
        f"aws ec2 get-console-output --latest --instance-id {host.instance_id}",
    )


def known_hosts_lines(hosts: Iterable[Host], known: dict[str, tuple[str, ...]]) -> list[str]:
    """The lines of OpenSSH's known_hosts, one per key."""
    return [f"{host.instance_id} {key}" for host in hosts for key in known[host.instance_id]]


def write(file: Path, lines: Sequence[str]) -> None:
    """Replace the file at once, so that no reader finds half of it."""
    text = "".join(f"{line}\n" for line in lines)
    if file.exists() and file.read_text() == text:
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.{os.getpid()}")
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(file)

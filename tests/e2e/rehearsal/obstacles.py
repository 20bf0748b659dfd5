"""What stands in a cloud's way, put there and taken away again, and what a refusal must look like."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from ec2.rehearsal.settings import Rehearsal
from tests.e2e.person import Person
from tests.e2e.rehearsal.rolling import Rolling
from tests.waiting import wait_until


def refused(done: subprocess.CompletedProcess[str], *words: str, status: int = 1) -> None:
    """It ended with the status, said all of the words, and showed nobody its insides."""
    said = done.stdout + done.stderr
    assert done.returncode == status, said
    assert "Traceback" not in said
    for word in words:
        assert word in said


@contextmanager
def bridge(address: str) -> Iterator[str]:
    """An interface of somebody else's with this address."""
    name = f"x{uuid4().hex[:8]}"
    for words in (
        ["link", "add", name, "type", "bridge"],
        ["addr", "add", address, "dev", name],
        ["link", "set", name, "up"],
    ):
        subprocess.run(["ip", *words], check=True)
    try:
        yield name
    finally:
        subprocess.run(["ip", "link", "delete", name], check=True)


@contextmanager
def small_disk(rehearsal: Rehearsal, size: int) -> Iterator[None]:
    """The cloud's state lies on a file system of its own of that many bytes."""
    rehearsal.state.mkdir(mode=0o700)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "state", str(rehearsal.state)], check=True
    )
    try:
        yield
    finally:
        # Until the process has closed its log.
        leave = ["umount", str(rehearsal.state)]
        wait_until(lambda: subprocess.run(leave, check=False).returncode == 0, 10, "a disk that nobody uses")


@dataclass(frozen=True)
class SmallDisk:
    """A disk of its own, in memory, for a host's engine and releases; the data volumes stay what they are."""

    rolling: Rolling
    host: str
    AT = "/small"
    MEMORY_BYTES = 12 * 2**30
    PLACES = "/var/lib/docker /srv/stack"
    # Live restore keeps containers running under an engine that is stopped.
    REST = "docker stop $(docker ps --quiet) && systemctl stop docker.socket docker.service"
    GO_ON = """systemctl reset-failed docker.service && systemctl start docker.service &&
            docker start $(docker ps --all --quiet)"""

    def begin(self) -> None:
        """What is there moves to it; returns when the microblog serves again."""
        # What lies in memory counts as the host's.
        self.have_memory(self.MEMORY_BYTES)
        self.do(f"""
            {self.REST}
            mkdir {self.AT}
            mount -t tmpfs small {self.AT}
            for place in {self.PLACES}; do
                mkdir -p {self.AT}$place
                cp --archive $place/. {self.AT}$place
                mount --bind {self.AT}$place $place
            done
            {self.GO_ON}""")
        wait_until(self.serves, 60, "the microblog after its engine")

    def serves(self) -> bool:
        return Person(self.rolling.address, "nobody").get("/explore").status_code == 200

    def leave(self, kibibytes: int) -> None:
        """Have so much room from now on; in one moment, since a deployment does not wait."""
        self.do(f"""
            used() {{ df --output=used {self.AT} | tail -n 1; }}
            until mount -o remount,size=$(($(used) + {kibibytes}))k {self.AT}; do :; done""")

    def end(self) -> None:
        """The host has what it had at the beginning."""
        self.do(f"{self.REST} && umount {self.PLACES} {self.AT} && rmdir {self.AT} && {self.GO_ON}")

    def have_memory(self, limit_bytes: int) -> None:
        """Let the host use so much memory."""
        self.rolling.host(self.host).update(mem_limit=limit_bytes, memswap_limit=limit_bytes)

    def do(self, commands: str) -> str:
        return self.rolling.on(self.host, f"set -e; {commands}")

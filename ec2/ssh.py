"""The wall around OpenSSH: one connection per host, over which everything that is said to it goes."""

import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from ec2 import ssh_words
from ec2.conversation import Listener, OnLine, Process, bare, close, converse, end, hang_up, start
from ec2.errors import CommandFailed, HostUnreachable
from ec2.inventory import Host

# The user of Debian's images on EC2.
USER = "admin"
CONNECT_LIMIT_SECONDS = 90.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 3.0
# From the end of what ran over a connection to the reason for it.
LAST_WORDS_SECONDS = 1.0
# sshd takes ten sessions per connection unless told otherwise; a person may want one, too.
COMMANDS_AT_ONCE = 8
NO_ROOM = "no space left on device"
MAKE_ROOM = "make room there with python -m ec2 ssh {0}, or raise root_volume_gib of {0} in stack.toml"
INSTALL = "install OpenSSH's client"
CONFIGURATION = "correct the configuration of OpenSSH that the message names"
# What it counts after it has named them.
MISTAKES = "bad configuration option"
# What time does not heal.
FINAL = {
    "Permission denied": "look whether the key is the one that the stack was launched with",
    "verification failed": "another host may have this address: compare EC2's console with the pinned keys",
    "not found": INSTALL,
    MISTAKES: CONFIGURATION,
    "Bad owner or permissions": CONFIGURATION,
}


class Session:
    """The connection to one host, for as long as the context lasts; it never outlives the launcher."""

    def __init__(
        self,
        host: Host,
        identity_file: Path,
        known_hosts_file: Path,
        *,
        user: str = USER,
        connect_limit_seconds: float = CONNECT_LIMIT_SECONDS,
    ) -> None:
        self.host = host
        self.connect_limit_seconds = connect_limit_seconds
        # Short: the path of a socket has at most 104 characters.
        self.folder = tempfile.TemporaryDirectory(prefix="ec2-", ignore_cleanup_errors=True)
        self.complaints = Path(self.folder.name, "complaints")
        socket = Path(self.folder.name, "socket")
        self.connection = ssh_words.Connection(host, identity_file, known_hosts_file, socket, user)
        self.master: Process | None = None
        self.connecting: Process | None = None
        self.places = threading.BoundedSemaphore(COMMANDS_AT_ONCE)
        self.running: set[Process] = set()
        self.given_up = threading.Event()

    def __enter__(self) -> Self:
        """Connect, again and again while the host may still be booting. Raises HostUnreachable."""
        started, pause = time.monotonic(), FIRST_PAUSE_SECONDS
        try:
            while not self.connect():
                elapsed = time.monotonic() - started
                reason = self.complaint()
                late = elapsed + pause > self.connect_limit_seconds
                if late or any(sign in reason for sign in FINAL) or self.given_up.wait(pause):
                    raise self.unreachable(reason, elapsed)
                pause = min(pause * 1.6, LONGEST_PAUSE_SECONDS)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def reconnect(self) -> None:
        """Connect anew where the connection is gone: the host may have rebooted. Raises HostUnreachable."""
        self.given_up.clear()
        if self.alive():
            return
        if self.master:
            close(self.master)
        self.__enter__()

    def connect(self) -> bool:
        """One attempt; whether the connection is there."""
        # One that was killed leaves its socket, and the next would do without.
        self.connection.control_path.unlink(missing_ok=True)
        with self.complaints.open("wb") as complaints:
            self.master = self.connecting = start(ssh_words.open_words(self.connection), errors=complaints)
        if self.given_up.is_set():
            hang_up(self.master)
        for line in self.master.stdout or ():
            if line.strip() == ssh_words.CONNECTED.encode():
                self.connecting = None
                return True
        self.connecting = None
        close(self.master)
        return False

    def complaint(self) -> str:
        """What ssh said last about the connection."""
        lines = self.complaints.read_text(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip() and not line.startswith("@")]
        return "; ".join(said[-2:] if said and MISTAKES in said[-1] else said[-1:])

    def alive(self) -> bool:
        """Whether the connection still answers."""
        asked = ssh_words.control_words(self.connection, "check")
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0

    def close(self) -> None:
        """End the connection and whatever still runs over it."""
        self.interrupt()
        if self.master:
            close(self.master)
        self.folder.cleanup()

    def interrupt(self) -> None:
        """End what runs over the connection, or give up connecting; a connection stays."""
        self.given_up.set()
        if connecting := self.connecting:
            hang_up(connecting)
        for process in tuple(self.running):
            process.kill()

    def run(
        self,
        command: str | Sequence[str],
        *,
        arguments: Sequence[str] = (),
        input: bytes | None = None,
        sudo: bool = False,
        what: str = "",
        on_line: OnLine | None = None,
    ) -> str:
        """What was printed by words, or by a script: one string that gets the arguments as $1, $2, …

        A script is its shell's standard input, so only words are given an input. Each line on standard
        error is handed on as it comes. Raises CommandFailed and HostUnreachable.
        """
        said: list[str] = []
        words, given = spoken(command, arguments, input)
        self.execute(words, given, sudo, what or title(command), Listener(said.append, on_line or ignore))
        return "".join(said)

    def follow(self, words: Sequence[str], on_line: OnLine, *, sudo: bool = False) -> None:
        """Hand on each line that the words print, on either stream. Raises as run does."""
        self.execute(words, None, sudo, title(words), Listener(lambda line: on_line(bare(line)), on_line))

    def execute(
        self, words: Sequence[str], given: bytes | None, sudo: bool, what: str, listener: Listener
    ) -> None:
        """Have the words run to their end on the host."""
        started = time.monotonic()
        told = ssh_words.root_words(words) if sudo else words
        with self.places, self.process(ssh_words.command_words(self.connection, told)) as process:
            status = converse(process, given, listener)
        if status and not self.alive():
            raise self.cut(what, listener.last, time.monotonic() - started)
        if status:
            raise self.failed(what, status, listener.last)

    @contextmanager
    def process(self, words: list[str]) -> Iterator[Process]:
        """A process of ours that interrupt() knows."""
        process = start(words)
        self.running.add(process)
        # It may have been given up between the two.
        if self.given_up.is_set():
            process.kill()
        try:
            yield process
        finally:
            self.running.discard(process)
            end(process)

    def unreachable(self, reason: str, elapsed: float) -> HostUnreachable:
        """Why there is no connection, and how long it was tried."""
        hints = [hint for sign, hint in FINAL.items() if sign in reason]
        return HostUnreachable(
            f"{self.host.name} ({self.host.address}) was not reached by SSH: {reason}; "
            f"tried for {elapsed:.1f} s of {self.connect_limit_seconds:.1f} s",
            hints[0] if hints else "python -m ec2 status",
        )

    def cut(self, what: str, last: Sequence[str], elapsed: float) -> HostUnreachable:
        """Where it stood when the connection was gone."""
        if self.master and not self.complaint():
            # ssh ends what ran over the connection before it says why.
            with suppress(subprocess.TimeoutExpired):
                self.master.wait(LAST_WORDS_SECONDS)
        why = f" ({self.complaint()})" if self.complaint() else ""
        where = f"; the last line from it was: {last[-1]}" if last else ""
        return HostUnreachable(
            f"the connection to {self.host.name} was cut{why} {elapsed:.1f} s into '{what}'{where}",
            "repeat the command: it goes on where this one stopped",
        )

    def failed(self, what: str, status: int, last: Iterable[str]) -> CommandFailed:
        """What was said to the host, how it ended, and the last lines of it."""
        said = "".join(f"\n    {line}" for line in last)
        full = NO_ROOM in said.lower()
        return CommandFailed(
            f"{self.host.name}: '{what}' ended with status {status}{said}",
            MAKE_ROOM.format(self.host.name) if full else f"python -m ec2 ssh {self.host.name}",
        )

    @contextmanager
    def reverse_forward(self, remote_port: int, local_port: int) -> Iterator[int]:
        """The host's loopback port leads to ours meanwhile; 0 lets the host choose. Gives the host's port.

        Raises CommandFailed where the host does not admit it.
        """
        spec = f"127.0.0.1:{remote_port}:127.0.0.1:{local_port}"
        chosen = self.ask("forward", "-R", spec).strip()
        try:
            yield int(chosen or remote_port)
        finally:
            # By what was asked for, not by the port that was chosen.
            self.ask("cancel", "-R", spec, check=False)

    @contextmanager
    def forward(self, local_port: int, remote: str) -> Iterator[None]:
        """Our loopback port leads to an address as the host sees it meanwhile: "127.0.0.1:3000"."""
        spec = f"127.0.0.1:{local_port}:{remote}"
        self.ask("forward", "-L", spec)
        try:
            yield
        finally:
            self.ask("cancel", "-L", spec, check=False)

    def ask(self, request: str, *forward: str, check: bool = True) -> str:
        """What the connection itself answers to a request."""
        words = ssh_words.control_words(self.connection, request, *forward)
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if check and done.returncode:
            what = " ".join((request, *forward))
            if not self.alive():
                raise self.cut(what, (), 0)
            raise self.failed(what, done.returncode, done.stderr.splitlines())
        return done.stdout

    def shell(self, words: Sequence[str] = ()) -> int:
        """Hand the terminal over to the words, or to a login shell; their exit status."""
        told = ssh_words.command_words(self.connection, words, terminal=has_terminal())
        return subprocess.run(told, check=False).returncode


def require_client() -> None:
    """Raises HostUnreachable where no host could be reached from here."""
    if shutil.which("ssh") is None:
        raise HostUnreachable("there is no ssh on this machine, and hosts are reached by it alone", INSTALL)


def spoken(
    command: str | Sequence[str], arguments: Sequence[str], given: bytes | None
) -> tuple[Sequence[str], bytes | None]:
    """The words that run on the host, and what they read."""
    if not isinstance(command, str):
        return command, given
    if given is not None:
        raise ValueError("a script is its shell's standard input and has no other")
    return ssh_words.script_words(arguments), ssh_words.script_bytes(command)


def title(command: str | Sequence[str]) -> str:
    """What a command is called in a message."""
    return "a script" if isinstance(command, str) else textwrap.shorten(shlex.join(command), 80)


def has_terminal() -> bool:
    """Whether somebody types and reads at a terminal; what goes into a file is left as it comes."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ignore(_: str) -> None:
    """Nobody listens."""

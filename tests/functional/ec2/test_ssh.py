"""The wall around OpenSSH against a real sshd."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from compose.secret_files import ssh_key_pair
from ec2.errors import CommandFailed, HostUnreachable, SeveralFailed
from ec2.everywhere import connected, everywhere
from ec2.host_keys import pin_host_keys
from ec2.inventory import Host
from ec2.ssh import Session
from tests.conftest import ROOT
from tests.functional.ec2.conftest import Console, Machine
from tests.waiting import PATIENCE, wait_until

ODD = ["a b", "$HOME", "it's", '"quoted"', "back\\slash", "new\nline", "*", "~", "", "ü – ✓", "`id`", "-n"]


def test_words_arrive_as_they_are(session: Session) -> None:
    assert session.run(["printf", "%s|", *ODD]) == "".join(f"{word}|" for word in ODD)


def test_a_script_and_its_arguments_arrive_as_they_are(session: Session) -> None:
    script = "cat <<'END'\n" + "\n".join(ODD) + "\nEND\nprintf '%s|' \"$@\"  # no line ends here"
    said = session.run(script, arguments=ODD)
    assert said == "\n".join(ODD) + "\n" + "".join(f"{word}|" for word in ODD)


def test_a_command_that_reads_does_not_eat_the_rest_of_the_script(session: Session) -> None:
    assert session.run("cat\nexpr 40 + 2") == "42\n"


def test_a_script_that_arrives_in_half_does_nothing(session: Session) -> None:
    half = b"{\necho done >/tmp/half\n"
    with pytest.raises(CommandFailed):
        session.run(["sh", "-s"], input=half)
    assert session.run("ls /tmp/half 2>/dev/null || echo nothing") == "nothing\n"


def test_any_bytes_are_handed_to_words_and_a_script_has_no_other_input(session: Session) -> None:
    given = os.urandom(2_000_000)
    assert session.run(["wc", "--bytes"], input=given).strip() == str(len(given))
    with pytest.raises(ValueError, match="no other"):
        session.run("cat", input=given)


def test_root_is_one_word_away(session: Session) -> None:
    assert session.run(["id", "--user"], sudo=True) == "0\n"
    assert session.run("id -u; id -un", sudo=True) == "0\nroot\n"


def test_progress_comes_line_by_line_and_is_not_part_of_the_answer(session: Session) -> None:
    heard: list[str] = []
    answer = session.run("echo one >&2; echo 42; printf two >&2", on_line=heard.append)
    assert (answer, heard) == ("42\n", ["one", "two"])


def test_what_is_followed_is_heard_while_it_is_said(session: Session) -> None:
    class Enough(Exception):
        pass

    def listen(line: str) -> None:
        if line == "3":
            raise Enough

    with pytest.raises(Enough):
        session.follow(["sh", "-c", "i=0; while sleep 0.01; do i=$((i+1)); echo $i; done"], listen)
    assert session.run(["echo", "still here"]) == "still here\n"


def test_a_command_that_fails_says_where_what_and_the_last_lines(session: Session) -> None:
    with pytest.raises(CommandFailed) as failed:
        session.run("seq 30; echo the reason >&2; sleep 0.1; exit 3", what="sleeping")
    first, *lines = failed.value.message.splitlines()
    assert first == "app: 'sleeping' ended with status 3"
    assert lines == ["    the reason"], "what it complained of, not the 30 lines of its answer"
    assert failed.value.hint == "python -m ec2 ssh app"


def test_a_command_that_finds_no_room_says_how_to_make_some(session: Session) -> None:
    with pytest.raises(CommandFailed, match="No space left on device") as failed:
        session.run(["dd", "if=/dev/zero", "of=/dev/full", "count=1"])
    assert "raise root_volume_gib of app in stack.toml" in failed.value.hint


def test_a_command_may_end_with_the_status_that_ssh_uses_itself(session: Session) -> None:
    with pytest.raises(CommandFailed, match="status 255"):
        session.run(["sh", "-c", "exit 255"])


def test_everything_goes_over_one_connection_even_thirty_commands_at_once(
    session: Session, machine: Machine
) -> None:
    together = "sleep 0.2; ss --no-header --tcp --numeric state established sport = :22 | wc -l"
    with ThreadPoolExecutor(30) as threads:
        counts = list(threads.map(session.run, [together] * 30))
    assert {count.strip() for count in counts} == {"1"}
    assert machine.connections() == 1


def test_the_connection_ends_with_the_session(machine: Machine) -> None:
    with machine.session() as session:
        folder = Path(session.folder.name)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert len(str(session.connection.control_path)) < 80
    assert not folder.exists()
    wait_until(lambda: machine.connections() == 0, 5, "the connection closed")


LAUNCHER = """
from pathlib import Path
from ec2.everywhere import connected, everywhere
from ec2.inventory import Host
hosts, key, known = {hosts!r}, Path({key!r}), Path({known!r})
print("connecting", flush=True)
with connected(hosts, key, known) as sessions:
    print("connected", flush=True)
    everywhere(sessions, lambda session: session.run(["sleep", "1000"]))
"""


@contextmanager
def launcher(machine: Machine, *hosts: Host) -> Iterator[subprocess.Popen[str]]:
    """Another process that works on the hosts without an end."""
    program = LAUNCHER.format(hosts=hosts, key=str(machine.identity), known=str(machine.known_hosts))
    words = [sys.executable, "-c", program]
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as started:
        yield started
    machine.container.exec_run(["pkill", "-x", "sleep"])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_the_connection_ends_with_the_launcher_while_a_command_runs(
    machine: Machine, number: signal.Signals
) -> None:
    with launcher(machine, machine.host) as started:
        assert started.stdout
        assert [started.stdout.readline(), started.stdout.readline()] == ["connecting\n", "connected\n"]
        wait_until(lambda: machine.inside("pgrep -x sleep || true") != "", 5, "the command runs")
        assert machine.connections() == 1
        end_with(started, number)
        wait_until(lambda: machine.connections() == 0, 5, "the connection closed")


def test_somebody_who_waits_for_a_host_in_vain_may_give_up(machine: Machine) -> None:
    with launcher(machine, replace(machine.host, address="127.0.0.2")) as started:
        assert started.stdout
        assert started.stdout.readline() == "connecting\n"
        end_with(started, signal.SIGINT)


def test_what_begins_after_giving_up_ends_at_once_until_it_is_wanted_again(machine: Machine) -> None:
    with machine.session() as session:
        session.interrupt()
        with pytest.raises(CommandFailed):
            session.run(["sleep", "600"])
        session.reconnect()
        assert session.run(["echo", "on"]) == "on\n"


def end_with(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Have it end by the signal, soon."""
    process.send_signal(number)
    try:
        process.wait(timeout=5 * PATIENCE)
    finally:
        process.kill()


def test_a_connection_that_is_cut_says_where_it_stood(machine: Machine) -> None:
    def cut(line: str) -> None:
        machine.inside("pkill -KILL -f '^sshd-session: admin'")

    with machine.session() as session:
        with pytest.raises(HostUnreachable) as cut_off:
            session.run("echo unpacking >&2; sleep 60", what="installing Docker", on_line=cut)
        assert "cut (Connection to" in cut_off.value.message
        assert "into 'installing Docker'; the last line from it was: unpacking" in cut_off.value.message
        with pytest.raises(HostUnreachable, match="was cut"):
            session.run(["true"])
        with pytest.raises(HostUnreachable, match="was cut"), session.forward(9, "127.0.0.1:22"):
            pass
    with machine.session() as again:
        assert again.run(["echo", "back"]) == "back\n"


def test_a_key_that_the_console_did_not_print_is_refused(machine: Machine, tmp_path: Path) -> None:
    foreign = tmp_path / "known_hosts"
    kind, key, *_ = ssh_key_pair()[1].split()
    foreign.write_text(f"{machine.host.instance_id} {kind} {key}\n")
    with (
        pytest.raises(HostUnreachable, match="Host key verification failed"),
        Session(machine.host, machine.identity, foreign),
    ):
        pass


def test_a_host_without_a_pinned_key_is_refused(machine: Machine, tmp_path: Path) -> None:
    with (
        pytest.raises(HostUnreachable, match="Host key verification failed"),
        Session(machine.host, machine.identity, tmp_path / "nothing"),
    ):
        pass
    assert not (tmp_path / "nothing").exists()


def test_a_stranger_is_turned_away_at_once(machine: Machine, tmp_path: Path) -> None:
    identity = tmp_path / "key"
    identity.touch(mode=0o600)
    identity.write_text(ssh_key_pair()[0])
    with (
        pytest.raises(HostUnreachable, match="Permission denied"),
        Session(machine.host, identity, machine.known_hosts),
    ):
        pass


NOBODY = Host("app", ("app",), "i-0a", "127.0.0.2", "127.0.0.2")


def stand_in_for_ssh(folder: Path, lines: str, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session whose ssh is these lines of shell."""
    program = folder / "ssh"
    program.write_text(f"#!/bin/sh\n{lines}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return Session(NOBODY, folder / "key", folder / "known_hosts")


@pytest.mark.parametrize(
    ("lines", "reason", "hint"),
    [
        ("echo 'sh: 1: ssh: not found' >&2; exit 255", "ssh: not found", "install OpenSSH's client"),
        (
            f'printf "Foo bar\\n" >"$0.conf"; exec {shutil.which("ssh")} -F "$0.conf" 127.0.0.2',
            "line 1: Bad configuration option: foo; ",
            "correct the configuration of OpenSSH that the message names",
        ),
    ],
)
def test_what_time_does_not_heal_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, reason: str, hint: str
) -> None:
    session = stand_in_for_ssh(tmp_path, f'echo >>"$0.tries"; {lines}', monkeypatch)
    session.connect_limit_seconds = 3
    with pytest.raises(HostUnreachable, match=reason) as unreachable, session:
        pass
    assert len((tmp_path / "ssh.tries").read_text().splitlines()) == 1
    assert unreachable.value.hint == hint


def test_a_host_that_says_nothing_while_it_is_logged_in_to_may_be_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = stand_in_for_ssh(tmp_path, 'echo >"$0.began"; exec sleep 60', monkeypatch)
    with ThreadPoolExecutor(1) as threads:
        entering = threads.submit(session.__enter__)
        wait_until(lambda: (tmp_path / "ssh.began").exists(), 5, "ssh began")
        session.interrupt()
        assert isinstance(entering.exception(timeout=5 * PATIENCE), HostUnreachable)


def test_a_host_that_is_not_there_is_tried_until_the_limit(machine: Machine) -> None:
    nobody = replace(machine.host, address="127.0.0.2")
    with (
        pytest.raises(HostUnreachable) as unreachable,
        Session(nobody, machine.identity, machine.known_hosts, connect_limit_seconds=0.5),
    ):
        pass
    assert "app (127.0.0.2) was not reached by SSH: " in unreachable.value.message
    assert "Connection refused" in unreachable.value.message
    assert "s of 0.5 s" in unreachable.value.message


def test_ports_are_forwarded_both_ways_over_the_same_connection(machine: Machine, session: Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        ours.settimeout(10)
        answering = threading.Thread(target=answer_once, args=(ours,))
        answering.start()
        with session.reverse_forward(0, ours.getsockname()[1]) as port:
            said = session.run(["bash", "-c", f"cat </dev/tcp/127.0.0.1/{port}"])
        answering.join()
        assert said == "from the deployer\n"
        with pytest.raises(CommandFailed, match="refused"):
            session.run(["bash", "-c", f"cat </dev/tcp/127.0.0.1/{port}"])
    assert machine.connections() == 1


def answer_once(server: socket.socket) -> None:
    there, _ = server.accept()
    with there:
        there.sendall(b"from the deployer\n")


def test_a_port_of_the_host_is_ours_meanwhile(session: Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with session.forward(port, "127.0.0.1:22"), socket.create_connection(("127.0.0.1", port)) as there:
        assert there.recv(8) == b"SSH-2.0-"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_port_that_is_taken_is_refused_with_the_reason(session: Session) -> None:
    with pytest.raises(CommandFailed, match="22"), session.reverse_forward(22, 1):
        pass


def test_the_terminal_is_handed_over(session: Session) -> None:
    assert session.shell(["sh", "-c", "exit 7"]) == 7


def test_every_failure_of_several_hosts_is_reported(machine: Machine) -> None:
    hosts = [replace(machine.host, name=name) for name in ("app", "jenkins", "monitoring")]
    with connected(hosts, machine.identity, machine.known_hosts) as sessions:
        assert everywhere(sessions, lambda session: session.host.name) == ["app", "jenkins", "monitoring"]

        def work(session: Session) -> str:
            return session.run(f"test {session.host.name} = jenkins", what="looking")

        with pytest.raises(SeveralFailed) as failed:
            everywhere(sessions, work)
    assert failed.value.message.splitlines() == [
        "app: 'looking' ended with status 1",
        "monitoring: 'looking' ended with status 1",
    ]


def test_a_replaced_host_is_read_anew_and_a_known_one_is_not_read_again(
    machine: Machine, new_machine: Callable[..., Machine]
) -> None:
    assert pin_host_keys(Console(), [machine.host], machine.known_hosts) == []
    other = new_machine()
    assert pin_host_keys(Console(other.container), [other.host], machine.known_hosts) == ["app"]
    kept = machine.known_hosts.read_text()
    assert other.host.instance_id in kept
    assert machine.host.instance_id not in kept
    pin_host_keys(Console(machine.container), [machine.host], machine.known_hosts)


def test_a_console_without_keys_is_shown(tmp_path: Path, machine: Machine) -> None:
    class Booting:
        def get_console_output(self, **_: object) -> dict[str, str]:
            return {"Output": "Linux version 6.12\r\nStarting sshd\r\n"}

    with pytest.raises(HostUnreachable) as unreachable:
        pin_host_keys(Booting(), [machine.host], tmp_path / "known_hosts", limit_seconds=0)
    assert "no SSH host keys" in unreachable.value.message
    assert "Starting sshd" in unreachable.value.message

"""Whether each host answers: what the status checks of a running instance say."""

import socket
import threading
import time

PORT = 22
ANSWER_TIMEOUT_SECONDS = 1.0
# Until the first answer a host boots; after it, it is only looked after.
BETWEEN_LOOKS_SECONDS = 0.25
LOOKED_AFTER_EVERY_SECONDS = 15.0
# AWS gives up on a host that does not answer after some minutes.
IMPAIRED_AFTER_SECONDS = 180.0


class Reachability:
    """The status of every host that is watched, by its instance's id."""

    def __init__(self, mark: int) -> None:
        self.mark = mark
        self.lock = threading.Lock()
        self.watched: dict[str, str] = {}
        self.since: dict[str, float] = {}
        self.answered: dict[str, float] = {}

    def watch(self, addresses: dict[str, str]) -> None:
        """Look at these hosts and no others: instance id and private address."""
        now = time.monotonic()
        with self.lock:
            self.watched = dict(addresses)
            self.since = {host: self.since.get(host, now) for host in addresses}
            self.answered = {host: at for host, at in self.answered.items() if host in addresses}

    def forget(self, instance_id: str) -> None:
        """The host boots anew: what it answered before counts no more."""
        with self.lock:
            self.since[instance_id] = time.monotonic()
            self.answered.pop(instance_id, None)

    def status(self, instance_id: str) -> str:
        """`ok`, `initializing` or `impaired`."""
        now = time.monotonic()
        with self.lock:
            if now - self.answered.get(instance_id, -IMPAIRED_AFTER_SECONDS) < IMPAIRED_AFTER_SECONDS:
                return "ok"
            young = now - self.since.get(instance_id, now) < IMPAIRED_AFTER_SECONDS
        return "initializing" if young and instance_id not in self.answered else "impaired"

    def run(self, over: threading.Event) -> None:
        """Look until it is over; to be called in a thread of its own."""
        while not over.wait(BETWEEN_LOOKS_SECONDS):
            now = time.monotonic()
            with self.lock:
                due = [
                    (host, address)
                    for host, address in self.watched.items()
                    if now - self.answered.get(host, -LOOKED_AFTER_EVERY_SECONDS)
                    >= LOOKED_AFTER_EVERY_SECONDS
                ]
            for host, address in due:
                if self.answers(address):
                    with self.lock:
                        self.answered[host] = time.monotonic()

    def answers(self, address: str) -> bool:
        """Whether an SSH server greets; the mark lets the question pass whatever the security groups say."""
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as asking:
            asking.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, self.mark)
            asking.settimeout(ANSWER_TIMEOUT_SECONDS)
            try:
                asking.connect((address, PORT))
                return asking.recv(4) == b"SSH-"
            except OSError:
                return False

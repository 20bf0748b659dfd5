"""What the services of a project log, each line after its service and number, until nobody listens any more.

usage: python3 logs.py PROJECT follow|now SINCE TAIL SERVICE…

SINCE is in seconds, since 1970 or, with a minus sign, before now, or nothing. TAIL is a number of lines of
each container, or all. A line is "nginx-1 2026-01-31T12:00:00.123456789Z text", with Docker's time. Whoever
follows is told of what is started later, too, from its first line on. An empty line now and then: only who
writes learns that the connection is gone.

Compose follows as well, but asks for the lines of a new container from the moment on at which it learns of
it: the first ones, often those that say why it ended, are lost (seen with 2.26).
"""

import http.client
import json
import os
import socket
import struct
import sys
import threading
import time
from calendar import timegm
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

SOCKET = "/var/run/docker.sock"
LABEL = "com.docker.compose"
BETWEEN_SIGNS_SECONDS = 5
# Of a program that never ends its line.
LONGEST_LINE_BYTES = 1_000_000


class Refused(Exception):
    """Docker does not give what was asked for."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.gone = status in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


class Engine(http.client.HTTPConnection):
    """A connection to Docker."""

    def __init__(self) -> None:
        super().__init__("docker")

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(SOCKET)


def ask(path: str, **query: object) -> http.client.HTTPResponse:
    """Docker's answer, to be read while it comes; raises Refused."""
    engine = Engine()
    engine.request("GET", f"{path}?{urlencode(query)}")
    answer = engine.getresponse()
    if answer.status != HTTPStatus.OK:
        raise Refused(answer.status, json.loads(answer.read())["message"])
    return answer


def read_lines(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    """Each line after its time; Docker cuts long ones in pieces, each with a time of its own."""
    begun: dict[int, bytes] = {}
    while head := answer.read(8):
        stream, size = struct.unpack(">BxxxL", head)
        piece = answer.read(size)
        if stream in begun:
            piece = begun.pop(stream) + piece.partition(b" ")[2]
        if piece.endswith(b"\n") or len(piece) > LONGEST_LINE_BYTES:
            yield piece.rstrip(b"\n")
        else:
            begun[stream] = piece
    yield from begun.values()


def seconds(at: bytes) -> str:
    """Docker's time as it wants to be asked for it, in seconds since 1970 and all of its digits."""
    whole, _, rest = at.decode().rstrip("Z").partition(".")
    return f"{timegm(time.strptime(whole, '%Y-%m-%dT%H:%M:%S'))}.{rest}"


class Page:
    """Where lines are written, by several at once; nobody reading them is the end of everything."""

    def __init__(self, *, at_once: bool) -> None:
        self.writing = threading.Lock()
        self.at_once = at_once

    def put(self, line: bytes) -> None:
        """Write a line; ends the process where nobody listens."""
        with self.writing:
            try:
                sys.stdout.buffer.write(line + b"\n")
                if self.at_once:
                    sys.stdout.buffer.flush()
            except BrokenPipeError:
                os._exit(0)

    def sign(self) -> None:
        """Learn that the connection is gone, even where nothing is logged."""
        while True:
            self.put(b"")
            time.sleep(BETWEEN_SIGNS_SECONDS)


@dataclass(frozen=True)
class Container:
    """What logs: its id, and its name among a project's, "nginx-1"."""

    identity: str
    service: str
    number: str

    @classmethod
    def of(cls, identity: str, labels: Mapping[str, str]) -> "Container":
        """From the labels that Compose gives it."""
        return cls(identity, labels[f"{LABEL}.service"], labels[f"{LABEL}.container-number"])

    def __str__(self) -> str:
        return f"{self.service}-{self.number}"


class Logs:
    """The logs of a project's services."""

    def __init__(self, project: str, services: Sequence[str], page: Page) -> None:
        self.project, self.services, self.page = project, services, page
        self.failed = False
        self.last: dict[Container, bytes] = {}

    def show(self, **wanted: str) -> None:
        """Put what there is."""
        for container in self.present():
            self.read(container, wanted)

    def present(self) -> list[Container]:
        """Those that run, and those that ran."""
        found = json.loads(ask("/containers/json", all=1, filters=self.filters()).read())
        there = [Container.of(each["Id"], each["Labels"]) for each in found]
        return [container for container in there if container.service in self.services]

    def filters(self, **more: Sequence[str]) -> str:
        """What is not of the project is left out, and what `compose run` started."""
        return json.dumps({"label": [f"{LABEL}.project={self.project}", f"{LABEL}.oneoff=False"], **more})

    def read(self, container: Container, wanted: Mapping[str, str]) -> None:
        """Put what a container says and was not put before; one that is followed, to the end of its run."""
        name, seen = f"{container} ".encode(), self.last.get(container, b"")
        try:
            query = {"stdout": 1, "stderr": 1, "timestamps": 1, **wanted}
            for line in read_lines(ask(f"/containers/{container.identity}/logs", **query)):
                at = line.partition(b" ")[0]
                if at > seen:
                    self.last[container] = max(at, self.last.get(container, b""))
                    self.page.put(name + line)
        except Refused as refused:
            if not refused.gone:
                self.fail(f"no log of {container}: {refused}")
        except (OSError, http.client.HTTPException) as error:
            self.fail(f"the log of {container} was cut off: {type(error).__name__} {error}")

    def fail(self, message: str) -> None:
        """Say why not everything is shown."""
        self.failed = True
        print(message, file=sys.stderr, flush=True)


class Followed(Logs):
    """The logs of a project's services as they go on, of what is started later, too."""

    def __init__(self, project: str, services: Sequence[str], page: Page) -> None:
        super().__init__(project, services, page)
        self.began = f"{time.time():.9f}"
        self.looking = threading.Lock()
        self.reading: set[Container] = set()
        self.again: set[Container] = set()

    def show(self, **wanted: str) -> None:
        """Put what there is and what comes, until Docker ends."""
        threading.Thread(target=self.page.sign, daemon=True).start()
        # From before those that are there are looked up: none is missed between.
        starts = ask("/events", since=self.began, filters=self.filters(type=["container"], event=["start"]))
        for container in self.present():
            self.started(container, wanted)
        for event in starts:
            actor = json.loads(event)["Actor"]
            container = Container.of(actor["ID"], actor["Attributes"])
            if container.service in self.services:
                self.started(container, {})
        self.fail("Docker ended, and its logs with it")

    def started(self, container: Container, wanted: Mapping[str, str]) -> None:
        """Read what a container says; what is being read is read once more when that has ended."""
        with self.looking:
            if container in self.reading:
                self.again.add(container)
                return
            self.reading.add(container)
        threading.Thread(target=self.listen, args=[container, wanted], daemon=True).start()

    def listen(self, container: Container, wanted: Mapping[str, str]) -> None:
        """Put what a container says, until it has ended and was not started again."""
        listens = True
        while listens:
            last = self.last.get(container)
            self.read(container, {"follow": "1", **({"since": seconds(last)} if last else wanted)})
            wanted = {"since": self.began}
            with self.looking:
                listens = container in self.again
                (self.again if listens else self.reading).discard(container)


def main(project: str, until: str, since: str, tail: str, *services: str) -> int:
    """Put the logs; 1 where not all could be."""
    wanted = {"tail": tail}
    if since:
        wanted["since"] = str(time.time() + float(since)) if since.startswith("-") else since
    page = Page(at_once=until == "follow")
    logs = (Followed if page.at_once else Logs)(project, services, page)
    logs.show(**wanted)
    sys.stdout.buffer.flush()
    return int(logs.failed)


if __name__ == "__main__":
    try:
        status = main(*sys.argv[1:])
    except (Refused, OSError) as error:
        status = int(not isinstance(error, BrokenPipeError))
        print(f"Docker does not answer: {error}", file=sys.stderr, flush=True)
    # Whoever still reads a log is not waited for.
    os._exit(status)

"""How fast the microblog answers, starts and stops, as its parts are shipped: `python tests/bench/pages.py`.

A stack of its own with a made-up community; it is removed at the end. The yardstick is a view of 13 bytes
under `gunicorn -w 4`, asked directly, before and after in the same run: machines differ, ratios do not. wrk
asks for every page as people do who take turns. Needs the packages of `make test`; prints one JSON object.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from uuid import uuid4

import docker
import requests
from docker.models.containers import Container

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "images/microblog")]

from tests.conftest import LEFT_OUT  # noqa: E402
from tests.e2e.conftest import PORTS, Stack, free_ports  # noqa: E402
from tests.e2e.person import Person  # noqa: E402

READERS = 16
CONNECTIONS = (16, 64)
SERVICES = ("nginx", "microblog", "mariadb")
PSS_GOAL_MIB, TOGETHER_GOAL_MIB = 130, 512
STARTS = 3
START_GOAL_SECONDS = STOP_GOAL_SECONDS = 2
PAUSE_SECONDS = 2
# nginx counts guesses of passwords, two seconds each.
BETWEEN_LOGINS_SECONDS = 2.1
HELLO = """
from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello():
    return "Hello, world!"
"""
# Each request as the next person of those who take turns.
TURNS = """
local turn = 0
local headers = {%s}
request = function()
    turn = turn + 1
    if #headers == 0 then return wrk.format("GET") end
    return wrk.format("GET", nil, headers[turn %% #headers + 1])
end
"""


@dataclass(frozen=True)
class Page:
    """What is asked for, by whom, and what must be reached."""

    name: str
    path: str
    who: str
    # In yardsticks, at the fewer connections.
    goal: float


PAGES = (
    Page("home", "/", "signed in", 0.20),
    Page("explore", "/explore", "signed in", 0.25),
    Page("profile", "/people/{name}", "signed in", 0.20),
    Page("log-in page", "/login", "visitor", 0.50),
    Page("API, one user", "/api/v1/users/{name}", "token", 0.45),
    Page("public list, anonymous", "/explore", "visitor", 8),
    # The stylesheet, whatever its hashed name is.
    Page("static file", "", "visitor", 9),
)


@dataclass(frozen=True)
class Measured:
    """What wrk counted, and the processor's time that all of the containers took for a request."""

    per_second: float
    p50_ms: float
    p99_ms: float
    failed: int
    cpu_ms: float
    cpu_ms_of: dict[str, float]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=2000)
    arguments.add_argument("--posts", type=int, default=100_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=int, default=10, help="of each round")
    arguments.add_argument("--only", default="", help="pages whose names have this")
    chosen = arguments.parse_args()
    with stack() as standing:
        figures = measure(standing, chosen)
    print(json.dumps(figures, indent=2))


@contextmanager
def stack() -> Iterator[Stack]:
    """The app's and the database's roles, up and healthy."""
    with tempfile.TemporaryDirectory() as secrets:
        name = f"bench-{uuid4().hex[:8]}"
        ports = zip(PORTS, free_ports(len(PORTS)), strict=True)
        environment = {
            "COMPOSE_PROJECT_NAME": name,
            "SECRETS_DIR": secrets,
            **LEFT_OUT,
            # One token asks for everything.
            "API_REQUESTS_PER_MINUTE": "1000000",
            **{key: str(port) for key, port in ports},
        }
        standing = Stack(name, environment, docker.from_env())
        try:
            standing.up("app", "database")
            yield standing
        finally:
            standing.clean()


def measure(standing: Stack, chosen: argparse.Namespace) -> dict[str, object]:
    """Everything, in one run."""
    nginx = f"http://{address(standing, 'nginx', 'edge')}:8080"
    community = seeded(standing, chosen.people, chosen.posts)
    readers = community.readers(nginx)
    profile = community.names[3]

    def load(page: Page, connections: int) -> Measured:
        path = page.path.format(name=profile) if page.path else stylesheet(nginx)
        asked = [{**given, "Accept-Encoding": "gzip"} for given in readers[page.who]]
        return rounds(nginx + path, asked, connections, chosen, parts)

    parts = [standing.container(service) for service in SERVICES]
    with yardstick(standing) as hello:

        def yard() -> Measured:
            return rounds(address_of(hello), [{}], CONNECTIONS[0], chosen, [hello])

        before = yard()
        pages = {
            page: {connections: load(page, connections) for connections in CONNECTIONS}
            for page in PAGES
            if chosen.only in page.name
        }
        yards = [before, yard()]
    return {
        "seed_seconds": round(community.seconds, 1),
        "yardstick": [asdict(one) for one in yards],
        "pages": {page.name: report(page, seen, yards) for page, seen in pages.items()},
        "memory_mib": memory(standing),
        # At the very end: processes that have just started hold less.
        "start_stop": start_stop(standing),
    }


def report(page: Page, seen: dict[int, Measured], yards: Sequence[Measured]) -> dict[str, object]:
    """A page's ratio to the yardstick beside its goal, and what was counted.

    The ratio of processor times says the same where something else keeps the machine busy.
    """
    first = seen[CONNECTIONS[0]]
    return {
        "goal": page.goal,
        "ratio": round(first.per_second / statistics.mean(one.per_second for one in yards), 3),
        "ratio_of_cpu": round(statistics.mean(one.cpu_ms for one in yards) / first.cpu_ms, 3),
        **{f"c{connections}": asdict(one) for connections, one in seen.items()},
    }


@dataclass(frozen=True)
class Community:
    """Made-up people, some of whom read."""

    seconds: float
    names: tuple[str, ...]
    password: str

    def readers(self, nginx: str) -> dict[str, list[dict[str, str]]]:
        """The headers of those who take turns, by who they are."""
        return {
            "signed in": [{"Cookie": self.cookies(nginx, name)} for name in self.names],
            "token": [{"Authorization": f"Bearer {self.token(nginx)}"}],
            "visitor": [{}],
        }

    def cookies(self, nginx: str, name: str) -> str:
        time.sleep(BETWEEN_LOGINS_SECONDS)
        person = Person(nginx, name)
        person.log_in(self.password).raise_for_status()
        assert "Log out" in person.get("/").text, name
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in person.session.cookies)

    def token(self, nginx: str) -> str:
        wanted, who = {"name": "bench"}, (self.names[0], self.password)
        made = requests.post(f"{nginx}/api/v1/tokens", auth=who, json=wanted, timeout=30)
        made.raise_for_status()
        return str(made.json()["token"])


def seeded(standing: Stack, people: int, posts: int) -> Community:
    """The community that the microblog itself makes."""
    started = time.monotonic()
    size = ["--people", str(people), "--posts", str(posts), "--follows", "40"]
    said = inside(standing, "microblog", "flask", "--app", "microblog", "seed", *size)
    took = time.monotonic() - started
    say(said.strip().splitlines()[-1])
    ask = [
        "mariadb",
        "microblog",
        "--skip-column-names",
        "--execute",
        "SELECT username FROM user ORDER BY id",
    ]
    names = inside(standing, "mariadb", *ask).split()[:READERS]
    return Community(took, tuple(names), found(r"password is: (.*)", said).strip())


def inside(standing: Stack, service: str, *words: str) -> str:
    status, said = standing.container(service).exec_run(list(words))
    assert status == 0, said.decode()
    return str(said.decode())


def found(pattern: str, text: str) -> str:
    """What the pattern's group matches."""
    matched = re.search(pattern, text, re.MULTILINE)
    assert matched, f"{pattern} is not in:\n{text}"
    return matched[1]


def stylesheet(nginx: str) -> str:
    return found(r'href="(/static/[^"]+\.css)"', requests.get(f"{nginx}/login", timeout=30).text)


@contextmanager
def yardstick(standing: Stack) -> Iterator[Container]:
    """The view of 13 bytes, in an image of the microblog."""
    gunicorn = ["--bind", "0.0.0.0:8000", "--workers", "4", "--log-level", "warning", "--no-control-socket"]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "hello.py").write_text(HELLO)
        running = standing.engine.containers.run(
            standing.container("microblog").image.tags[0],
            [*gunicorn, "hello:app"],
            entrypoint="gunicorn",
            working_dir="/hello",
            volumes={folder: {"bind": "/hello", "mode": "ro"}},
            detach=True,
            remove=True,
        )
        try:
            running.reload()
            wait(address_of(running))
            yield running
        finally:
            running.kill()


def address_of(running: Container) -> str:
    return f"http://{running.attrs['NetworkSettings']['IPAddress']}:8000/"


def wait(address: str) -> None:
    for _ in range(1000):
        try:
            requests.get(address, timeout=1).raise_for_status()
            return
        except requests.RequestException:
            time.sleep(0.02)
    raise AssertionError(f"{address} does not answer")


def address(standing: Stack, service: str, network: str) -> str:
    """The service's own address: through Docker's proxy, wrk would measure that."""
    networks = standing.container(service).attrs["NetworkSettings"]["Networks"]
    return str(networks[f"{standing.name}_{network}"]["IPAddress"])


def rounds(
    url: str,
    headers: Sequence[dict[str, str]],
    connections: int,
    chosen: argparse.Namespace,
    parts: Sequence[Container],
) -> Measured:
    """The median of the rounds; failures of all."""
    seen = []
    for _ in range(chosen.rounds):
        time.sleep(PAUSE_SECONDS)
        seen.append(wrk(url, headers, connections, chosen.seconds, parts))
    middle = sorted(seen, key=lambda one: one.per_second)[len(seen) // 2]
    say(
        f"{url} c{connections}: {middle.per_second:.0f}/s, p50 {middle.p50_ms} ms, p99 {middle.p99_ms} ms,"
        f" {middle.cpu_ms:.3f} ms of a processor {middle.cpu_ms_of}"
    )
    return replace(middle, failed=sum(one.failed for one in seen))


def wrk(
    url: str, headers: Sequence[dict[str, str]], connections: int, seconds: int, parts: Sequence[Container]
) -> Measured:
    tables = ", ".join(
        "{" + ", ".join(f"[{json.dumps(key)}] = {json.dumps(value)}" for key, value in one.items()) + "}"
        for one in headers
    )
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(TURNS % tables)
        script.flush()
        words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
        words += ["-s", script.name, url]
        before = cpu_ms(parts)
        said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        after = cpu_ms(parts)
    failed = sum(
        int(number)
        for line in said.splitlines()
        if "Socket errors" in line or "Non-2xx" in line
        for number in re.findall(r"\d+", line.partition(":")[2])
    )
    requests_done = int(found(r"(\d+) requests in", said))
    spent = {name: round((after[name] - before[name]) / requests_done, 3) for name in after}
    return Measured(
        float(found(r"Requests/sec: *([\d.]+)", said)),
        percentile(said, 50),
        percentile(said, 99),
        failed,
        sum(spent.values()),
        spent,
    )


def cpu_ms(parts: Sequence[Container]) -> dict[str, float]:
    """What each container has taken of processors so far, by the name of its service."""
    return {
        part.labels.get("com.docker.compose.service", "yardstick"): part.stats(stream=False)["cpu_stats"][
            "cpu_usage"
        ]["total_usage"]
        / 1e6
        for part in parts
    }


def percentile(said: str, which: int) -> float:
    """In milliseconds."""
    written = found(rf"{which}% +([\d.]+(?:us|ms|s|m))\b", said)
    number = written.rstrip("ums")
    return round(float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[written[len(number) :]], 2)


def memory(standing: Stack) -> dict[str, object]:
    """What each container holds, and the shared part counted once (PSS) of all of gunicorn, in MiB."""
    held: dict[str, float] = {}
    for service in SERVICES:
        counted = standing.container(service).stats(stream=False)["memory_stats"]
        cache = counted["stats"].get("inactive_file", counted["stats"].get("total_inactive_file", 0))
        held[service] = round((counted["usage"] - cache) / 2**20, 1)
    processes = standing.container("microblog").top()["Processes"]
    rollups = [Path(f"/proc/{row[1]}/smaps_rollup").read_text() for row in processes if "gunicorn" in row[-1]]
    pss = sum(int(found(r"^Pss: +(\d+)", one)) for one in rollups) / 1024
    return {
        **held,
        "together": {"goal": TOGETHER_GOAL_MIB, "mib": round(sum(held.values()), 1)},
        "gunicorn_pss": {"goal": PSS_GOAL_MIB, "mib": round(pss, 1)},
    }


def start_stop(standing: Stack) -> dict[str, object]:
    """How long the microblog takes to show the log-in page, and to be gone, with a database and without."""
    database = standing.container("mariadb")

    def start() -> None:
        standing.container("microblog").start()
        # Its address may be another each time.
        wait(f"http://{address(standing, 'microblog', 'application')}:8000/login")

    def stop() -> None:
        standing.container("microblog").stop()

    starts, stops, stops_alone = [], [], []
    for _ in range(STARTS):
        stops.append(seconds(stop))
        starts.append(seconds(start))
        database.stop()
        stops_alone.append(seconds(stop))
        database.start()
        # So that the next one to be stopped has connections to it again.
        start()
    return {
        "start": middle(starts, START_GOAL_SECONDS),
        "stop": middle(stops, STOP_GOAL_SECONDS),
        "stop_without_database": middle(stops_alone, STOP_GOAL_SECONDS),
    }


def seconds(work: Callable[[], None]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def middle(seen: Sequence[float], goal: float) -> dict[str, float]:
    return {"goal": goal, "seconds": round(statistics.median(seen), 2)}


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    os.chdir(ROOT)
    main()

"""nginx alone: what it answers before anything reaches the microblog."""

import re
import socket
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256

import docker
import pytest
import requests
from bs4 import BeautifulSoup
from testcontainers.core.container import DockerContainer

from tests.functional.conftest import SERVICES, StartAlone
from tests.waiting import wait_until, wait_until_healthy

BURST = 20
SEARCHES = 31
# How long a header may take, and a body from one piece to the next.
PATIENCE_SECONDS = 10
GIVEN_UP_SECONDS = 3 * PATIENCE_SECONDS
WITH_PASSWORDS = (
    "/login",
    "/register",
    "/password/forgotten",
    "/password/new",
    "/account/password",
    "/account/email",
    "/account/delete",
    "/account/export",
    "/account/tokens",
)
OF_THE_API = "/api/v1/tokens"
# Stands where the microblog is, and tells what nginx told it.
ECHO = """
import json
from http.server import BaseHTTPRequestHandler, HTTPServer

class Echo(BaseHTTPRequestHandler):
    def do_GET(self):
        told = json.dumps(dict(self.headers)).encode()
        self.send_response(200)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Strict-Transport-Security", "max-age=31536000")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

HTTPServer(("", 8000), Echo).serve_forever()
"""
FLAG = "/srv/static/.maintenance"
ASSET = "/srv/static/style.css"
# Of one address; what it sends may take for ever.
REQUESTS_AT_ONCE = 100
# nginx looks for it once a second.
NOTICED_WITHIN_SECONDS = 3


@pytest.fixture
def container(start_alone: StartAlone) -> DockerContainer:
    container = start_alone("nginx", tmpfs=with_assets())
    wait_until_healthy(container.get_wrapped_container())
    return container


def with_assets() -> dict[str, str]:
    """Where nginx may write, and what the microblog fills, which lies on a volume elsewhere."""
    places = dict(mount.split(":", 1) for mount in SERVICES["nginx"]["tmpfs"])
    return places | {"/srv/static": "uid=10002,gid=10002"}


@pytest.fixture
def address(container: DockerContainer) -> str:
    networks = container.get_wrapped_container().attrs["NetworkSettings"]["Networks"].values()
    return f"http://{next(iter(networks))['IPAddress']}:8080"


def test_searches_are_counted_for_each_address(address: str) -> None:
    def search(number: int) -> int:
        path = "/search" if number % 2 else "/search/people"
        return requests.get(f"{address}{path}?q={number}", timeout=20).status_code

    with ThreadPoolExecutor(SEARCHES + 10) as together:
        codes = list(together.map(search, range(SEARCHES + 10)))
    assert codes.count(429) >= 5
    assert requests.get(f"{address}/explore", timeout=20).status_code != 429


def test_too_many_tries_get_a_page_that_says_when_to_come_back(address: str) -> None:
    def post(path: str) -> requests.Response:
        return requests.post(address + path, timeout=20)

    tries = [*WITH_PASSWORDS, OF_THE_API]
    with ThreadPoolExecutor(BURST + 1) as together:
        list(together.map(post, ["/login"] * (BURST + 1)))
        # Each twice, since one of them all finds what room came meanwhile.
        first, second = (together.map(post, tries) for _ in range(2))
        refused = {
            path: next(answer for answer in both if answer.status_code == 429)
            for path, *both in zip(tries, first, second, strict=True)
        }
    for path in WITH_PASSWORDS:
        assert refused[path].headers["Retry-After"] == "10"
        assert "Too many at once" in refused[path].text
    assert problem(refused[OF_THE_API]) == 429
    assert refused[OF_THE_API].headers["Retry-After"] == "10"
    assert post("/posts").status_code != 429
    nobody = post("/api/v1/posts")
    assert problem(nobody) == 503, "there is no microblog here"
    assert nobody.headers["Retry-After"] == "5"
    large = requests.post(f"{address}/api/v1/posts", data=b"x" * 1_100_000, timeout=20)
    assert problem(large) == 413
    assert requests.get(f"{address}/login", timeout=20).status_code != 429, "looking is not trying"


def test_a_picture_may_pass_and_what_is_larger_gets_a_page(address: str) -> None:
    def post(path: str, byte_count: int) -> requests.Response:
        return requests.post(address + path, data=bytes(byte_count), timeout=20)

    # There is no microblog here to take it, but it was asked.
    for path in ("/posts", "/posts/1/replies"):
        assert post(path, 6_000_000).status_code not in {413, 429}
    for path, byte_count in (("/posts", 8_000_000), ("/profile/edit", 2_000_000)):
        refused = post(path, byte_count)
        assert refused.status_code == 413
        assert refused.headers["Cache-Control"] == "no-store"
        assert "Pictures may have 6 MB." in refused.text


def problem(answer: requests.Response) -> int:
    """The status in a problem for programs, which is also that of the answer."""
    assert answer.headers["Content-Type"].split(";")[0] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    told = answer.json()
    assert told["request_id"] == answer.headers["X-Request-ID"]
    assert told["status"] == answer.status_code
    return answer.status_code


def test_every_refusal_of_nginx_is_a_page_in_the_one_design(address: str) -> None:
    refused = {
        404: requests.get(f"{address}/metrics", timeout=20),
        413: requests.post(f"{address}/profile/edit", data=b"x" * 1_500_000, timeout=20),
        414: requests.get(f"{address}/{'x' * 40_000}", timeout=20),
        400: requests.get(address, headers={"X-Long": "x" * 40_000}, timeout=20),
        503: requests.get(address, timeout=20),
    }
    for code, answer in refused.items():
        page = BeautifulSoup(answer.text, "html.parser")
        assert answer.status_code == code
        assert page.select_one(".code").text == str(code)
        assert page.select_one("h1").text
        assert re.fullmatch("[0-9a-f]{32}", page.select_one("code").text), "the request's id"
        assert page.select_one("code").text == answer.headers["X-Request-ID"]
        assert answer.headers["Cache-Control"] == "no-store"
        style = b64encode(sha256(page.style.string.encode()).digest()).decode()
        assert f"style-src 'sha256-{style}'" in answer.headers["Content-Security-Policy"]
        assert page.html["lang"] == "en"
    assert refused[404].text != refused[413].text
    for name in ("problem.html", "problem.css"):
        assert (
            "default-src" in requests.get(f"{address}/{name}", timeout=20).headers["Content-Security-Policy"]
        ), "it is no page by itself"


def test_a_refusal_speaks_the_language_of_the_browser(address: str) -> None:
    for spoken, language in {"es-ES,es;q=0.9": "es", "de, es;q=0.5": "en"}.items():
        answer = requests.get(f"{address}/metrics", headers={"Accept-Language": spoken}, timeout=20)
        page = BeautifulSoup(answer.content.decode(), "html.parser")
        assert page.html["lang"] == language
        assert ("Aquí no hay nada" in page.text) is (language == "es")
        assert "Accept-Language" in answer.headers["Vary"]


def test_an_operator_closes_the_site_and_opens_it_again(container: DockerContainer, address: str) -> None:
    def told(path: str = "/") -> tuple[int, str, str]:
        answer = requests.get(address + path, timeout=20)
        page = BeautifulSoup(answer.text, "html.parser")
        return answer.status_code, answer.headers["Retry-After"], page.h1.text

    assert told() == (503, "5", "Back in a moment"), "nothing is behind it here"
    assert container.exec(["touch", FLAG]).exit_code == 0
    closed = (503, "300", "We are working on it")
    wait_until(lambda: told() == closed, NOTICED_WITHIN_SECONDS, "the site closed")
    assert told("/login") == closed
    for path in ("/api/v1/posts", OF_THE_API):
        answer = requests.get(address + path, timeout=20)
        assert problem(answer) == 503
        assert answer.headers["Retry-After"] == "300"
    assert container.exec(["rm", FLAG]).exit_code == 0
    wait_until(lambda: told() == (503, "5", "Back in a moment"), NOTICED_WITHIN_SECONDS, "the site open")


@pytest.fixture
def behind(
    start_alone: StartAlone, engine: docker.DockerClient, image: Callable[[str], str], run_id: str
) -> Iterator[Callable[[str], str]]:
    """The address of an nginx that trusts these proxies; behind it is what says what it was told."""
    network = engine.networks.create(f"{run_id}-proxied")
    echo = engine.containers.create(image("microblog"), ["-c", ECHO], entrypoint="python3")
    try:
        network.connect(echo, aliases=["microblog"])
        echo.start()

        def start(trusted: str) -> str:
            environment = {"TRUSTED_PROXIES": trusted}
            nginx = start_alone("nginx", network=network.name, environment=environment, tmpfs=with_assets())
            wait_until_healthy(nginx.get_wrapped_container())
            assert nginx.exec(["sh", "-c", f"echo 'p {{}}' >{ASSET}"]).exit_code == 0
            address = f"http://{address_in(nginx, network.name)}:8080"
            wait_until(lambda: requests.get(f"{address}/login", timeout=20).ok, 20, "the one behind")
            return address

        yield start
    finally:
        echo.remove(force=True)
        for left in engine.networks.get(network.id).attrs["Containers"]:
            network.disconnect(left, force=True)
        network.remove()


def address_in(container: DockerContainer, network: str) -> str:
    return str(container.get_wrapped_container().attrs["NetworkSettings"]["Networks"][network]["IPAddress"])


def by_a_proxy(address: str, path: str = "/login") -> requests.Response:
    """What somebody gets who came by https to a proxy that speaks http behind itself."""
    told = {"X-Forwarded-For": "10.1.2.3, 198.18.7.7", "X-Forwarded-Proto": "https"}
    return requests.get(address + path, headers=told, timeout=20)


def test_a_proxy_is_believed_only_where_somebody_said_so(behind: Callable[[str], str]) -> None:
    gateway = by_a_proxy(behind("198.18.7.0/24")).json()
    assert gateway["X-Forwarded-Proto"] == "http"
    assert gateway["X-Forwarded-For"] not in {"10.1.2.3", "198.18.7.7"}
    believed = by_a_proxy(behind(f"{gateway['X-Forwarded-For']}, 2001:db8::7")).json()
    assert believed["X-Forwarded-Proto"] == "https"
    assert believed["X-Forwarded-For"] == "198.18.7.7", "the one before may be made up by the visitor"
    further = by_a_proxy(behind(f"198.18.7.7 {gateway['X-Forwarded-For']}")).json()
    assert further["X-Forwarded-For"] == "10.1.2.3"


def test_every_answer_says_once_what_a_browser_must_keep_to(behind: Callable[[str], str]) -> None:
    stranger = behind("198.18.7.0/24")
    gateway = by_a_proxy(stranger).json()["X-Forwarded-For"]
    believed = behind(gateway)
    for path, status in (("/login", 200), ("/static/style.css", 200), ("/metrics", 404)):
        for address, over_tls in ((stranger, None), (believed, "max-age=31536000")):
            answer = by_a_proxy(address, path)
            assert answer.status_code == status, path
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            assert answer.headers.get("Strict-Transport-Security") == over_tls, path


KINDS = {"style.css": "text/css", "mark.svg": "image/svg+xml", "live.js": "application/javascript"}


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_an_asset_says_its_type_and_character_set(
    container: DockerContainer, address: str, name: str, kind: str
) -> None:
    assert container.exec(["touch", f"/srv/static/{name}"]).exit_code == 0
    answer = requests.get(f"{address}/static/{name}", timeout=20)
    assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"


@pytest.mark.parametrize("trusted", ["everybody", "0.0.0.0/0", "10.0.0.0/8; return 200"])
def test_what_is_no_address_of_a_proxy_starts_nothing(image: Callable[[str], str], trusted: str) -> None:
    words = ["docker", "run", "--rm", "--tmpfs=/run/nginx:mode=1777", "--env", f"TRUSTED_PROXIES={trusted}"]
    done = subprocess.run([*words, image("nginx")], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "is no address and no range such as 10.0.0.0/16" in done.stderr


def head_of_upload(byte_count: int) -> bytes:
    return f"POST /posts HTTP/1.1\r\nHost: blog\r\nContent-Length: {byte_count}\r\n\r\n".encode()


def until_cut_off(address: str, start: bytes, drop: bytes = b"") -> float:
    """Seconds until nginx ends a connection on which a drop comes every second after the start."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=1) as connection:
        began = time.monotonic()
        connection.sendall(start)
        while time.monotonic() - began < GIVEN_UP_SECONDS:
            try:
                if connection.recv(1000) == b"":
                    break
            except TimeoutError:
                with suppress(BrokenPipeError, ConnectionResetError):
                    connection.sendall(drop)
            except ConnectionResetError:
                break
        return time.monotonic() - began


def test_who_is_slow_is_cut_off_and_others_are_answered_meanwhile(address: str) -> None:
    slow = {
        "a body that stops": (head_of_upload(1000) + b"body=he", b""),
        "a large body that stops": (head_of_upload(1_000_000) + bytes(5000), b""),
        "a header that drips": (b"GET / HTTP/1.1\r\nHost: blog\r\nX-Slow: ", b"x"),
        "a header that stops": (b"GET / HT", b""),
        "nothing": (b"", b""),
    }
    with ThreadPoolExecutor(len(slow)) as together:
        waiting = {name: together.submit(until_cut_off, address, *sent) for name, sent in slow.items()}
        answered = []
        while not all(one.done() for one in waiting.values()):
            answered.append(requests.get(f"{address}/metrics", timeout=20))
            time.sleep(0.5)
    for name, one in waiting.items():
        assert PATIENCE_SECONDS - 1 < one.result() < GIVEN_UP_SECONDS, name
    # Who had to wait for the slow would wait as long as they.
    assert max(answer.elapsed.total_seconds() for answer in answered) < PATIENCE_SECONDS - 1


def test_nobody_holds_all_connections_with_bodies_that_drip(container: DockerContainer, address: str) -> None:
    def style() -> requests.Response:
        return requests.get(f"{address}/static/style.css", timeout=20)

    assert container.exec(["touch", ASSET]).exit_code == 0
    host, port = address.removeprefix("http://").split(":")
    with ExitStack() as stack:
        dripping = [
            stack.enter_context(socket.create_connection((host, int(port)), timeout=5))
            for _ in range(REQUESTS_AT_ONCE)
        ]
        for number, connection in enumerate(dripping):
            path = ("/language", "/posts")[number % 2]
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: blog\r\nContent-Length: 9\r\n\r\nd".encode())
        wait_until(lambda: style().status_code == 429, 5, "no more of this address")
        refused = style()
        assert refused.headers["Retry-After"] == "10"
        assert "Too many at once" in refused.text
        for path in ("/posts", "/search"):
            assert requests.get(address + path, timeout=20).status_code == 429, path
        for connection in dripping:
            connection.sendall(b"d")
        elsewhere = container.exec(["http_ok", "8080", "/static/style.css"])
        assert elsewhere.exit_code == 0, elsewhere.output
    wait_until(lambda: style().ok, 5, "room for this address again")


@contextmanager
def held_uploads(address: str, number: int) -> Iterator[None]:
    """Large bodies that do not end before the block does: of each a little more comes every second."""
    host, port = address.removeprefix("http://").split(":")
    over = threading.Event()
    with ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection((host, int(port)), timeout=5)) for _ in range(number)
        ]

        def drip() -> None:
            while not over.wait(1):
                for connection in connections:
                    connection.sendall(b"x")

        for connection in connections:
            connection.sendall(head_of_upload(1_000_000))
        dripping = stack.enter_context(ThreadPoolExecutor(1)).submit(drip)
        yield
        over.set()
        dripping.result()


def answers_within(container: DockerContainer, hosts: list[str]) -> list[str]:
    """What the container is told that begins a large body at each of its own addresses in turn.

    "" is no answer yet: the rest of the body is waited for.
    """
    head = head_of_upload(1_000_000).decode().replace("\r\n", "\\r\\n")
    begin = [
        f"exec {n}<>/dev/tcp/{host}/8080; printf '{head}' >&{n}; sleep 0.2" for n, host in enumerate(hosts, 3)
    ]
    read = [f'line=; read -rt 1 line <&{n}; echo "$line"' for n, _ in enumerate(hosts, 3)]
    output = container.exec(["bash", "-c", "; ".join([*begin, *read])]).output.decode()
    return [line.strip() for line in output.splitlines()]


def test_of_large_bodies_few_come_at_a_time(container: DockerContainer, address: str) -> None:
    def large(body: bytes | Iterator[bytes]) -> requests.Response:
        return requests.post(f"{address}/posts", data=body, timeout=20)

    own = address.removeprefix("http://").split(":")[0]
    with held_uploads(address, 2):
        wait_until(lambda: large(bytes(100_000)).status_code == 429, 5, "the third large body refused")
        # Two more from another address are all that the host takes: a third one has to wait.
        *two, third = answers_within(container, ["127.0.0.1", "127.0.0.1", own])
        assert two == ["", ""]
        assert third == "HTTP/1.1 429 Too Many Requests"
        for body in (bytes(1_000_000), iter([b"nobody knows how much"])):
            refused = large(body)
            assert refused.status_code == 429
            assert refused.headers["Retry-After"] == "10"
            assert "Too many at once" in refused.text
        assert large(b"body=hello").status_code != 429, "this one is small"
    wait_until(lambda: large(bytes(100_000)).status_code != 429, 5, "room for large bodies again")

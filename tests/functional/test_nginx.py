"""nginx alone: what it answers before anything reaches the microblog."""

import re
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
import requests
from bs4 import BeautifulSoup
from testcontainers.core.container import DockerContainer

from tests.functional.conftest import SERVICES, StartAlone
from tests.functional.test_images import wait_until_healthy
from tests.waiting import wait_until

BURST = 20
SEARCHES = 31
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
FLAG = "/srv/static/.maintenance"
# nginx looks for it once a second.
NOTICED_WITHIN_SECONDS = 3


@pytest.fixture
def container(start_alone: StartAlone) -> DockerContainer:
    # What the microblog fills lies on a volume elsewhere.
    places = dict(mount.split(":", 1) for mount in SERVICES["nginx"]["tmpfs"])
    container = start_alone("nginx", tmpfs=places | {"/srv/static": "uid=10002,gid=10002"})
    wait_until_healthy(container)
    return container


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

    paths = [*["/login"] * (BURST + 1), *WITH_PASSWORDS * 2, OF_THE_API, "/posts", "/api/v1/posts"]
    with ThreadPoolExecutor(len(paths)) as together:
        answers = dict(zip(paths, together.map(post, paths), strict=True))
    for path in WITH_PASSWORDS:
        refused = answers[path]
        assert refused.status_code == 429, path
        assert refused.headers["Retry-After"] == "10"
        assert "Too many at once" in refused.text
    assert problem(answers[OF_THE_API]) == 429
    assert answers[OF_THE_API].headers["Retry-After"] == "10"
    assert answers["/posts"].status_code != 429
    assert problem(answers["/api/v1/posts"]) == 503, "there is no microblog here"
    assert answers["/api/v1/posts"].headers["Retry-After"] == "5"
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

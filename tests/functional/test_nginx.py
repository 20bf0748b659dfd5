"""nginx alone: what it answers before anything reaches the microblog."""

from concurrent.futures import ThreadPoolExecutor

import requests

from tests.functional.conftest import StartAlone
from tests.functional.test_images import wait_until_healthy

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


def test_searches_are_counted_for_each_address(start_alone: StartAlone) -> None:
    container = start_alone("nginx")
    wait_until_healthy(container)
    networks = container.get_wrapped_container().attrs["NetworkSettings"]["Networks"].values()
    address = f"http://{next(iter(networks))['IPAddress']}:8080"

    def search(number: int) -> int:
        path = "/search" if number % 2 else "/search/people"
        return requests.get(f"{address}{path}?q={number}", timeout=20).status_code

    with ThreadPoolExecutor(SEARCHES + 10) as together:
        codes = list(together.map(search, range(SEARCHES + 10)))
    assert codes.count(429) >= 5
    assert requests.get(f"{address}/explore", timeout=20).status_code != 429


def test_too_many_tries_get_a_page_that_says_when_to_come_back(start_alone: StartAlone) -> None:
    address = started(start_alone)

    def post(path: str) -> requests.Response:
        return requests.post(address + path, timeout=20)

    paths = [*["/login"] * (BURST + 1), *WITH_PASSWORDS * 2, OF_THE_API, "/posts", "/api/v1/posts"]
    with ThreadPoolExecutor(len(paths)) as together:
        answers = dict(zip(paths, together.map(post, paths), strict=True))
    for path in WITH_PASSWORDS:
        refused = answers[path]
        assert refused.status_code == 429, path
        assert refused.headers["Retry-After"] == "10"
        assert refused.headers["Cache-Control"] == "no-store"
        assert "Too many at once" in refused.text
    assert problem(answers[OF_THE_API]) == 429
    assert answers[OF_THE_API].headers["Retry-After"] == "10"
    assert answers["/posts"].status_code != 429
    assert problem(answers["/api/v1/posts"]) == 503, "there is no microblog here"
    assert answers["/api/v1/posts"].headers["Retry-After"] == "5"
    large = requests.post(f"{address}/api/v1/posts", data=b"x" * 1_100_000, timeout=20)
    assert problem(large) == 413
    assert requests.get(f"{address}/login", timeout=20).status_code != 429, "looking is not trying"
    assert requests.get(f"{address}/too_many.html", timeout=20).status_code != 200


def test_a_picture_may_pass_and_what_is_larger_gets_a_page(start_alone: StartAlone) -> None:
    address = started(start_alone)

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


def started(start_alone: StartAlone) -> str:
    container = start_alone("nginx")
    wait_until_healthy(container)
    networks = container.get_wrapped_container().attrs["NetworkSettings"]["Networks"].values()
    return f"http://{next(iter(networks))['IPAddress']}:8080"


def problem(answer: requests.Response) -> int:
    """The status in a problem for programs, which is also that of the answer."""
    assert answer.headers["Content-Type"].split(";")[0] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json()
    assert told["request_id"] == answer.headers["X-Request-ID"]
    assert told["status"] == answer.status_code
    return answer.status_code

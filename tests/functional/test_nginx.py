"""nginx alone: what it answers before anything reaches the microblog."""

from concurrent.futures import ThreadPoolExecutor

import requests

from tests.functional.conftest import StartAlone
from tests.functional.test_images import wait_until_healthy

BURST = 20
WITH_PASSWORDS = (
    "/login",
    "/register",
    "/password/forgotten",
    "/password/new",
    "/account/password",
    "/account/email",
    "/account/delete",
)


def test_too_many_tries_get_a_page_that_says_when_to_come_back(start_alone: StartAlone) -> None:
    container = start_alone("nginx")
    wait_until_healthy(container)
    networks = container.get_wrapped_container().attrs["NetworkSettings"]["Networks"].values()
    address = f"http://{next(iter(networks))['IPAddress']}:8080"

    def post(path: str) -> requests.Response:
        return requests.post(address + path, timeout=20)

    paths = [*["/login"] * (BURST + 1), *WITH_PASSWORDS * 2, "/posts"]
    with ThreadPoolExecutor(len(paths)) as together:
        answers = dict(zip(paths, together.map(post, paths), strict=True))
    for path in WITH_PASSWORDS:
        refused = answers[path]
        assert refused.status_code == 429, path
        assert refused.headers["Retry-After"] == "10"
        assert refused.headers["Cache-Control"] == "no-store"
        assert "Too many at once" in refused.text
    assert answers["/posts"].status_code != 429
    assert requests.get(f"{address}/login", timeout=20).status_code != 429, "looking is not trying"
    assert requests.get(f"{address}/too_many.html", timeout=20).status_code != 200

"""nginx alone: what it answers before anything reaches the microblog."""

import pytest
import requests

from tests.functional.conftest import StartAlone
from tests.functional.test_images import wait_until_healthy

BURST = 20


@pytest.mark.parametrize(
    "path",
    [
        "/login",
        "/register",
        "/password/forgotten",
        "/password/new",
        "/account/password",
        "/account/email",
        "/account/delete",
    ],
)
def test_too_many_tries_get_a_page_that_says_when_to_come_back(start_alone: StartAlone, path: str) -> None:
    container = start_alone("nginx", ports={"8080/tcp": ("127.0.0.1", None)})
    wait_until_healthy(container)
    address = f"http://127.0.0.1:{container.get_exposed_port(8080)}"
    answers = [requests.post(address + path, timeout=10) for _ in range(BURST + 6)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].headers["Retry-After"] == "10"
    assert refused[0].headers["Cache-Control"] == "no-store"
    assert "Too many at once" in refused[0].text
    assert requests.get(address + path, timeout=10).status_code != 429, "looking is not trying"
    assert requests.get(f"{address}/too_many.html", timeout=10).status_code != 200

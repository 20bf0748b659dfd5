"""What people do with the microblog, through nginx, on the composed stack."""

from uuid import uuid4

import pytest
import requests
from bs4 import BeautifulSoup

from tests.e2e.conftest import Stack
from tests.e2e.person import Person
from tests.waiting import wait_until


def registered(stack: Stack, kind: str) -> Person:
    person = stack.person(f"{kind}_{uuid4().hex[:6]}")
    assert person.register().ok
    return person


@pytest.fixture
def ada(stack: Stack) -> Person:
    return registered(stack, "ada")


@pytest.fixture
def bob(stack: Stack) -> Person:
    return registered(stack, "bob")


def test_a_post_reaches_the_timeline_of_those_who_follow_its_author(ada: Person, bob: Person) -> None:
    thought = f"Hello from {ada.name}: ¿qué tal? 你好 🌍"
    assert ada.post(thought).ok
    assert thought in ada.reads("/")
    assert thought not in bob.reads("/")
    assert thought in bob.reads("/explore")
    assert bob.follow(ada).ok
    assert thought in bob.reads("/")


def test_a_wrong_password_is_refused_without_saying_which_part_was_wrong(stack: Stack, ada: Person) -> None:
    known = stack.person(ada.name).log_in(password="not the password")
    unknown = stack.person("nobody_at_all").log_in(password="not the password")
    assert known.status_code == unknown.status_code == 422
    assert "do not match" in known.text
    assert visible(known).replace(ada.name, "") == visible(unknown).replace("nobody_at_all", "")
    assert stack.person(ada.name).log_in().url == f"{stack.microblog}/", "the right one is still taken"


def visible(answer: requests.Response) -> str:
    return BeautifulSoup(answer.text, "html.parser").get_text(" ", strip=True)


def test_a_form_without_its_token_is_refused(stack: Stack) -> None:
    answer = requests.post(
        f"{stack.microblog}/login",
        data={"identity": "ada", "password": "x"},
        timeout=10,
        allow_redirects=False,
    )
    assert answer.status_code == 400


def test_the_interface_speaks_the_browsers_language(stack: Stack) -> None:
    def page(language: str) -> str:
        return requests.get(
            f"{stack.microblog}/login", headers={"Accept-Language": language}, timeout=10
        ).text

    assert 'lang="en"' in page("en-GB")
    assert 'lang="es"' in page("es-MX,en;q=0.5")


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/nginx_status"])
def test_the_inner_pages_are_not_for_the_public(stack: Stack, path: str) -> None:
    assert requests.get(stack.microblog + path, timeout=10).status_code == 404


def test_assets_come_from_nginx_compressed_and_for_ever(stack: Stack) -> None:
    page = requests.get(f"{stack.microblog}/login", timeout=10).text
    assets = sorted({part.split('"')[0] for part in page.split('="') if part.startswith("/static/")})
    assert assets
    for asset in assets:
        answer = requests.get(stack.microblog + asset, timeout=10)
        assert answer.status_code == 200, asset
        assert "immutable" in answer.headers["Cache-Control"]
        # The microblog gives each of its answers a request id; nginx alone does not.
        assert "X-Request-ID" not in answer.headers, f"{asset} came from the microblog"
        assert answer.headers.get("Content-Encoding") == "gzip"


def test_visitors_share_a_page_for_a_second_and_nobody_else_gets_it(stack: Stack, ada: Person) -> None:
    def look(**headers: str) -> requests.Response:
        return requests.get(f"{stack.microblog}/explore", headers=headers, timeout=15)

    # What is asked for once is not kept.
    ids = [look().headers["X-Request-ID"] for _ in range(4)]
    assert len(set(ids)) < 4, "nothing was kept"
    plain = look(**{"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert look(**{"Accept-Encoding": "br, gzip"}).headers["Content-Encoding"] == "gzip"
    assert look(**{"Accept-Language": "es"}).text != plain.text
    own = [ada.get("/explore") for _ in range(3)]
    assert len({answer.headers["X-Request-ID"] for answer in own}) == 3
    assert all("ada" in answer.text for answer in own)
    ada.post("this is new to visitors")
    assert "this is new to visitors" in ada.get("/explore").text
    wait_until(lambda: "this is new to visitors" in look().text, 2, "the post on the page for visitors")

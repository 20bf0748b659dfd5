"""The microblog as people use it: phone and desktop, English and Spanish, with scripts and without."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from uuid import uuid4

import pytest
import requests
from babel.messages.pofile import read_po
from playwright.sync_api import Browser, Locator, expect

from microblog import PACKAGE
from tests.e2e.browsing import Visit, visiting
from tests.e2e.conftest import Stack
from tests.e2e.looking import looker
from tests.e2e.person import PASSWORD
from tests.e2e.story import landscape
from tests.waiting import wait_until

THOUGHT = "My first post, with an emoji 🌱 and <b>no markup</b>"
VIEW = "The view from the tower"
# The scripts ask every 30 seconds.
A_ROUND_MS = 31_000
LANGUAGES = ["en-GB", "es"]


class Words:
    """What the pages say for an English text in a language."""

    def __init__(self, locale: str) -> None:
        self.language = locale[:2]
        self._texts: dict[str, str] = {}
        if self.language != "en":
            with (PACKAGE / f"translations/{self.language}/LC_MESSAGES/messages.po").open("rb") as file:
                self._texts = {str(one.id): str(one.string) for one in read_po(file) if one.id}

    def __call__(self, text: str) -> str:
        return self._texts[text] if self._texts else text


class Person:
    """Somebody at a browser in a language."""

    def __init__(self, visit: Visit, say: Words, kind: str) -> None:
        self.visit, self.page, self.say = visit, visit.page, say
        self.name = f"{kind}_{uuid4().hex[:6]}"

    def button(self, text: str) -> Locator:
        return self.page.get_by_role("button", name=self.say(text), exact=True)

    def link(self, text: str) -> Locator:
        return self.page.get_by_role("link", name=self.say(text), exact=True)

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.locator(f"main [name={name}]").fill(value)

    def register(self) -> None:
        self.page.goto("/register")
        self.fill(username=self.name, email=f"{self.name}@example.org", password=PASSWORD)
        self.button("Create account").click()
        self.button("Log out").wait_for()

    def log_in(self) -> None:
        self.page.goto("/login")
        self.fill(identity=self.name, password=PASSWORD)
        self.button("Log in").click()
        self.button("Log out").wait_for()

    def post(self, body: str, button: str = "Post") -> None:
        self.fill(body=body)
        self.button(button).click()
        self.page.get_by_text(body).first.wait_for()

    def post_a_picture(self) -> None:
        self.page.goto("/")
        self.page.locator("details.attach summary").click()
        picture = {"name": "view.png", "mimeType": "image/png", "buffer": landscape()}
        self.page.locator("[name=image]").set_input_files([picture])  # type: ignore[list-item]
        self.fill(alt="A sunset")
        self.post(VIEW)

    def sees_the_picture(self) -> None:
        picture = self.page.get_by_role("img", name="A sunset").first
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("one => one.naturalWidth") > 0

    def follow(self, other: "Person") -> None:
        self.page.goto(f"/search/people?q={other.name}")
        self.page.locator(f"main a.author[href='/people/{other.name}']").click()
        self.button("Follow").click()
        self.button("Unfollow").wait_for()

    def like(self) -> None:
        self.page.locator("button[formaction$='/like']").first.click()
        expect(self.page.locator("button[formaction$='/unlike']").first).to_have_text(re.compile("1"))

    def write_to(self, other: "Person", body: str) -> None:
        self.page.goto(f"/people/{other.name}")
        self.link("Message").click()
        self.post(body, "Send")

    def unread(self, what: str) -> Locator:
        return self.page.locator(f"[data-count={what}]")


@pytest.fixture(params=LANGUAGES)
def say(request: pytest.FixtureRequest) -> Words:
    return Words(request.param)


@pytest.fixture
def arrive(browser: Browser, stack: Stack, say: Words) -> Iterator[Callable[..., Person]]:
    """Gives somebody with a browser of their own in the language of the test."""
    with ExitStack() as visits:

        def come(name: str, kind: str, scripts: bool = True) -> Person:
            visit = visiting(browser, stack.microblog, kind, say.language, scripts)
            return Person(visits.enter_context(visit), say, name)

        yield come


def test_two_people_meet(arrive: Callable[..., Person], say: Words) -> None:
    """They join, write, answer, like, follow, talk, and see it arrive without loading a page anew."""
    ada, bob = arrive("ada", "phone-light"), arrive("bob", "desktop-dark")
    for person in (ada, bob):
        person.page.clock.install()
        person.register()
    ada.button("Log out").click()
    ada.log_in()
    ada.page.locator("[name=body]").press_sequentially(THOUGHT[:5])
    expect(ada.page.locator("#body-count")).to_have_text("5 / 280")
    ada.post(THOUGHT)
    ada.post_a_picture()
    ada.sees_the_picture()

    bob.follow(ada)
    bob.page.goto("/")
    bob.sees_the_picture()
    bob.like()
    bob.page.locator("a[href$='#reply']").first.click()
    bob.post("And the stairs?", "Reply")
    expect(ada.unread("notifications")).to_be_hidden()
    ada.page.clock.fast_forward(A_ROUND_MS)
    expect(ada.unread("notifications")).to_have_text("3")
    expect(ada.page).to_have_title(re.compile(r"^\(3\) "))
    ada.page.locator(".places a[href='/notifications']").click()
    for text in (bob.name, VIEW, "And the stairs?"):
        expect(ada.page.locator(".notifications")).to_contain_text(text)
    expect(ada.unread("notifications")).to_be_hidden()

    bob.page.goto("/")
    ada.page.goto("/")
    ada.post("A second one")
    bob.page.clock.fast_forward(A_ROUND_MS)
    bob.page.locator("a[data-fresh]").click()
    bob.page.get_by_text("A second one").wait_for()
    ada.write_to(bob, "Hello, Bob!")
    bob.page.clock.fast_forward(A_ROUND_MS)
    expect(bob.unread("messages")).to_have_text("1")
    bob.page.goto("/messages")
    bob.page.locator("main a.author").first.click()
    bob.page.get_by_text("Hello, Bob!").wait_for()
    bob.page.locator(".search [name=q]").fill('"view from the tower"')
    bob.page.keyboard.press("Enter")
    bob.page.locator(f"main a.author[href='/people/{ada.name}']").first.wait_for()
    for person in (ada, bob):
        assert person.visit.complaints == []


def test_whoever_logs_out_leaves_nothing_to_read_in_another_tab(arrive: Callable[..., Person]) -> None:
    ada = arrive("ada", "desktop-light")
    ada.page.clock.install()
    ada.register()
    ada.post(THOUGHT)
    other, writing, refused = (ada.page.context.new_page() for _ in range(3))
    for page in (other, writing, refused):
        page.goto("/")
        expect(page.locator("main")).to_contain_text(THOUGHT)
    writing.locator("[name=body]").fill("Words that are dear")
    refused.locator("[name=body]").fill("dear " * 100)
    refused.locator(".compose .send button").click()
    expect(refused.locator("[name=body][aria-invalid]")).to_have_value(("dear " * 100).strip())
    ada.button("Log out").click()
    with ExitStack() as waiting:
        told = [
            waiting.enter_context(page.expect_response("**/fresh/unread"))
            for page in (other, writing, refused)
        ]
        ada.page.clock.fast_forward(A_ROUND_MS)
    assert [one.value.status for one in told] == [403, 403, 403]
    other.wait_for_url("**/login")
    assert THOUGHT not in other.content()
    expect(writing.locator("[name=body]")).to_have_value("Words that are dear")
    expect(refused.locator("[name=body]")).to_have_value(("dear " * 100).strip())


def test_somebody_takes_their_data_along_and_leaves(arrive: Callable[..., Person], say: Words) -> None:
    ada = arrive("ada", "desktop-light")
    ada.register()
    ada.post(THOUGHT)
    ada.page.goto("/account")
    ada.link("Export your data").click()
    ada.fill(current=PASSWORD)
    ada.button("Make the file").click()
    with ada.page.expect_download() as fetched:
        ada.link("Download").click()
    assert fetched.value.suggested_filename.endswith(".zip")
    # The browser has it in its container; its session gets the same once more.
    file = ada.page.context.request.get("/account/export/download").body()
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        assert THOUGHT in archive.read("microblog/posts.json").decode()
    assert ada.visit.complaints == []
    ada.page.goto("/account/delete")
    ada.fill(current=PASSWORD)
    ada.button("Delete for good").click()
    ada.page.get_by_role("link", name=say("Log in")).first.wait_for()
    answer = ada.page.goto(f"/people/{ada.name}")
    assert answer is not None
    assert answer.status == 404


def test_without_scripts_everything_works_but_nothing_moves(
    arrive: Callable[..., Person], say: Words
) -> None:
    ada, bob = arrive("ada", "phone-dark", scripts=False), arrive("bob", "desktop-light", scripts=False)
    ada.register()
    bob.register()
    ada.post_a_picture()
    bob.follow(ada)
    bob.page.goto("/")
    bob.sees_the_picture()
    bob.like()
    bob.page.locator("a[href$='#reply']").first.click()
    bob.post("And the stairs?", "Reply")
    bob.write_to(ada, "Hello, Ada!")
    ada.page.goto("/notifications")
    expect(ada.unread("notifications")).to_have_text("3")
    ada.button("Mark all as seen").click()
    expect(ada.unread("notifications")).to_be_hidden()
    ada.page.goto("/messages/requests")
    ada.page.locator("main a.author").first.click()
    ada.post("Hello, Bob!", "Send")
    ada.button("Log out").click()
    ada.log_in()


def test_whoever_chooses_a_language_keeps_it(arrive: Callable[..., Person], say: Words) -> None:
    ada = arrive("ada", "phone-light")
    ada.register()
    other = Words("es" if say.language == "en" else "en-GB")
    names = {"en": "English", "es": "Español"}
    ada.page.locator("footer a[href^='/language']").click()
    ada.page.get_by_role("button", name=names[other.language]).click()
    expect(ada.page.locator("html")).to_have_attribute("lang", other.language)
    ada.say = other
    ada.page.goto("/explore")
    ada.button("Log out").click()
    ada.page.goto("/login")
    ada.page.get_by_role("heading", name=other("Log in")).wait_for()


@pytest.mark.parametrize("kind", ["phone-light", "desktop-dark"])
def test_a_page_that_is_not_there_is_said_in_the_same_design(
    browser: Browser, stack: Stack, kind: str
) -> None:
    with visiting(browser, stack.microblog, kind) as visit:
        answer = visit.page.goto("/nowhere")
        assert answer is not None
        assert answer.status == 404
        assert visit.page.get_by_role("link", name="Explore").first.is_visible()
        visit.shoot("not-found")


def test_the_page_of_a_closed_site_is_fit_for_everybody(browser: Browser, stack: Stack) -> None:
    one = looker(browser, stack.microblog, "visitor", None, set())
    try:
        maintain(stack, "on", 503)
        one.look("/", 503)
    finally:
        maintain(stack, "off", 200)
        one.page.context.close()
    assert not one.faults, "\n".join(one.faults)


def maintain(stack: Stack, state: str, status: int) -> None:
    command = ["flask", "--app", "microblog", "maintenance", state]
    assert stack.container("microblog").exec_run(command).exit_code == 0
    # nginx looks for it once a second.
    wait_until(
        lambda: requests.get(stack.microblog, timeout=30).status_code == status, 3, f"maintenance {state}"
    )

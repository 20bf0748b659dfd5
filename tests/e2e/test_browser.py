"""The microblog as a person sees it: headless Chromium, phone and desktop, light and dark."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import docker
import pytest
import requests
from playwright.sync_api import Browser, BrowserType, Page, ViewportSize, sync_playwright

from tests.conftest import ROOT
from tests.e2e.conftest import Stack, free_ports
from tests.e2e.person import PASSWORD
from tests.waiting import wait_until

SCREENSHOTS = ROOT / "tests/artifacts"
START_TIMEOUT_SECONDS = 30
SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "desktop": {"width": 1280, "height": 800},
}
THOUGHT = "My first post, with an emoji 🌱 and <b>no markup</b>"


@pytest.fixture(scope="module")
def browser(engine: docker.DockerClient, run_id: str) -> Iterator[Browser]:
    """Chromium in a container on the machine's own loopback, where the stack is published."""
    name = f"{run_id}-browser"
    # The command, not the SDK: the Dockerfile's caches need BuildKit.
    subprocess.run(["docker", "build", "--quiet", "--tag", name, ROOT / "tests/browser"], check=True)
    [port] = free_ports(1)
    container = engine.containers.run(
        name, [f"--remote-debugging-port={port}"], network_mode="host", init=True, detach=True
    )
    try:
        with sync_playwright() as playwright:
            connected = connect(playwright.chromium, f"http://127.0.0.1:{port}")
            yield connected
            connected.close()
    finally:
        container.remove(force=True)
        engine.images.remove(name, force=True)


def connect(chromium: BrowserType, address: str) -> Browser:
    """The browser behind the address, as soon as it listens."""

    def answers() -> bool:
        try:
            return requests.get(f"{address}/json/version", timeout=1).ok
        except requests.RequestException:
            return False

    wait_until(answers, START_TIMEOUT_SECONDS, "Chromium")
    return chromium.connect_over_cdp(address)


@dataclass(frozen=True)
class Visit:
    """A page in a browser context of its own, and what the browser complained of or fetched elsewhere."""

    page: Page
    kind: str
    complaints: list[str]

    def shoot(self, name: str) -> None:
        """Keep a picture of the whole page for a person to look at."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}-{self.kind}.png", full_page=True)

    @property
    def scrolls_sideways(self) -> bool:
        width = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return bool(self.page.evaluate(width))


@pytest.fixture(params=["phone-light", "desktop-dark"])
def visit(request: pytest.FixtureRequest, browser: Browser, stack: Stack) -> Iterator[Visit]:
    device, scheme = request.param.split("-")
    context = browser.new_context(
        viewport=SIZES[device], color_scheme=scheme, base_url=stack.microblog, locale="en-GB"
    )
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on(
        "request", lambda sent: None if sent.url.startswith(stack.microblog) else complaints.append(sent.url)
    )
    yield Visit(page, request.param, complaints)
    context.close()


def test_a_person_joins_writes_and_finds_the_post_without_a_complaint_of_the_browser(visit: Visit) -> None:
    page, name = visit.page, f"carol_{uuid4().hex[:6]}"
    page.goto("/register")
    visit.shoot("register")
    page.locator("[name=username]").fill(name)
    page.locator("[name=email]").fill(f"{name}@example.org")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.locator("[name=body]").fill(THOUGHT)
    page.get_by_role("button", name="Post", exact=True).click()
    page.get_by_text(THOUGHT).wait_for()
    for path in ("/", "/explore", f"/people/{name}", "/profile/edit", "/language"):
        page.goto(path)
        assert not visit.scrolls_sideways, path
        visit.shoot(path.strip("/").split("/")[0] or "home")
    assert visit.complaints == []


def test_a_page_that_is_not_there_is_said_in_the_same_design(visit: Visit) -> None:
    answer = visit.page.goto("/nowhere")
    assert answer is not None
    assert answer.status == 404
    assert visit.page.get_by_role("link", name="Explore").first.is_visible()
    visit.shoot("not-found")

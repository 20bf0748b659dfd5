"""The microblog as a person sees it: headless Chromium, phone and desktop, light and dark."""

from collections.abc import Iterator
from uuid import uuid4

import docker
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import ROOT
from tests.e2e.conftest import Stack, free_ports
from tests.e2e.person import PASSWORD

SCREENSHOTS = ROOT / "tests/artifacts"
START_TIMEOUT_MILLISECONDS = 30_000
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def browser(engine: docker.DockerClient, run_id: str) -> Iterator[Browser]:
    """Chromium in a container on the machine's own loopback, where the stack is published."""
    name = f"{run_id}-browser"
    engine.images.build(path=str(ROOT / "tests/browser"), tag=name, rm=True)
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


def connect(chromium: object, address: str) -> Browser:
    for attempt in range(60):
        try:
            return chromium.connect_over_cdp(address)  # type: ignore[attr-defined, no-any-return]
        except Exception:
            if attempt == 59:
                raise
            import time

            time.sleep(0.5)
    raise AssertionError


@pytest.fixture(
    params=[("phone", PHONE, "light"), ("desktop", DESKTOP, "dark")], ids=lambda p: f"{p[0]}-{p[2]}"
)
def page(request: pytest.FixtureRequest, browser: Browser, stack: Stack) -> Iterator[Page]:
    _, viewport, scheme = request.param
    context = browser.new_context(
        viewport=viewport, color_scheme=scheme, base_url=stack.microblog, locale="en-GB"
    )
    opened = context.new_page()
    opened.complaints = []  # type: ignore[attr-defined]
    opened.on("console", lambda m: opened.complaints.append(m.text) if m.type == "error" else None)  # type: ignore[attr-defined]
    opened.on(
        "request",
        lambda r: opened.complaints.append(r.url) if not r.url.startswith(stack.microblog) else None,
    )  # type: ignore[attr-defined]
    yield opened
    context.close()


def shoot(page: Page, request: pytest.FixtureRequest, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}-{request.node.callspec.id}.png", full_page=True)


def no_sideways_scrolling(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_a_person_registers_writes_and_finds_the_post_without_a_complaint_of_the_browser(
    page: Page, request: pytest.FixtureRequest
) -> None:
    name = f"carol_{uuid4().hex[:6]}"
    page.goto("/register")
    shoot(page, request, "register")
    page.locator("[name=username]").fill(name)
    page.locator("[name=email]").fill(f"{name}@example.org")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.locator("[name=body]").fill("My first post, with an emoji 🌱 and <b>no markup</b>")
    page.get_by_role("button", name="Post", exact=True).click()
    assert page.get_by_text("My first post, with an emoji 🌱 and <b>no markup</b>").is_visible()
    for path in ("/", "/explore", f"/people/{name}", "/nowhere"):
        page.goto(path)
        assert no_sideways_scrolling(page), path
        shoot(page, request, path.strip("/").split("/")[0] or "home")
    assert [c for c in page.complaints if "/nowhere" not in c and "404" not in c] == []  # type: ignore[attr-defined]

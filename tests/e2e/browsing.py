"""Headless Chromium in a container of its own, and what it complains of while a page is looked at."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import docker
import requests
from playwright.sync_api import Browser, BrowserType, Page, ViewportSize, sync_playwright

from tests.conftest import ROOT
from tests.waiting import wait_until

SCREENSHOTS = ROOT / "tests/artifacts"
START_TIMEOUT_SECONDS = 30
SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "desktop": {"width": 1280, "height": 800},
}


@contextmanager
def chromium(engine: docker.DockerClient, name: str, port: int) -> Iterator[Browser]:
    """Chromium on the machine's own loopback, where the stack is published."""
    # The command, not the SDK: the Dockerfile's caches need BuildKit.
    subprocess.run(["docker", "build", "--quiet", "--tag", name, ROOT / "tests/browser"], check=True)
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


@contextmanager
def visiting(
    browser: Browser, address: str, kind: str, locale: str = "en-GB", scripts: bool = True
) -> Iterator[Visit]:
    """A visit to the address with a kind of device and scheme, such as phone-light."""
    device, scheme = kind.split("-")
    context = browser.new_context(
        viewport=SIZES[device],
        color_scheme="dark" if scheme == "dark" else "light",
        base_url=address,
        locale=locale,
        java_script_enabled=scripts,
    )
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda sent: None if sent.url.startswith((address, "data:")) else complaints.append(sent.url),
    )
    yield Visit(page, kind, complaints)
    context.close()

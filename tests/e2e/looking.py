"""Looking at a page as axe-core does, on a phone and a desktop, in light and dark; what was wrong with it."""

from dataclasses import dataclass, field
from importlib.resources import files
from typing import Literal

from playwright.sync_api import Browser, Page, Response

from tests.e2e.browsing import SIZES
from tests.e2e.person import Person

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
GRAVE = {"serious", "critical"}
# Everything is asked once, and again what the width or the colours of a page can change.
OF_COLOURS = ["color-contrast"]
OF_WIDTH = [
    *OF_COLOURS,
    "button-name",
    "label",
    "link-in-text-block",
    "link-name",
    "scrollable-region-focusable",
    "target-size",
]
RULES: dict[tuple[str, Literal["light", "dark"]], list[str] | None] = {
    ("phone", "light"): None,
    ("phone", "dark"): OF_COLOURS,
    ("desktop", "dark"): OF_COLOURS,
    ("desktop", "light"): OF_WIDTH,
}
RUN = """async ([within, only]) => {
  const options = { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } };
  if (only) options.runOnly = { type: "rule", values: only };
  const { violations } = await axe.run(within, options);
  return violations.map((one) => [one.impact, one.id, one.nodes.map((node) => node.html.slice(0, 200))]);
}"""
OPEN = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@dataclass
class Looker:
    """A browser in which somebody is logged in, or nobody, and what was wrong with what it showed."""

    page: Page
    who: str
    known: set[str]
    faults: list[str] = field(default_factory=list)

    def go(self, path: str) -> Response:
        """Open a page, without an opinion about it."""
        answer = self.page.goto(path)
        assert answer is not None, path
        return answer

    def look(self, path: str, status: int = 200) -> None:
        """Open a page and inspect it."""
        answer = self.go(path)
        assert answer.status == status, f"{self.who}: {path} is {answer.status}"
        self.inspect(path)

    def inspect(self, name: str, within: str = "html") -> None:
        """Inspect the page as it is, with everything unfolded, unless somebody has seen the same."""
        text = self.page.locator("main").inner_text()
        if text in self.known:
            return
        self.known.add(text)
        self.page.evaluate(OPEN)
        self.page.evaluate(AXE)
        for (device, scheme), rules in RULES.items():
            self.page.set_viewport_size(SIZES[device])
            self.page.emulate_media(color_scheme=scheme)
            for impact, rule, nodes in self.page.evaluate(RUN, [within, rules]):
                if impact in GRAVE:
                    self._fault(name, f"{device} {scheme}: {rule}", *nodes[:3])
            if self.page.evaluate(SIDEWAYS):
                self._fault(name, f"{device}: is wider than the screen")

    def _fault(self, name: str, what: str, *nodes: str) -> None:
        self.faults.append("\n    ".join((f"{self.who}: {name}: {what}", *nodes)))


def looker(browser: Browser, address: str, who: str, person: Person | None, known: set[str]) -> Looker:
    """A browser with the cookies of somebody; it notes what the browser complains of."""
    # A colour that is on its way to another has no contrast yet.
    context = browser.new_context(base_url=address, locale="en-GB", reduced_motion="reduce")
    if person:
        cookies = person.session.cookies.get_dict().items()
        context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies])
    made = Looker(context.new_page(), who, known)
    made.page.on("pageerror", lambda error: made.faults.append(f"{who}: {made.page.url}: {error}"))
    made.page.on("console", lambda said: _complain(made, said.text) if said.type == "error" else None)
    return made


def _complain(made: Looker, text: str) -> None:
    # That an answer is an error is asked for here, and looked at.
    if "the server responded with a status of" not in text:
        made.faults.append(f"{made.who}: {made.page.url}: {text}")

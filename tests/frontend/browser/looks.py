"""A page in a browser, watched: what axe finds in it, what the console says, what it asks for and what its policy stops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from tests.e2e.server import CHECKOUT, Wharf

AXE = CHECKOUT / ".venv/axe/axe.min.js"
INSTALL = "bash -c 'source bin/lib/venv.sh; source bin/lib/assets.sh; prepare_axe' (needs npm)"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async ([tags, part]) => {
  const asked = {runOnly: {type: "tag", values: tags}, rules: {"target-size": {enabled: true}}};
  // What an open menu lies over cannot be hit, and is no neighbour of what is in the menu.
  const middle = ({x, y, width, height}) => document.elementFromPoint(x + width / 2, y + height / 2);
  const isUnder = (each) => !each.closest(part) && middle(each.getBoundingClientRect())?.closest(part);
  const covered = part ? [...document.querySelectorAll("a, button, input")].filter(isUnder) : [];
  covered.forEach((each) => each.style.visibility = "hidden");
  const found = await axe.run(part || document, asked);
  covered.forEach((each) => each.style.visibility = "");
  return found.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(" | ").slice(0, 600)}`);
}"""
# Before any script of the page: a policy that stopped something says so once, to whoever listens then.
LISTEN = """window.stopped = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.stopped.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));"""
PHONE, TABLET, DESK = 390, 768, 1440
HEIGHTS = {PHONE: 844, TABLET: 1024, DESK: 900}
NARROWEST = 320  # a desk's page at four times its size


def axe_source() -> str:
    """The rules. Skips the test where nobody has fetched them."""
    if not AXE.exists():
        pytest.skip(f"axe is not there: {INSTALL}")
    return AXE.read_text()


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody sees pages."""

    width: int = DESK
    scheme: str = "light"
    language: str = "en"
    scripts: bool = True

    def __str__(self) -> str:
        return f"{self.width} {self.scheme} {self.language}{'' if self.scripts else ' no script'}"


@dataclass
class Watched:
    """A page and what was wrong with it so far."""

    page: Page
    server: Wharf
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.server.url}{path}")

    def looks_right(self, part: str = "") -> None:
        """Nothing is wrong with what is shown now, nor has anything been since the last time.

        `part`: the selector of what alone is looked at, such as a menu that lies over a page which was looked at without it.
        """
        self.complaints += self.page.evaluate("window.stopped.splice(0)")
        self.page.evaluate(axe_source())
        self.complaints += self.page.evaluate(RUN, [RULES, part])
        wide, has = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        if wide > has:
            self.complaints.append(f"scrolls sideways: {wide} > {has}")
        assert self.complaints == [], f"{self.page.url}: {self.complaints}"

    def fits_the_narrowest(self) -> None:
        """On the narrowest screen, or at four times the size, one scrolls in one direction alone."""
        size = self.page.viewport_size
        assert size is not None
        if size["width"] != DESK:
            return
        self.page.set_viewport_size({"width": NARROWEST, "height": size["height"]})
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        self.page.set_viewport_size(size)
        if wide > NARROWEST:
            self.complaints.append(f"scrolls sideways at {NARROWEST}: {wide}")
        assert self.complaints == []

    def focus_is_somewhere(self) -> None:
        """After a part of the page was replaced, the keyboard is still in the page, at something that is seen."""
        expect(self.page.locator(":focus")).to_be_visible()

    def sign_in(self) -> None:
        self.go("/auth/login")
        self.page.fill("#principal", self.server.admin.username)
        self.page.fill("#password", self.server.admin.password)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def hear(self, message: ConsoleMessage) -> None:
        is_own_status = "status of 4" in message.text and message.location["url"] == self.page.url
        if message.type in ("error", "warning") and not is_own_status:
            self.complaints.append(message.text)

    def see(self, request: Request) -> None:
        if not request.url.startswith((self.server.url, "data:")):
            self.complaints.append(f"asked another host: {request.url}")


def comes_true(page: Page, expression: str) -> None:
    """Within five seconds. Where Playwright's own waiting asks twice, the page evaluates a text, which its policy forbids."""
    for _ in range(50):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{page.url}: never {expression}")


# Two opposites each time, what lies between them in the stress lane.
LOOKS = (
    Look(DESK, "light"),
    Look(PHONE, "dark"),
    pytest.param(Look(DESK, "dark"), marks=pytest.mark.stress),
    pytest.param(Look(PHONE, "light"), marks=pytest.mark.stress),
    pytest.param(Look(TABLET, "light"), marks=pytest.mark.stress),
    pytest.param(Look(PHONE, "light", "zh-CN"), marks=pytest.mark.stress),
    pytest.param(Look(DESK, "dark", "zh-CN"), marks=pytest.mark.stress),
)


@contextmanager
def watched(browser: Browser, server: Wharf, look: Look) -> Iterator[Watched]:
    """A browser of its own that looks so."""
    context = _context(browser, look)
    found = Watched(context.new_page(), server)
    found.page.on("console", found.hear)
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on("request", found.see)
    try:
        yield found
    finally:
        context.close()


def _context(browser: Browser, look: Look) -> BrowserContext:
    options: dict[str, Any] = {
        "viewport": {"width": look.width, "height": HEIGHTS.get(look.width, 900)},
        "color_scheme": look.scheme,
        "locale": look.language,
        "java_script_enabled": look.scripts,
    }
    context = browser.new_context(**options)
    if look.scripts:
        context.add_init_script(LISTEN)
    return context


def shot(page: Page, path: Path) -> None:
    """The whole page as a picture, nothing in it moving."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=True, animations="disabled")

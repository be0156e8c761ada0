"""Signing in and out in Chromium, by keyboard alone and without script, on a desk and on a phone, by day and by night."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.conftest import find_tool
from tests.e2e.server import Wharf

pytestmark = pytest.mark.browser

INSTALL = "apt-get install -y chromium"
DESK, PHONE = (1440, 900), (390, 844)
LOOKS = [(size, scheme) for size in (DESK, PHONE) for scheme in ("light", "dark")]
MANY_TABS = 12


@dataclass
class Person:
    """Somebody at a keyboard. `complaints`: what the browser itself found wrong."""

    page: Page
    server: Wharf
    complaints: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        # A refused form has a status that is not 200, which is meant.
        is_own_status = "status of 4" in message.text and message.location["url"] == self.page.url
        if message.type in ("error", "warning") and not is_own_status:
            self.complaints.append(message.text)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.server.url}{path}")

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def send(self) -> None:
        """Enter, in a field or on a button; until the next page is there."""
        with self.page.expect_navigation():
            self.press("Enter")

    def tab_to(self, name: str) -> None:
        """Tab until what has the focus is called that."""
        for _ in range(MANY_TABS):
            self.press("Tab")
            if self.page.evaluate("document.activeElement.innerText || ''").strip() == name:
                return
        pytest.fail(f"nobody gets to {name!r} by keyboard")

    def sign_in(self, password: str) -> None:
        expect(self.page.get_by_label("User name")).to_be_focused()
        self.page.keyboard.type("admin")
        self.press("Tab")
        self.page.keyboard.type(password)
        self.send()

    @property
    def focused(self) -> Any:
        return self.page.evaluate("document.activeElement.id")

    def fits(self) -> bool:
        """Whether nothing has to be scrolled sideways."""
        wide, has = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        return bool(wide <= has)


@pytest.fixture(scope="module")
def server() -> Iterator[Wharf]:
    server = Wharf()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = find_tool("chromium", INSTALL)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=LOOKS, ids=[f"{size[0]} {scheme}" for size, scheme in LOOKS])
def person(request: pytest.FixtureRequest, server: Wharf, chromium: Browser) -> Iterator[Person]:
    """With another page size and colour scheme each time; whatever the browser complains of fails the test."""
    (width, height), scheme = request.param
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, java_script_enabled=False
    )
    found = Person(context.new_page(), server)
    found.page.on("console", found.hear)
    found.page.on("request", lambda sent: _is_here(found, sent.url))
    yield found
    context.close()
    assert found.complaints == []


def _is_here(person: Person, url: str) -> None:
    if not url.startswith((person.server.url, "data:")):
        person.complaints.append(f"asked another host: {url}")


def test_in_and_out_by_keyboard(person: Person):
    person.go("/")
    person.tab_to("Sign in")
    person.send()
    assert person.fits()
    person.sign_in(person.server.admin.password)
    expect(person.page).to_have_url(f"{person.server.url}/")
    person.tab_to("A")
    person.press("Enter")
    expect(person.page.get_by_text("Signed in as admin")).to_be_visible()
    assert person.fits()
    person.tab_to("Sign out")
    person.send()
    expect(person.page.get_by_role("link", name="Sign in")).to_be_visible()
    assert [cookie["name"] for cookie in person.page.context.cookies()] == ["wharf_csrf"]


def test_a_wrong_password_is_told_and_the_focus_is_where_it_is_typed_again(person: Person):
    person.go("/auth/login?next=/auth/logout")
    person.sign_in("wrong")
    expect(person.page.get_by_role("alert")).to_contain_text("not right")
    expect(person.page.get_by_label("User name")).to_have_value("admin")
    expect(person.page.get_by_label("Password")).to_be_focused()
    assert person.fits()
    person.page.keyboard.type(person.server.admin.password)
    person.send()
    expect(person.page).to_have_url(f"{person.server.url}/auth/logout")


def test_after_a_while_the_password_is_asked_for_again(person: Person):
    person.go("/auth/login")
    person.sign_in(person.server.admin.password)
    age = "UPDATE web_session SET confirmed_at = now() - interval '1 hour'"
    with person.server.database() as database:
        database.execute(age)
    person.go("/auth/confirm?next=/")
    expect(person.page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    expect(person.page.get_by_label("Password")).to_be_focused()
    assert person.fits()
    person.page.keyboard.type(person.server.admin.password)
    person.send()
    expect(person.page).to_have_url(f"{person.server.url}/")
    with person.server.database() as database:
        fresh = database.execute("SELECT max(confirmed_at) > now() - interval '1 minute' FROM web_session")
        assert fresh.fetchone() == (True,)


@pytest.mark.parametrize("path", ["/", "/auth/login", "/auth/none"])
def test_a_narrow_window_scrolls_in_one_direction(server: Wharf, chromium: Browser, path: str):
    context = chromium.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(f"{server.url}{path}")
    assert Person(page, server).fits()
    context.close()


def test_every_target_is_large_enough_for_a_finger(server: Wharf, chromium: Browser):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(f"{server.url}/auth/login")
    for control in page.locator("input:not([type=hidden]), button").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 40
    context.close()


def test_the_explorer_sends_the_token_of_whoever_is_signed_in(server: Wharf, chromium: Browser):
    context = chromium.new_context()
    page = context.new_page()
    person = Person(page, server)
    person.go("/auth/login")
    person.sign_in(server.admin.password)
    person.go("/api/docs")
    expect(page.locator("#explorer .opblock").first).to_be_visible(timeout=30_000)
    cookie = next(each["value"] for each in context.cookies() if each["name"] == "wharf_csrf")
    sent = "(url) => ui.getConfigs().requestInterceptor({url, headers: {}}).headers['X-CSRFToken'] || ''"
    assert page.evaluate(sent, "/api/v2.0/schedules") == cookie
    assert page.evaluate(sent, "https://elsewhere.example/api/v2.0/schedules") == ""
    context.close()

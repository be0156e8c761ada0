"""Each key of the list of shortcuts, where it does something and where it must not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.server import Wharf
from tests.frontend.browser.looks import Look, Watched, comes_true, watched

pytestmark = pytest.mark.browser

TAGS: Final = "/r/team/app/api"
FOCUSED: Final = "() => document.activeElement.closest('tr')?.querySelector('th').innerText.trim() ?? ''"


@pytest.fixture
def desk(chromium: Browser, shelved: Wharf) -> Iterator[Watched]:
    with watched(chromium, shelved, Look()) as found:
        found.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        found.sign_in()
        yield found


def press(page: Page, keys: str) -> None:
    for key in keys.split():
        page.keyboard.press(key)


def copied(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_two_keys_lead_to_each_place(desk: Watched) -> None:
    for keys, path in (("g j", "/jobs"), ("g s", "/preferences"), ("g p", "/projects"), ("g h", "/")):
        press(desk.page, keys)
        desk.page.wait_for_url(re.compile(f"^{re.escape(desk.server.url + path)}([?].*)?$"))


def test_a_row_is_reached_selected_copied_and_opened(desk: Watched) -> None:
    page = desk.page
    desk.go(TAGS)
    names = page.locator("#list tbody th").all_inner_texts()
    press(page, "j j")
    assert page.evaluate(FOCUSED).split()[0] == names[1].split()[0]
    press(page, "k")
    assert page.evaluate(FOCUSED).split()[0] == names[0].split()[0]
    press(page, "y")
    comes_true(page, "async () => (await navigator.clipboard.readText()) !== ''")
    assert copied(page).startswith(f"docker pull {desk.server.host}/team/app/api:{names[0].split()[0]}")
    press(page, "d")
    comes_true(page, "async () => (await navigator.clipboard.readText()).startsWith('sha256:')")
    press(page, "x j x")
    expect(page.locator("[data-selected-count]")).to_have_text("2")
    with page.expect_navigation():
        press(page, "c")
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare")
    desk.go(TAGS)
    press(page, "j")
    with page.expect_navigation():
        press(page, "o")
    expect(page.get_by_role("heading", level=1)).to_contain_text(names[0].split()[0])


def test_the_filters_are_one_key_away_and_there_every_key_is_a_letter(desk: Watched) -> None:
    page = desk.page
    desk.go(TAGS)
    press(page, "f")
    field = page.get_by_role("searchbox", name="Tag")
    expect(field).to_be_focused()
    page.keyboard.type("gpjkxyt?")
    expect(field).to_have_value("gpjkxyt?")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    assert page.url.startswith(f"{desk.server.url}{TAGS}")


def test_with_a_modifier_a_key_is_the_browsers(desk: Watched) -> None:
    desk.go(TAGS)
    press(desk.page, "Control+j Alt+j Meta+j")
    assert desk.page.evaluate(FOCUSED) == ""

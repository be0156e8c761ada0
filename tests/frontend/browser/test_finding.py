"""The search field as a combobox, and the keys, in a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.registry import Registry
from tests.e2e.server import Wharf
from tests.frontend.browser.looks import Look, Watched, watched
from tests.images import two_platforms

pytestmark = pytest.mark.browser

REPOSITORY = "library/sought/for"


@pytest.fixture(scope="module")
def shelves(server: Wharf) -> Wharf:
    with Registry(server.url, server.admin) as registry:
        for tag in ("1.0", "1.1"):
            registry.push(REPOSITORY, tag, two_platforms(tag))
    return server


@pytest.fixture
def desk(chromium: Browser, shelves: Wharf) -> Iterator[Watched]:
    with watched(chromium, shelves, Look()) as found:
        found.sign_in()
        yield found


def test_a_name_is_found_and_opened_by_keys_alone(desk: Watched) -> None:
    page = desk.page
    field = page.get_by_role("combobox", name="Search")
    page.keyboard.press("/")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.type("ought")
    expect(page.get_by_role("option").first).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "so-1")
    expect(field).to_be_focused()
    desk.looks_right()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{desk.server.url}/r/{REPOSITORY}")


def test_enter_without_a_choice_opens_the_page_and_a_reference_its_own(desk: Watched) -> None:
    page = desk.page
    page.keyboard.press("/")
    page.keyboard.type("sought")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{desk.server.url}/search?q=sought")
    expect(page.get_by_role("heading", name="Repositories")).to_be_visible()
    desk.looks_right()
    page.get_by_role("combobox", name="Search").fill(f"docker pull {desk.server.url[7:]}/{REPOSITORY}:1.1")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{desk.server.url}/r/{REPOSITORY}/-/t/1.1")


def test_keys_lead_everywhere_and_can_be_switched_off(desk: Watched) -> None:
    page = desk.page
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url(f"{desk.server.url}/projects")
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_url("**/p/*/")
    page.keyboard.press("?")
    page.wait_for_url(f"{desk.server.url}/help")
    desk.looks_right()
    page.keyboard.press("t")
    page.wait_for_load_state()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    desk.go("/preferences")
    page.get_by_role("group", name="Keyboard shortcuts").get_by_label("Off").check()
    page.get_by_role("button", name="Save the preferences").click()
    expect(page.locator("body")).to_have_attribute("data-shortcuts", "off")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search")).not_to_be_focused()
    # Other tests sign in with the same account.
    page.get_by_role("group", name="Keyboard shortcuts").get_by_label("On").check()
    page.locator("input[name=theme][value=auto]").check()
    page.get_by_role("button", name="Save the preferences").click()
    expect(page.locator("body")).not_to_have_attribute("data-shortcuts", "off")


def test_the_front_page_fills_itself_without_a_jump_of_the_focus(desk: Watched) -> None:
    desk.go("/")
    expect(desk.page.get_by_text("Disk free")).to_be_visible()
    expect(desk.page.get_by_role("link", name=f"{REPOSITORY}:1.1")).to_be_visible()
    assert desk.page.evaluate("document.activeElement === document.body")
    desk.looks_right()


def test_without_a_script_all_of_it_is_found_too(chromium: Browser, shelves: Wharf) -> None:
    with watched(chromium, shelves, Look(scripts=False)) as visitor:
        visitor.sign_in()
        visitor.page.get_by_role("combobox", name="Search").fill("sought")
        visitor.page.keyboard.press("Enter")
        visitor.page.get_by_role("link", name=REPOSITORY).click()
        visitor.page.wait_for_url(f"{shelves.url}/r/{REPOSITORY}")
        visitor.go("/")
        visitor.page.locator("a[href='/me/panels/pushed']").click()
        assert visitor.page.get_by_role("link", name=f"{REPOSITORY}:1.1").is_visible()

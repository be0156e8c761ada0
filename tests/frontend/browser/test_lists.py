"""Lists in a browser: filtered, sorted and walked through without leaving the page, by who has scripts and by who has none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.server import Wharf
from tests.frontend.browser.looks import TABLET, Look, Watched, comes_true, watched

pytestmark = pytest.mark.browser

TAGS = "/r/team/app/api"
# How much of the page moved by itself, as the browser sums it up (CLS).
MOVED = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) if (!each.hadRecentInput) sum += each.value;
  }).observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 100);
})"""


FITS = "document.documentElement.scrollWidth <= window.innerWidth"


@pytest.fixture(scope="module")
def shelves(shelved: Wharf) -> Wharf:
    return shelved


@pytest.fixture
def desk(chromium: Browser, shelves: Wharf) -> Iterator[Watched]:
    with watched(chromium, shelves, Look()) as found:
        found.sign_in()
        yield found


def test_what_is_typed_filters_the_list_and_stands_in_the_address(desk: Watched):
    desk.go(TAGS)
    desk.page.get_by_role("searchbox", name="Tag").press_sequentially("1.1")
    expect(desk.page.get_by_text("6 tags", exact=True)).to_be_visible()
    expect(desk.page).to_have_url(f"{desk.server.url}{TAGS}?q=1.1")
    expect(desk.page.get_by_role("searchbox", name="Tag")).to_be_focused()
    expect(desk.page.locator("#sr-status")).to_have_text("6 tags, newest version first")
    desk.looks_right()
    desk.page.get_by_role("link", name="Remove the filter Tag 1.1").click()
    expect(desk.page.get_by_text("8 tags", exact=True)).to_be_visible()
    expect(desk.page.get_by_role("searchbox", name="Tag")).to_have_value("")
    desk.focus_is_somewhere()
    desk.page.go_back()
    expect(desk.page.get_by_text("6 tags", exact=True)).to_be_visible()


def test_a_head_sorts_and_the_filters_keep_the_order(desk: Watched):
    desk.go(TAGS)
    head = desk.page.get_by_role("columnheader", name="Size")
    head.get_by_role("link").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    desk.focus_is_somewhere()
    desk.page.get_by_role("searchbox", name="Tag").press_sequentially("1.1")
    expect(desk.page).to_have_url(f"{desk.server.url}{TAGS}?q=1.1&sort=-size")
    desk.looks_right()


@pytest.mark.parametrize("settled", ["after a frame", "before a frame"])
def test_a_menu_of_filters_is_used_by_keyboard(desk: Watched, settled: str):
    """A busy computer draws late: a closed menu takes the focus away from what is in it with the next frame alone."""
    desk.go(TAGS)
    if settled == "before a frame":
        desk.page.evaluate("htmx.config.defaultSettleDelay = 0")
    desk.page.locator("#filter-platform summary").focus()
    desk.page.keyboard.press("Enter")
    desk.page.get_by_role("checkbox", name="linux/arm64").check()
    desk.looks_right()
    desk.page.locator("#filter-platform").get_by_role("button", name="Apply").press("Enter")
    expect(desk.page).to_have_url(f"{desk.server.url}{TAGS}?platform=linux%2Farm64")
    expect(desk.page.get_by_role("link", name="Remove the filter Platform linux/arm64")).to_be_visible()
    expect(desk.page.get_by_role("checkbox", name="linux/arm64")).to_be_hidden()
    desk.focus_is_somewhere()


def test_a_menu_at_the_end_of_its_line_stays_on_the_page(chromium: Browser, shelves: Wharf):
    with watched(chromium, shelves, Look(TABLET)) as found:
        found.sign_in()
        for path in ("/jobs", TAGS):
            found.go(path)
            for menu in found.page.locator(".filters details").all():
                menu.locator("summary").click()
                expect(menu.locator(".menu-list")).to_be_visible()
                comes_true(found.page, FITS)


def test_selected_tags_are_deleted_after_a_look_at_what_would_happen(desk: Watched):
    desk.go("/r/team/charts/platform")
    expect(desk.page.get_by_role("button", name="Delete…")).to_be_hidden()
    desk.page.get_by_role("checkbox", name="Select the tag 1.9.0").check()
    expect(desk.page.locator("[data-selected-count]")).to_have_text("1")
    desk.looks_right()
    desk.page.get_by_role("button", name="Delete…").click()
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("Delete the tag 1.9.0?")
    desk.page.get_by_role("button", name="Delete 1 tag").click()
    expect(desk.page.get_by_text("2 tags", exact=True)).to_be_visible()


def test_without_scripts_one_filters_sorts_and_deletes(chromium: Browser, shelves: Wharf):
    with watched(chromium, shelves, Look(scripts=False)) as visitor:
        visitor.sign_in()
        visitor.go("/r/team/app/web")
        visitor.page.get_by_role("searchbox", name="Tag").fill("1.10*")
        visitor.page.get_by_role("button", name="Filter", exact=True).click()
        expect(visitor.page.get_by_text("3 tags", exact=True)).to_be_visible()
        visitor.page.get_by_role("columnheader", name="Size").get_by_role("link").click()
        expect(visitor.page.get_by_role("columnheader", name="Size")).to_have_attribute(
            "aria-sort", "descending"
        )
        visitor.page.locator("#filter-signed summary").click()
        visitor.page.locator("#filter-signed").get_by_role("radio", name="no").check()
        visitor.page.locator("#filter-signed").get_by_role("button", name="Apply").click()
        expect(visitor.page.get_by_text("3 tags", exact=True)).to_be_visible()
        visitor.page.get_by_role("checkbox", name="Select the tag 1.10.1").check()
        visitor.page.get_by_role("button", name="Delete…").click()
        visitor.page.get_by_role("button", name="Delete 1 tag").click()
        expect(visitor.page.get_by_text("4 tags", exact=True)).to_be_visible()


@pytest.mark.parametrize("path", ["/", TAGS])
def test_nothing_moves_once_it_is_drawn(desk: Watched, path: str):
    desk.go(path)
    desk.page.wait_for_load_state("networkidle")
    assert desk.page.evaluate(MOVED) <= 0.02

"""Every page as people see it, by day and by night, on a desk and on a phone: nothing that axe, the console or the policy
complains of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.server import Wharf
from tests.frontend.browser.looks import DESK, LOOKS, PHONE, Look, Watched, watched

pytestmark = pytest.mark.browser

OPEN = ("/", "/auth/login", "/preferences", "/no-such-page")


@pytest.fixture(params=LOOKS, ids=str)
def visitor(request: pytest.FixtureRequest, chromium: Browser, server: Wharf) -> Iterator[Watched]:
    with watched(chromium, server, request.param) as found:
        yield found


def test_an_error_in_a_form_looks_right(visitor: Watched):
    visitor.go("/auth/login")
    visitor.page.fill("#principal", "ann")
    visitor.page.fill("#password", "wrong")
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_role("alert")).to_be_visible()
    visitor.looks_right()


def test_an_open_menu_looks_right_and_escape_closes_it(visitor: Watched):
    visitor.sign_in()
    menu = visitor.page.locator("details.account")
    menu.locator("summary").focus()
    visitor.page.keyboard.press("Enter")
    sign_out = menu.locator("form[action='/auth/logout'] button")
    expect(sign_out).to_be_visible()
    visitor.looks_right()
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Escape")
    expect(sign_out).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()


def test_the_pages_in_chinese_look_right(chromium: Browser, server: Wharf):
    with watched(chromium, server, Look(PHONE, "light", "zh-CN")) as visitor:
        for path in OPEN:
            visitor.go(path)
            assert visitor.page.evaluate("document.documentElement.lang") == "zh-Hans"
            visitor.looks_right()


@pytest.mark.parametrize("scripts", [True, False])
def test_the_menu_of_a_phone_opens_and_closes_with_and_without_scripts(
    chromium: Browser, server: Wharf, scripts: bool
):
    with watched(chromium, server, Look(PHONE, scripts=scripts)) as visitor:
        visitor.go("/")
        side = visitor.page.get_by_role("navigation", name="Main")
        expect(side).to_be_hidden()
        visitor.page.get_by_role("link", name="Menu", exact=True).click()
        expect(side.get_by_role("link", name="Home")).to_be_visible()
        if scripts:
            visitor.looks_right()
        side.get_by_role("link", name="Close the menu").click()
        expect(side).to_be_hidden()


def test_a_theme_that_was_chosen_holds_without_scripts_and_against_the_system(
    chromium: Browser, server: Wharf
):
    with watched(chromium, server, Look(DESK, "light", scripts=False)) as visitor:
        visitor.go("/preferences")
        visitor.page.get_by_label("Dark").check()
        visitor.page.get_by_role("button", name="Save the preferences").click()
        assert visitor.page.locator("html").get_attribute("data-bs-theme") == "dark"
        dark = visitor.page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
        assert dark == "rgb(26, 32, 41)"


def test_the_system_decides_before_the_first_paint(chromium: Browser, server: Wharf):
    with watched(chromium, server, Look(DESK, "dark")) as visitor:
        visitor.go("/")
        assert visitor.page.locator("html").get_attribute("data-bs-theme") == "dark"
        visitor.page.emulate_media(color_scheme="light")
        expect(visitor.page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_a_button_copies_what_stands_beside_it_and_says_so(chromium: Browser, server: Wharf):
    with watched(chromium, server, Look()) as visitor:
        visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        visitor.go("/")
        visitor.page.get_by_role("button", name="Copy Pull").click()
        copied = visitor.page.evaluate("navigator.clipboard.readText()")
        assert copied == f"docker pull {server.host}/library/alpine"
        expect(visitor.page.locator("#sr-status")).to_have_text("Copied")
        expect(visitor.page.get_by_role("button", name="Copy Pull")).to_be_focused()


MARKED = """() => [...document.querySelectorAll("[aria-current]")].filter((each) => {
  const {outlineStyle, borderBottomWidth} = getComputedStyle(each);
  return each.offsetParent && outlineStyle === "none" && !parseFloat(borderBottomWidth);
}).map((each) => each.outerHTML)"""
ICON = "getComputedStyle(document.querySelector('.side a:not([aria-current]) .i')).stroke"
LINK = "getComputedStyle(document.querySelector('.side a:not([aria-current])')).color"
FILLS = "(css) => getComputedStyle(document.querySelector(`svg ${css}`)).fill"
# What turns or slides; to appear, or to take another colour at once, is no motion.
MOVING = """() => [...document.querySelectorAll("*")].filter((each) => {
  const {animationName, transitionDuration} = getComputedStyle(each);
  return animationName === "turn" || transitionDuration.split(", ").some((time) => parseFloat(time) > 0);
}).map((each) => each.outerHTML.slice(0, 200))"""


def test_with_colours_of_ones_own_one_sees_where_one_is_and_what_charts_say(chromium: Browser, server: Wharf):
    with watched(chromium, server, Look()) as visitor:
        visitor.sign_in()
        visitor.page.emulate_media(forced_colors="active")
        for path, theme in (("/", "light"), ("/", "dark"), ("/help/ui", "dark")):
            visitor.go(path)
            # What was chosen here does not count beside what the system wants.
            visitor.page.evaluate("(theme) => document.documentElement.dataset.bsTheme = theme", theme)
            assert visitor.page.evaluate(ICON) == visitor.page.evaluate(LINK)
            assert visitor.page.evaluate(MARKED) == []
            visitor.looks_right()
            visitor.page.keyboard.press("Tab")
            ring = "getComputedStyle(document.activeElement).outlineStyle"
            assert visitor.page.evaluate(ring) != "none"
        filled = {
            visitor.page.evaluate(FILLS, css) for css in (".fill", ".fill-warn", ".fill-danger", ".b-ok")
        }
        assert len(filled) == 1
        assert visitor.page.evaluate(FILLS, ".track") not in filled


def test_nothing_moves_for_who_wants_that(chromium: Browser, server: Wharf):
    with watched(chromium, server, Look()) as visitor:
        visitor.sign_in()
        visitor.page.emulate_media(reduced_motion="reduce")
        for path in ("/", "/help/ui"):
            visitor.go(path)
            assert visitor.page.evaluate(MOVING) == []

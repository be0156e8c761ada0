"""What pages become when somebody acts: a menu or a dialog opens, a part is exchanged, a form is refused, a page says no.

Nothing that axe, the console or the policy complains of, and the keyboard is never lost.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

import pytest
from django.test import RequestFactory
from playwright.sync_api import Browser, Page, Route, expect

from frontend import answers, preferences
from tests import images
from tests.e2e.registry import Registry, basic
from tests.e2e.server import Wharf
from tests.frontend.browser.everywhere import HARM, TAGS
from tests.frontend.browser.hostile import DIGEST, TAG
from tests.frontend.browser.looks import LOOKS, Watched, watched

pytestmark = pytest.mark.browser

PLACE: Final = "team/states/many"
MANY: Final = f"/r/{PLACE}"
GONE: Final = f"{MANY}/-/t/gone"
# Where something unfolds: between them every menu there is.
UNFOLDING: Final = (
    "/help/ui",
    "/projects",
    "/p/team/repos",
    f"{TAGS}?q=1.1*&platform=linux/arm64",
    f"{TAGS}/-/artifacts",
    f"{TAGS}/-/timeline",
    f"{HARM}/-/usage",
    f"{HARM}/-/t/{TAG}",
    f"{HARM}/-/t/{TAG}?tab=layers",
    f"{HARM}/-/t/{TAG}?tab=referrers",
    "/jobs",
)
# What is the same on another page was looked at before.
KIND: Final = """(menu) => [menu.className, menu.id, menu.querySelector("summary").className,
  menu.closest("table, form, header, nav, section")?.className].join(" | ")"""
# A page -> what is pressed on it to exchange a part.
EXCHANGED: Final = (
    ("/projects", "thead a"),
    ("/projects", ".pin"),
    ("/p/team/repos", "thead a"),
    (f"{MANY}?per=25", "#pager-next"),
    (f"{TAGS}?q=1.1*", ".chips .chip a"),
    (f"{TAGS}/-/timeline?tag=latest", ".chips .chip a"),
    ("/jobs?state=failed&trigger=schedule", ".chips .chip a"),
    (f"{HARM}/-/t/{TAG}", "#tool-skopeo"),
    (f"{HARM}/-/t/{TAG}", "#by-digest"),
)
# The administrator's own password: every wrong one counts, and after five of a minute he may not sign in.
RIGHT: Final = "the right one"
# A page with a form -> what is typed that cannot be.
REFUSED: Final[dict[str, dict[str, str]]] = {
    "/auth/confirm": {"password": "wrong"},
    "/projects/new": {"name": "Not A Name!"},
    "/p/team/repos/delete?selected=team/app/web": {"typed": "another"},
    "/me/profile": {"email": "no address"},
    "/me/security": {"old": RIGHT, "password": "Something new 5", "again": "Something new 6"},
    "/me/tokens/new": {"name": ""},
    f"{HARM}/-/add-tag?digest={DIGEST}": {"name": "no tag!"},
    f"{HARM}/-/copy?reference={TAG}": {"repository": "No Repository"},
}
# What the server does not say when it is asked for it.
SAID: Final = {400: 0, 403: 0, 405: 0, 409: 0, 413: 0, 429: 17, 500: 0, 503: 1}


@pytest.fixture(scope="module")
def stocked(shelved: Wharf, harmed: Wharf) -> Wharf:
    """With more tags than a page shows, one that is gone, and a token to revoke."""
    with Registry(shelved.url, shelved.admin) as registry:
        image = images.image({"x": b"the same"})
        registry.push(PLACE, "gone", image)
        for number in range(26):
            registry.put_manifest(PLACE, f"1.{number}", image.manifest)
        sent = {"Authorization": basic(shelved.admin)}
        there = "/api/v2.0/projects/team/repositories/states%252Fmany/artifacts/gone/tags/gone"
        assert registry.http.delete(there, headers=sent).status_code == 200
        token = {"name": f"laptop {os.urandom(4).hex()}", "permissions": None, "duration": 90}
        made = registry.http.post("/api/v2.0/users/current/tokens", json=token, headers=sent)
        assert made.status_code == 201, made.text
    return shelved


@pytest.fixture(params=LOOKS, ids=str)
def visitor(request: pytest.FixtureRequest, chromium: Browser, stocked: Wharf) -> Iterator[Watched]:
    with watched(chromium, stocked, request.param) as found:
        found.sign_in()
        yield found


def test_whatever_unfolds_looks_right(visitor: Watched) -> None:
    page, seen = visitor.page, set[str]()
    for path in UNFOLDING:
        visitor.go(path)
        for menu in page.locator("details:has(summary)").all():
            kind = str(menu.evaluate(KIND))
            if kind in seen or not menu.locator("summary").first.is_visible():
                continue
            seen.add(kind)
            menu.locator("summary").first.click()
            expect(menu).to_have_attribute("open", "")
            page.wait_for_timeout(
                50
            )  # that it is open is told in a task of its own, and some ask then for what is in them
            expect(page.locator("[aria-busy=true]")).to_have_count(0)
            visitor.looks_right("details[open]")
            page.keyboard.press("Escape")
    assert len(seen) > 20


def test_dialogs_look_right_and_give_the_focus_back(visitor: Watched) -> None:
    for path in ("/me/tokens", "/me/security", "/help/ui"):
        visitor.go(path)
        opener = visitor.page.locator("a[data-dialog]").first
        opener.click()
        visitor.page.locator("dialog[open]").wait_for()
        visitor.focus_is_somewhere()
        visitor.looks_right()
        visitor.page.keyboard.press("Escape")
        expect(opener).to_be_focused()


def test_after_a_part_was_exchanged_it_looks_right_and_the_keyboard_is_not_lost(visitor: Watched) -> None:
    for path, selector in EXCHANGED:
        visitor.go(path)
        pressed = visitor.page.locator(selector).first
        if not pressed.is_visible():  # heads of columns, on a phone
            continue
        visitor.page.evaluate("window.isThisPage = true")
        with visitor.page.expect_response(lambda answer: answer.request.header_value("hx-request") == "true"):
            pressed.focus()
            visitor.page.keyboard.press("Enter")
        visitor.page.wait_for_load_state("networkidle")
        assert visitor.page.evaluate("window.isThisPage"), path
        visitor.focus_is_somewhere()
        visitor.looks_right("main")


def test_a_refused_form_looks_right_and_the_focus_is_where_the_mistake_is(visitor: Watched) -> None:
    for path, typed in REFUSED.items():
        visitor.go(path)
        own = visitor.server.admin.password
        send(visitor.page, {name: own if text == RIGHT else text for name, text in typed.items()})
        expect(visitor.page.locator("[role=alert], [aria-invalid=true]").first).to_be_visible()
        assert visitor.page.evaluate("document.activeElement.matches('main input')"), path
        visitor.looks_right("main")


def send(page: Page, typed: dict[str, str]) -> None:
    """As a browser does that does not know what a form may hold."""
    form = page.locator("main form[method=post]").filter(has=page.locator(f"[name={next(iter(typed))}]"))
    for name, value in typed.items():
        form.locator(f"[name={name}]").fill(value)
    form.evaluate("(form) => { form.noValidate = true; }")
    with page.expect_navigation():
        form.locator("button:not([type=button], [value])").last.click()


def test_a_deleted_tag_and_a_page_that_says_no_look_right(
    visitor: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.current.get", lambda setting: setting.default)  # there is no database here
    visitor.go(GONE)
    expect(visitor.page.locator("dl.gone")).to_be_visible()
    visitor.looks_right()
    pages = {status: told(visitor, status, wait) for status, wait in SAID.items()}
    visitor.page.route("**/said/*", lambda route: answer(route, pages))
    for status in SAID:
        visitor.go(f"/said/{status}")
        expect(visitor.page.get_by_role("heading", level=1)).to_have_text("What is wrong")
        # It is the page itself that has such a status.
        visitor.complaints[:] = [each for each in visitor.complaints if f"status of {status}" not in each]
        visitor.looks_right()


def answer(route: Route, pages: dict[int, str]) -> None:
    status = int(route.request.url.rpartition("/")[2])
    route.fulfill(status=status, body=pages[status], content_type="text/html; charset=utf-8")


def told(visitor: Watched, status: int, wait: int) -> str:
    """Such a page, made here: with this server they have to wait for a catastrophe."""
    request = RequestFactory().get("/", SERVER_NAME="127.0.0.1", SERVER_PORT=str(visitor.server.port))
    preferences.begin(request)
    try:
        page = answers.problem(request, status, "What is wrong", "A sentence about it.", wait=wait)
    finally:
        preferences.end()
    return page.content.decode()

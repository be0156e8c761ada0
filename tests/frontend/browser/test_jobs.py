"""A job in a browser: begun from a list and followed to its end on its page, by who has scripts and by who has none."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import images
from tests.e2e.registry import Registry
from tests.e2e.server import Wharf
from tests.frontend.browser.looks import DESK, PHONE, Look, Watched, watched

pytestmark = pytest.mark.browser

QUEUE = "deletions"
# As if a job had written so much while somebody followed it.
MANY_LINES = """() => {
  const list = document.querySelector(".log ol");
  list.replaceChildren(...Array.from({ length: 3100 }, (_, at) => {
    const line = document.createElement("li");
    line.id = `line-${at + 1}`;
    return line;
  }));
  document.dispatchEvent(new CustomEvent("htmx:afterSettle", { detail: { target: list, xhr: {} } }));
}"""
TAGS = ("1.0", "1.1", "1.2", "2.0")


@pytest.fixture
def paused(server: Wharf) -> Iterator[Wharf]:
    """Whatever is asked for waits until the test says otherwise."""
    server.run("jobs", "pause", QUEUE)
    yield server
    server.run("jobs", "resume", QUEUE)


def filled(server: Wharf, name: str) -> str:
    with Registry(server.url, server.admin) as registry:
        for tag in TAGS:
            registry.push(f"library/{name}", tag, images.image({"x": tag.encode()}))
    return f"/r/library/{name}"


def begin(found: Watched, path: str) -> Page:
    """Have all tags "1.…" deleted: the page of the job."""
    found.go(f"{path}/-/delete-tags?all=1&q=1.*")
    with found.page.expect_navigation():
        found.page.get_by_role("button", name="Delete 3 tags").click()
    return found.page


def test_a_job_is_followed_to_its_end_on_its_page(chromium: Browser, paused: Wharf) -> None:
    path = filled(paused, "followed")
    with watched(chromium, paused, Look()) as desk:
        desk.sign_in()
        page = begin(desk, path)
        expect(page.get_by_text("queued", exact=True)).to_be_visible()
        desk.looks_right()
        page.evaluate("document.title = 'not loaded anew'")
        page.get_by_role("searchbox", name="Find in the log").focus()
        paused.run("jobs", "resume", QUEUE)
        expect(page.get_by_text("success", exact=True)).to_be_visible(timeout=30_000)
        expect(page).to_have_title("not loaded anew")
        expect(page.get_by_role("searchbox", name="Find in the log")).to_be_focused()
        expect(page.get_by_role("button", name="Run again")).to_be_visible()
        page.evaluate(MANY_LINES)
        expect(page.locator(".log li")).to_have_count(2000)
        expect(page.get_by_role("link", name="Earlier lines")).to_have_attribute(
            "href", re.compile("before=1101#log")
        )
        desk.looks_right()
        desk.go(path)
        expect(page.get_by_role("rowheader", name="2.0")).to_be_visible()
        expect(page.get_by_text("1 tag", exact=True)).to_be_visible()


def test_without_scripts_a_job_is_begun_stopped_and_looked_at_again(chromium: Browser, paused: Wharf) -> None:
    path = filled(paused, "unscripted")
    with watched(chromium, paused, Look(scripts=False)) as plain:
        plain.sign_in()
        page = begin(plain, path)
        expect(page.locator("meta[http-equiv=refresh]")).to_have_count(1)
        with page.expect_navigation():
            page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("stopped", exact=True)).to_be_visible()
        expect(page.locator("meta[http-equiv=refresh]")).to_have_count(0)
        plain.go("/jobs?by=me&state=stopped")
        expect(page.get_by_role("link", name="Delete tags").first).to_be_visible()


@pytest.mark.parametrize("look", [Look(DESK, "light"), Look(PHONE, "dark")], ids=str)
def test_pages_of_jobs_look_right(chromium: Browser, server: Wharf, look: Look) -> None:
    path = filled(server, f"looked-at-{look.width}")
    with watched(chromium, server, look) as found:
        found.sign_in()
        found.go("/jobs?kind=statistics.fold")
        found.looks_right()
        found.page.locator("tbody th a").first.click()
        expect(found.page.get_by_role("heading", name="Log")).to_be_visible()
        found.looks_right()
        found.go(f"/filters?list=tags&at={path}&query=q%3D1")
        found.page.get_by_label("Keep the present filter as").fill(f"mine {look.width}")
        found.page.get_by_role("button", name="Save the filter").click()
        expect(found.page.get_by_role("link", name=f"mine {look.width}")).to_be_visible()
        found.looks_right()
        found.go("/p/library/repos/delete?selected=library/followed&selected=library/unscripted")
        found.looks_right()
        found.go(f"{path}/-/delete-tags?all=1&q=1.*")
        found.looks_right()

"""What people come for, from the beginning to the end: with scripts, without, and by keyboard alone."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import images
from tests.e2e.clients import Login
from tests.e2e.registry import Registry, basic
from tests.e2e.server import Wharf
from tests.frontend.browser.looks import Look, Watched, watched

pytestmark = pytest.mark.browser

IMAGE = "voyage/app/ferry"
AT = f"/r/{IMAGE}"
# More presses of Tab than a page of a journey has things to stop at.
STOPS = 80


@pytest.fixture(scope="module")
def harbour(server: Wharf) -> Wharf:
    """A project with one repository: "1.0", "1.1", and "latest", which was the first and is the second."""
    with Registry(server.url, server.admin) as registry:
        _project(registry, server.admin)
        for tag in ("1.0", "latest"):
            registry.push(IMAGE, tag, _image("1.0"))
        for tag in ("1.1", "latest"):
            registry.push(IMAGE, tag, _image("1.1"))
    return server


def _project(registry: Registry, who: Login) -> None:
    answer = registry.http.post(
        "/api/v2.0/projects",
        json={"project_name": IMAGE.partition("/")[0], "metadata": {"public": "false"}},
        headers={"Authorization": basic(who)},
    )
    assert answer.status_code == 201, answer.text


def _image(version: str) -> images.Image:
    return images.image({"base": b"the same in both" * 500}, {"app": version.encode() * 900})


@pytest.fixture
def visitor(chromium: Browser, harbour: Wharf) -> Iterator[Watched]:
    with watched(chromium, harbour, Look()) as found:
        found.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        found.sign_in()
        yield found


def copied(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_an_image_is_found_by_a_part_of_its_name_and_its_pull_command_copied(visitor: Watched):
    page = visitor.page
    page.get_by_role("combobox", name="Search").press_sequentially("ferr")
    page.get_by_role("option").filter(has_text="app/ferry").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("app/ferry")
    page.get_by_role("link", name="1.0", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1.0")
    visitor.looks_right()
    page.locator("main").get_by_role("button", name="Copy", exact=True).first.click()
    assert copied(page) == f"docker pull {visitor.server.host}/{IMAGE}:1.0"
    expect(page.locator("#sr-status")).to_have_text("Copied")


def test_the_same_without_scripts(chromium: Browser, harbour: Wharf):
    with watched(chromium, harbour, Look(scripts=False)) as visitor:
        visitor.sign_in()
        page = visitor.page
        field = page.locator("header").get_by_role("combobox", name="Search")
        field.fill("ferr")
        field.press("Enter")
        page.locator("main").get_by_role("link", name="voyage/app/ferry").first.click()
        page.get_by_role("link", name="1.0", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("1.0")
        expect(page.get_by_text(f"docker pull {harbour.host}/{IMAGE}:1.0").first).to_be_visible()
        expect(page.get_by_role("button", name="Copy").first).to_be_hidden()


def test_the_same_by_keyboard_alone(visitor: Watched):
    page, keys = visitor.page, visitor.page.keyboard
    keys.press("/")
    expect(page.get_by_role("combobox", name="Search")).to_be_focused()
    keys.type("ferr")
    expect(page.get_by_role("option").filter(has_text="app/ferry").first).to_be_visible()
    keys.press("ArrowDown")
    with page.expect_navigation():
        keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("app/ferry")
    reach(page, "a", "1.0")
    with page.expect_navigation():
        keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("1.0")
    reach(page, "button", "Copy")
    keys.press("Enter")
    expect(page.locator("#sr-status")).to_have_text("Copied")
    assert copied(page).startswith("docker pull ")
    assert copied(page).endswith(f"/{IMAGE}:1.0")


def reach(page: Page, tag: str, words: str) -> None:
    """Tab until such an element of the page's content has the focus, seen all the way."""
    for _stop in range(STOPS):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => { const e = document.activeElement, at = e.getBoundingClientRect();
              const ring = getComputedStyle(e).outlineStyle;
              return [e.tagName.toLowerCase(), e.innerText?.trim() || "", !!e.closest("main"),
                at.height > 0 && at.bottom > 0 && at.top < innerHeight, ring]; }"""
        )
        if found[:3] == [tag, words, True]:
            assert found[3], "the focus is out of sight"
            assert found[4] != "none", "the focus is not shown"
            return
    raise AssertionError(f"{STOPS} presses of Tab lead to no {tag} {words!r}")


def test_a_push_is_seen_while_it_runs_and_told_of_when_it_is_done(visitor: Watched, harbour: Wharf):
    visitor.go(AT)
    strip = visitor.page.locator("#uploads .strip")
    expect(strip).to_have_count(0)
    image = images.image({"new": os.urandom(40_000)})
    with Registry(harbour.url, harbour.admin) as registry:
        location = registry.start_upload(IMAGE)
        sent = registry.request(
            "PATCH", location, scope=registry.push_scope(IMAGE), content=os.urandom(300_000)
        )
        assert sent.status_code == 202
        visitor.go(AT)
        expect(strip).to_contain_text("Uploading now")
        expect(strip).to_contain_text("admin")
        visitor.looks_right()
        registry.push(IMAGE, "1.2", image)
        told = visitor.page.locator("#toasts").filter(has_text="The tag 1.2 was pushed.")
        expect(told.get_by_role("link", name="Show it")).to_have_attribute(
            "href", f"{AT}/-/t/1.2", timeout=20_000
        )
        visitor.complaints.clear()
        registry.request("DELETE", sent.headers["location"], scope=registry.push_scope(IMAGE))
    expect(strip).to_have_count(0, timeout=20_000)


def test_two_tags_are_compared(visitor: Watched):
    page = visitor.page
    visitor.go(AT)
    for tag in ("1.0", "1.1"):
        page.get_by_role("checkbox", name=f"Select the tag {tag}", exact=True).check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare")
    names = {page.get_by_label("From").input_value(), page.get_by_label("To").input_value()}
    assert names == {"1.0", "1.1"}
    expect(page.locator(".t-diff")).to_be_visible()
    visitor.looks_right()
    before = page.get_by_label("From").input_value()
    page.get_by_role("link", name="Swap the two").click()
    expect(page.get_by_label("To")).to_have_value(before)
    page.get_by_role("link", name="Permalink").click()
    assert page.url.count("sha256") == 2


def test_a_tag_that_was_moved_is_put_back(visitor: Watched, harbour: Wharf):
    page = visitor.page
    old = _image("1.0").digest
    visitor.go(AT)
    page.get_by_role("link", name="Timeline").click()
    visitor.page.goto(f"{page.url}?tag=latest")
    visitor.looks_right()
    moved = page.locator("#list tbody tr").filter(has_text="created").first
    moved.get_by_role("link", name="Restore").click()
    visitor.looks_right()
    page.locator("main form button.btn-primary").click()
    with Registry(harbour.url, harbour.admin) as registry:
        assert registry.get_manifest(IMAGE, "latest").headers["docker-content-digest"] == old
    visitor.go(f"{AT}/-/timeline?tag=latest")
    expect(page.locator("#list tbody tr").first).to_contain_text("restored")

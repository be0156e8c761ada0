"""Words that somebody pushed to harm whoever looks are shown, and do nothing: no dialog, no report of the policy, no script."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urldefrag, urlsplit

import pytest
from playwright.sync_api import Browser, Dialog

from tests.e2e.server import Wharf
from tests.frontend.browser import hostile
from tests.frontend.browser.looks import Look, Watched, watched

pytestmark = pytest.mark.browser

MOST = 90
# What such words would have become: an element of theirs, an attribute that acts, an address that does.
HARM = """() => {
  const found = window.hacked ? ["a script ran"] : [];
  for (const each of document.querySelectorAll("*")) {
    for (const {name, value} of each.attributes) {
      const acts = name.startsWith("on") || name === "style" || name === "srcdoc";
      const leads = ["href", "src", "action", "formaction", "xlink:href"].includes(name);
      const address = value.replace(/[\\u0000-\\u0020]/g, "").toLowerCase();
      if (acts || (leads && /^(javascript|data|vbscript):/.test(address))) found.push(each.outerHTML.slice(0, 300));
    }
    if (["IMG", "IFRAME", "OBJECT", "EMBED", "BASE", "STYLE", "AUDIO", "VIDEO"].includes(each.tagName)) {
      found.push(each.outerHTML.slice(0, 300));
    }
  }
  return found;
}"""
LINKS = "() => [...document.querySelectorAll('a[href]')].map((each) => each.href)"


@pytest.fixture
def visitor(chromium: Browser, harmed: Wharf) -> Iterator[Watched]:
    with watched(chromium, harmed, Look()) as found:
        found.page.on("dialog", lambda dialog: heard(found, dialog))
        yield found


def heard(found: Watched, dialog: Dialog) -> None:
    found.complaints.append(f"a dialog: {dialog.message}")
    dialog.dismiss()


def harmless(visitor: Watched, path: str) -> list[str]:
    """The links of the page, after a look at it. Raises AssertionError where anything of it acts."""
    visitor.go(path)
    visitor.complaints += visitor.page.evaluate("window.stopped.splice(0)")
    visitor.complaints += visitor.page.evaluate(HARM)
    assert visitor.complaints == [], visitor.page.url
    return list(visitor.page.evaluate(LINKS))


def within(visitor: Watched, link: str) -> str:
    """The path of a link that leads on among these pages, "" for any other."""
    if not link.startswith(f"{visitor.server.url}/"):
        return ""
    parts = urlsplit(urldefrag(link).url)
    of_these = parts.path.startswith((f"/r/{hostile.PROJECT}/", f"/p/{hostile.PROJECT}/", "/search"))
    is_file = "export" in parts.query or "download" in parts.query or parts.path.endswith(("/raw", "/export"))
    return f"{parts.path}{'?' if parts.query else ''}{parts.query}" if of_these and not is_file else ""


def test_no_page_about_such_things_does_what_they_say(visitor: Watched):
    visitor.sign_in()
    waiting = [
        f"/r/{hostile.REPOSITORY}",
        f"/p/{hostile.PROJECT}/",
        f"/r/{hostile.REPOSITORY}/-/t/{hostile.TAG}",
    ]
    waiting += [f"/r/{hostile.PROJECT}/chart/-/t/1.0.0", "/search?q=harm"]
    seen: set[str] = set()
    while waiting and len(seen) < MOST:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        waiting += [
            found
            for link in harmless(visitor, path)
            if (found := within(visitor, link)) and found not in seen
        ]
    assert len(seen) > 10


def test_no_page_does_what_its_address_says(visitor: Watched):
    visitor.sign_in()
    for path in hostile.paths():
        harmless(visitor, path)


def test_nor_does_a_page_of_who_is_not_signed_in(visitor: Watched):
    for path in hostile.paths():
        harmless(visitor, path)


def test_such_a_readme_is_previewed_and_does_nothing(visitor: Watched):
    visitor.sign_in()
    visitor.go(f"/r/{hostile.REPOSITORY}/-/about/edit")
    visitor.page.get_by_role("button", name="Preview").click()
    visitor.page.get_by_role("heading", name="Preview").wait_for()
    visitor.complaints += visitor.page.evaluate(HARM)
    visitor.looks_right()
    assert visitor.page.locator(".md form, .md input, .md img").count() == 0

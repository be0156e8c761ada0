"""Every page, by day on a desk and by night on a phone: nothing that axe, the console or the policy complains of."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from frontend.methods import methods_of
from frontend.urls import urlpatterns
from tests.e2e.server import Wharf
from tests.frontend.browser.everywhere import NO_PAGES, OPEN, PAGES
from tests.frontend.browser.looks import LOOKS, Watched, watched

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stocked(shelved: Wharf, harmed: Wharf) -> Wharf:
    assert shelved is harmed
    return harmed


@pytest.fixture(params=LOOKS, ids=str)
def visitor(request: pytest.FixtureRequest, chromium: Browser, stocked: Wharf) -> Iterator[Watched]:
    with watched(chromium, stocked, request.param) as found:
        yield found


def complaints(visitor: Watched, path: str) -> str:
    """What is wrong with the page, "" for nothing."""
    visitor.complaints.clear()
    visitor.go(path)
    if path == "/":
        visitor.page.wait_for_load_state("networkidle")  # its panels come by themselves
    try:
        visitor.looks_right()
        visitor.fits_the_narrowest()
    except AssertionError:
        return "; ".join(visitor.complaints)
    return ""


def test_every_page_has_its_place_here():
    asked = {each.name for each in urlpatterns if "GET" in methods_of(each.callback)}
    assert asked - NO_PAGES == set(PAGES)
    assert {each.name for each in urlpatterns} >= NO_PAGES


def test_pages_of_who_is_signed_in(visitor: Watched):
    visitor.sign_in()
    visitor.go("/jobs")
    job = re.search(r'href="/jobs/(\d+)"', visitor.page.content())
    paths = [each for paths in PAGES.values() for each in paths if job or "{job}" not in each]
    found = {path: complaints(visitor, path.format(job=job[1] if job else 0)) for path in paths}
    assert [f"{path}: {told}" for path, told in found.items() if told] == []
    assert job


def test_pages_of_everybody(visitor: Watched):
    found = {path: complaints(visitor, path) for path in OPEN}
    assert [f"{path}: {told}" for path, told in found.items() if told] == []

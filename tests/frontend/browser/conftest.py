"""One server for all tests here, and one Chromium for those of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import find_tool
from tests.e2e.server import Wharf
from tests.frontend.browser import hostile, seeded

INSTALL = "apt-get install -y chromium"


@pytest.fixture(autouse=True)
def database() -> None:
    """The server has its own."""


@pytest.fixture(scope="session")
def server() -> Iterator[Wharf]:
    server = Wharf()
    try:
        server.start({"WHARF_TEST_GALLERY": "1"})
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def shelved(server: Wharf) -> Wharf:
    """With a few things in it. The files of tests share them."""
    seeded.seed(server)
    return server


@pytest.fixture(scope="session")
def harmed(server: Wharf) -> Wharf:
    """With things in it whose words would do harm, if anything could."""
    hostile.seed(server)
    return server


# Of a file, not of the session: while it lives no other test may start a browser, nor ask the database.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = find_tool("chromium", INSTALL)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()

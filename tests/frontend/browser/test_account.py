"""One's own account in a browser: a secret made and shown, a question in a dialog, and the way back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.server import Wharf

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(chromium: Browser, server: Wharf) -> Iterator[Page]:
    """Somebody who is signed in; a complaint of the console or of the policy fails the test that hears of it."""
    context = chromium.new_context(base_url=server.url)
    page = context.new_page()
    page.goto("/auth/login?next=/me/tokens")
    page.fill("#principal", server.admin.username)
    page.fill("#password", server.admin.password)
    page.click("main .btn-primary")
    yield page
    context.close()


def test_a_token_is_made_by_keyboard_and_revoked_in_a_dialog(page: Page):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/me/tokens/new")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    page.keyboard.type("of a browser")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your new token")
    secret = page.locator(".cmd code").inner_text()
    assert secret.startswith("wharf_pat_")
    page.get_by_role("link", name="I have copied it").click()
    opener = page.get_by_role("link", name="Revoke of a browser")
    opener.click()
    dialog = page.get_by_role("dialog", name="Revoke the token of a browser?")
    expect(dialog.get_by_role("link", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()
    opener.click()
    dialog.get_by_role("button", name="Revoke the token").click()
    expect(page.get_by_text("The token was revoked.")).to_be_visible()
    assert secret not in page.content()
    assert complaints == []


def test_without_a_script_the_question_is_a_page(chromium: Browser, server: Wharf):
    context = chromium.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/auth/login?next=/me/security/cli-secret")
    page.fill("#principal", server.admin.username)
    page.fill("#password", server.admin.password)
    page.click("main .btn-primary")
    page.get_by_role("button", name="Make a new CLI secret").click()
    assert page.locator(".cmd code").inner_text().startswith("wharf_")
    context.close()

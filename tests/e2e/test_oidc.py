"""People sign in at the certified provider, through a real browser: from the sign-in page there, back, and out again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.conftest import find_tool
from tests.e2e.server import Wharf
from tests.oidc.certified import CLIENT, SECRET, Certified, certified

pytestmark = pytest.mark.browser
FITS = "[...document.querySelectorAll('section p')].every(each => each.scrollWidth <= each.clientWidth)"
INSTALL = "apt-get install -y chromium"


@dataclass(frozen=True)
class Place:
    wharf: Wharf
    provider: Certified
    browser: Browser

    def person(self, **claims: object) -> str:
        """Somebody at the provider; the name he signs in by there."""
        name = f"ann{uuid4().hex[:8]}"
        self.provider.know(name, **{"preferred_username": name, "name": "Ann Other", **claims})
        return name

    def facts(self, user: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.wharf.run("user", "show", user, "--json"))
        return found


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    chromium = find_tool("chromium", INSTALL)
    server = Wharf()
    try:
        with certified(tmp_path_factory.mktemp("provider"), server.url) as provider:
            server.start()
            configure(server, provider)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                yield Place(server, provider, browser)
                browser.close()
    finally:
        server.remove()


def configure(server: Wharf, provider: Certified) -> None:
    """As the documentation says for a provider on this machine."""
    pairs = {
        "oidc_name": "Example SSO",
        "oidc_endpoint": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_scope": "openid,profile,email,groups",
        "oidc_groups_claim": "groups",
        "oidc_admin_group": "wharf-admins",
        "oidc_logout": "true",
        "outgoing_allowed_networks": "127.0.0.0/8,::1/128",
        "outgoing_allowed_ports": f"443,{provider.port}",
    }
    given = [f"{key}={value}" for key, value in pairs.items()]
    server.run("config", "set", *given, "--stdin", "oidc_client_secret", stdin=SECRET)


@pytest.fixture
def live(here: Place) -> Wharf:
    """In the place of the shared one: its log is shown beside a red test."""
    return here.wharf


@pytest.fixture
def page(here: Place) -> Iterator[Page]:
    """A browser of somebody's own."""
    context = here.browser.new_context(base_url=here.wharf.url, viewport={"width": 1000, "height": 800})
    yield context.new_page()
    context.close()


def shot(page: Page, name: str) -> None:
    """For people, where they say where to."""
    if folder := os.environ.get("OIDC_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def at_provider(page: Page, person: str) -> None:
    """Signs in at the provider's own page, and lets it tell us."""
    page.get_by_placeholder("Enter any login").fill(person)
    page.get_by_placeholder("and password").fill("any")
    shot(page, "provider")
    page.get_by_role("button", name="Sign-in").click()
    go_on(page)


def go_on(page: Page) -> None:
    """Where the provider asks whether we may know."""
    consent, ours = page.get_by_role("button", name="Continue"), page.locator("#main")
    expect(consent.or_(ours)).to_be_visible()
    if consent.is_visible():
        consent.click()
    expect(ours).to_be_visible()


def sign_in(here: Place, page: Page, person: str, next_: str = "/") -> None:
    page.goto(f"/auth/login?next={next_}")
    shot(page, "login")
    page.get_by_role("link", name="Sign in with Example SSO").click()
    at_provider(page, person)


def user_name(page: Page) -> Locator:
    return page.get_by_role("textbox", name="User name")


def onboard(page: Page) -> None:
    expect(page).to_have_title("Choose your user name · Wharf")
    page.get_by_role("button", name="Make the account").click()


def is_signed_in(here: Place, page: Page, name: str) -> None:
    page.goto("/auth/logout")
    expect(page.get_by_text(f"You are signed in as {name}")).to_be_visible()


def test_somebody_new_signs_in_chooses_a_name_and_is_known_from_then_on(here: Place, page: Page):
    ann = here.person(email=f"{uuid4().hex}@example.org")
    sign_in(here, page, ann)
    expect(user_name(page)).to_have_value(ann)
    shot(page, "onboard")
    assert page.evaluate(FITS), "a long address reaches beyond its paragraph"
    onboard(page)
    expect(page).to_have_url(f"{here.wharf.url}/")
    is_signed_in(here, page, ann)
    assert here.facts(ann)["source"] == "oidc"
    other = here.browser.new_context(base_url=here.wharf.url).new_page()
    sign_in(here, other, ann)
    expect(other).to_have_url(f"{here.wharf.url}/")
    is_signed_in(here, other, ann)
    other.context.close()


def test_a_taken_name_is_said_beside_the_field(here: Place, page: Page):
    bob = here.person(preferred_username="admin")
    sign_in(here, page, bob)
    expect(page.get_by_role("alert")).to_have_text("'admin' is taken here: choose another name.")
    expect(user_name(page)).to_have_value("admin2")
    user_name(page).fill("ADMIN")
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("alert")).to_contain_text("is taken here")
    shot(page, "taken")
    user_name(page).fill(bob)
    page.get_by_role("button", name="Make the account").click()
    expect(page).to_have_url(f"{here.wharf.url}/")


def test_groups_of_the_token_give_roles_and_take_them_again(here: Place, page: Page):
    devs = f"devs{uuid4().hex[:8]}"
    here.wharf.run("group", "create", devs, "--oidc")
    ann = here.person(groups=[devs, "wharf-admins", "unknown here"])
    sign_in(here, page, ann)
    onboard(page)
    is_signed_in(here, page, ann)
    facts = here.facts(ann)
    assert (facts["groups"], facts["admin"]) == ([devs], True)
    here.provider.know(ann, preferred_username=ann, groups=[])
    other = here.browser.new_context(base_url=here.wharf.url).new_page()
    sign_in(here, other, ann)
    is_signed_in(here, other, ann)
    facts = here.facts(ann)
    assert (facts["groups"], facts["admin"]) == ([], False)
    page.goto("/auth/logout")
    expect(page).to_have_url(f"{here.wharf.url}/")  # his first session ended with the right it began with
    other.context.close()


def test_signing_out_here_signs_out_there(here: Place, page: Page):
    ann = here.person()
    sign_in(here, page, ann)
    onboard(page)
    is_signed_in(here, page, ann)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    expect(page).to_have_url(f"{here.wharf.url}/auth/login")
    page.get_by_role("link", name="Sign in with Example SSO").click()
    expect(page.get_by_placeholder("Enter any login")).to_be_visible()


def test_proving_oneself_again_is_done_at_the_provider(here: Place, page: Page):
    ann = here.person()
    sign_in(here, page, ann)
    onboard(page)
    with here.wharf.database() as database:
        database.execute(
            "UPDATE web_session SET confirmed_at = now() - interval '1 hour' WHERE user_id = "
            "(SELECT id FROM account_user WHERE username = %s)",
            [ann],
        )
    page.goto("/auth/confirm?next=/auth/logout")
    shot(page, "confirm")
    page.get_by_role("link", name="Go on with Example SSO").click()
    at_provider(page, ann)
    expect(page).to_have_url(f"{here.wharf.url}/auth/logout")
    with here.wharf.database() as database:
        row = database.execute(
            "SELECT count(*) FROM web_session s JOIN account_user u ON u.id = s.user_id "
            "WHERE u.username = %s AND s.confirmed_at > now() - interval '1 minute'",
            [ann],
        ).fetchone()
    assert row == (1,)


def test_somebody_else_confirms_nobody(here: Place, page: Page):
    ann, bob = here.person(), here.person()
    sign_in(here, page, ann)
    onboard(page)
    page.goto("/c/oidc/login?confirm=1")
    at_provider(page, bob)
    expect(page.get_by_text("have proved to be somebody else")).to_be_visible()
    expect(page.get_by_role("link", name="Try again")).to_be_visible()
    shot(page, "refused")
    is_signed_in(here, page, ann)


def test_who_cancels_there_is_told_so_here(here: Place, page: Page):
    here.person()
    page.goto("/c/oidc/login")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_text("did not let you in, or you cancelled")).to_be_visible()
    shot(page, "cancelled")


def test_the_command_finds_nothing_to_complain_about(here: Place):
    found = json.loads(here.wharf.run("oidc", "test", "--json"))
    assert found["ok"], found
    steps = {step["name"]: step["detail"] for step in found["steps"]}
    assert steps["client"] == f"{CLIENT}, the secret is right"
    assert f"{here.wharf.url}/c/oidc/callback" in steps["redirect address"]
    wrong = here.wharf.try_run("oidc", "test", "--stdin", "oidc_client_secret", stdin="wrong")
    assert wrong.returncode == 1
    assert "the provider refuses this client (invalid_client)" in wrong.stdout
    assert "check oidc_client_id and oidc_client_secret" in wrong.stdout

"""`wharf oidc test` and what an administrator is told: each step, and the true cause of what went wrong."""

from __future__ import annotations

import email.utils
import json
import time

import pytest

from accounts.oidc import ProviderSettings, Step, diagnose, offered
from config.models import StoredSetting
from core.errors import ProviderUnavailable, SettingsInvalid
from tests.oidc.provider import CLIENT, Answer, Provider, new_key
from tests.oidc.visitor import Configure, Visitor

pytestmark = pytest.mark.django_db


def tried(**wanted: object) -> list[Step]:
    return diagnose(ProviderSettings.proposed(wanted))


def test_a_good_provider_is_told_step_by_step(provider: Provider):
    steps = {step.name: step for step in tried(oidc_logout=True)}
    assert list(steps) == ["discovery", "clock", "signing keys", "client", "redirect address", "signing out"]
    assert all(step.ok for step in steps.values())
    assert steps["client"].detail == f"{CLIENT}, the secret is right"
    assert "http://testserver/c/oidc/callback" in steps["redirect address"].detail
    assert "http://testserver/auth/login" in steps["signing out"].detail


def test_nothing_remembered_is_used(provider: Provider, visitor: Visitor):
    visitor.begin()
    provider.answers["/.well-known/openid-configuration"] = lambda: Answer({}, 404)
    (step,) = tried()
    assert (step.ok, step.detail.partition(" ")[2]) == (
        False,
        "answered with status 404 when asked for its discovery document",
    )


@pytest.mark.parametrize(
    ("path", "answer", "last", "detail", "hint"),
    [
        ("/keys", Answer({"keys": []}), "signing keys", "publishes no public key that signs", "jwks_uri"),
        (
            "/keys",
            Answer({"keys": [new_key().as_dict(private=True)]}),
            "signing keys",
            "no public key",
            "jwks_uri",
        ),
        (
            "/token",
            Answer({"error": "invalid_client"}, 401),
            "client",
            "refuses this client",
            "oidc_client_secret",
        ),
    ],
)
def test_what_is_wrong_is_the_last_step(
    provider: Provider, path: str, answer: Answer, last: str, detail: str, hint: str
):
    provider.answers[path] = lambda: answer
    step = tried()[-1]
    assert (step.name, step.ok) == (last, False)
    assert detail in step.detail
    assert hint in step.hint


@pytest.mark.parametrize(
    ("seconds", "is_fine", "is_hinted"), [(0, True, False), (30, True, True), (-300, False, True)]
)
def test_clocks_that_differ_are_told(provider: Provider, seconds: int, is_fine: bool, is_hinted: bool):
    date = email.utils.formatdate(time.time() + seconds, usegmt=True)
    provider.answers["/.well-known/openid-configuration"] = lambda: Answer(
        provider.document(), headers={"Date": date}
    )
    found = {step.name: step for step in tried()}["clock"]
    assert (found.ok, bool(found.hint)) == (is_fine, is_hinted)


def test_the_slash_at_the_end_is_part_of_the_name(provider: Provider):
    (step,) = tried(oidc_endpoint=f"{provider.issuer}/", oidc_client_secret="x")
    assert "that of another issuer" in step.detail
    assert "with or without the slash" in step.hint


def test_a_provider_on_this_machine_needs_two_settings_and_the_refusal_names_them(
    provider: Provider, configure: Configure
):
    port = int(provider.issuer.rpartition(":")[2])
    configure(outgoing_allowed_networks=[])
    (step,) = tried()
    assert "outgoing_allowed_networks to 127.0.0.0/8" in step.hint
    configure(outgoing_allowed_networks=["127.0.0.0/8"], outgoing_allowed_ports=[443])
    (step,) = tried()
    assert step.detail.startswith(f"port {port} is not one of those allowed")
    assert "outgoing_allowed_ports" in step.hint


def test_the_stored_secret_goes_to_no_other_provider(provider: Provider):
    with pytest.raises(SettingsInvalid, match="names another server: give oidc_client_secret again"):
        tried(oidc_endpoint="https://other.example")


def test_a_setting_that_cannot_be_read_lets_nobody_in_by_a_default(provider: Provider, visitor: Visitor):
    from config import current

    StoredSetting.objects.filter(key="oidc_endpoint").update(value=7)
    current.forget()
    assert offered() is None
    assert visitor.client.get("/c/oidc/login").status_code == 503
    with pytest.raises(ProviderUnavailable, match="does not answer"):
        ProviderSettings.current()


def test_a_secret_shows_nowhere(provider: Provider):
    text = repr(ProviderSettings.current()) + json.dumps([step.detail for step in tried()])
    assert "a secret: with a colon" not in text

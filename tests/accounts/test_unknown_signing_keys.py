"""Signing keys that a process has not heard of: another one's new key, and those somebody made up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from access.principal import ActorKind
from accounts import registry_tokens, signing_keys
from accounts.models import SigningKey
from accounts.registry_tokens import Bearer
from core.errors import Unauthenticated
from tests.people import SYSTEM

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_looked_for(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keys made here are rolled back: nobody else is to know them."""
    signing_keys.forget()
    signing_keys._looked_for_unknown.clear()
    yield
    signing_keys.forget()
    signing_keys._looked_for_unknown.clear()
    registry_tokens.remembered.clear()


def test_a_key_that_another_process_made_this_moment_is_found_at_once(monkeypatch: pytest.MonkeyPatch):
    for _ in range(3):
        known = signing_keys.keyset()
        signing_keys.rotate(SYSTEM)
        token = registry_tokens.issue(Bearer(ActorKind.ANONYMOUS, 0, "", 0), (), {}).token
        # As in a process that read the keys just before the rotation.
        monkeypatch.setattr(signing_keys, "_loaded", replace(known, loaded_at=time.monotonic()))
        assert registry_tokens.verify(token).bearer.kind is ActorKind.ANONYMOUS


def test_keys_that_somebody_made_up_cost_ten_queries_a_second(django_assert_num_queries: Any):
    signing_keys.keyset()
    with django_assert_num_queries(signing_keys.UNKNOWN_KEY_LOADS):
        for number in range(100):
            assert f"made-up-{number}" not in signing_keys.keyset(wanted=f"made-up-{number}").public


def test_a_token_of_a_key_that_is_not_there_is_refused():
    known = signing_keys.keyset()
    token = registry_tokens.issue(Bearer(ActorKind.ANONYMOUS, 0, "", 0), (), {}).token
    SigningKey.objects.filter(kid=known.kid).delete()
    signing_keys.forget()
    with pytest.raises(Unauthenticated):
        registry_tokens.verify(token)

"""The lifetime of registry tokens is what the setting says, and a retired key verifies as long as its last token."""

from __future__ import annotations

from collections.abc import Callable

import jwt
import pytest

from access.principal import ActorKind
from accounts import registry_tokens, signing_keys
from accounts.models import SigningKey
from accounts.registry_tokens import Bearer
from database import sql
from tests.people import SYSTEM

pytestmark = pytest.mark.django_db


def issued_seconds() -> tuple[int, int]:
    """As told to the client, and as signed."""
    issued = registry_tokens.issue(Bearer(ActorKind.USER, 1, "ann", 1), [], {})
    claims = jwt.decode(issued.token, options={"verify_signature": False})
    return issued.expires_in, claims["exp"] - claims["iat"]


def test_a_token_lives_as_long_as_the_setting_says(configure: Callable[..., None]):
    signing_keys.forget()
    assert issued_seconds() == (300, 300)
    configure(token_expiration=2)
    assert issued_seconds() == (120, 120)


def test_a_retired_key_outlives_the_last_token_it_signed(configure: Callable[..., None]):
    configure(token_expiration=30)
    signing_keys.forget()
    kid = signing_keys.keyset().kid
    signing_keys.rotate(SYSTEM)
    left = sql.value("SELECT extract(epoch FROM retired_at - now()) FROM signing_key WHERE kid = %s", [kid])
    assert 30 * 60 < float(left) <= 31 * 60
    assert SigningKey.objects.get(retired_at__isnull=True).kid != kid
    signing_keys.forget()


def test_a_key_verifies_its_tokens_after_their_lifetime_was_lowered_and_the_key_replaced(
    configure: Callable[..., None],
):
    configure(token_expiration=30)
    signing_keys.forget()
    token = registry_tokens.issue(Bearer(ActorKind.USER, 1, "ann", 1), [], {}).token
    configure(token_expiration=1)
    signing_keys.rotate(SYSTEM)
    sql.execute(
        "UPDATE signing_key SET retired_at = retired_at - interval '29 minutes' WHERE retired_at IS NOT NULL"
    )
    signing_keys.forget()
    assert registry_tokens.verify(token).bearer.name == "ann"
    signing_keys.forget()

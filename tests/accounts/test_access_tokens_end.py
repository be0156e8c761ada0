"""The CLI secret, and what ends with a key: registry tokens that were got by it, within five seconds and nobody else's."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.hashers import check_password

from access.principal import AuthMethod, Principal
from accounts import gate, registry_tokens
from accounts.keys import secrets
from accounts.models import AccessToken, TokenKind, User
from accounts.registry_tokens import Claims
from accounts.services import access_tokens, users
from accounts.services.access_tokens import WantedToken, create_access_token, new_cli_secret
from audit.models import AuditEvent
from core.errors import Conflict, Denied, InvalidInput, Unauthenticated
from projects import registry_access
from tests.accounts.directories import Configure
from tests.people import ORIGIN, SYSTEM, make_user, principal
from tests.projects.races import at_once

CHOSEN = "Chosen-by-Harbor-1"


def proven_by(user: User, secret: str) -> Principal:
    return gate.prove(user.username, secret, ORIGIN)


def claims_of(user: User, secret: str) -> Claims:
    """Of a registry token got by that secret."""
    bearer = registry_access.bearer_of(proven_by(user, secret))
    assert bearer is not None
    return registry_tokens.verify(registry_tokens.issue(bearer, [], {}).token)


@pytest.mark.django_db
def test_a_cli_secret_proves_its_owner_and_is_replaced_at_once():
    user = make_user()
    first, secret = new_cli_secret(principal(user), user)
    proven = proven_by(user, secret)
    assert (proven.id, proven.auth, proven.key_id) == (user.pk, AuthMethod.CLI_SECRET, first.pk)
    claims = claims_of(user, secret)
    second, other = new_cli_secret(principal(user), user)
    assert second.pk != first.pk
    assert proven_by(user, other).key_id == second.pk
    with pytest.raises(Unauthenticated):
        proven_by(user, secret)
    registry_access.forget()
    assert registry_access.standing(claims) is None


@pytest.mark.django_db
def test_its_clock_is_its_own(configure: Configure):
    configure(access_token_duration=14, access_token_max_duration=10)
    user = make_user()
    token, secret = new_cli_secret(principal(user), user)
    assert token.expires_at is not None
    assert (token.expires_at - token.created_at) / timedelta(days=1) == pytest.approx(10, abs=0.001)
    AccessToken.objects.filter(pk=token.pk).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(Unauthenticated):
        proven_by(user, secret)


@pytest.mark.django_db
def test_a_chosen_secret_is_hashed_slowly_and_for_accounts_without_a_password():
    user = make_user()
    token, secret = new_cli_secret(principal(user), user, CHOSEN)
    row = AccessToken.objects.get(pk=token.pk)
    assert secret == CHOSEN
    assert row.digest is None
    assert check_password(CHOSEN, row.hash)
    assert CHOSEN not in str(list(AuditEvent.objects.values_list("detail", flat=True)))
    assert proven_by(user, CHOSEN).auth is AuthMethod.CLI_SECRET
    with pytest.raises(InvalidInput, match="a digit"):
        new_cli_secret(principal(user), user, "no-Digit-in-it")
    local = make_user(password="correct horse")
    with pytest.raises(Conflict, match="personal access token"):
        new_cli_secret(principal(local), local, CHOSEN)
    assert new_cli_secret(principal(local), local)[1].startswith(secrets.CLI_PREFIX)


@pytest.mark.django_db
def test_a_password_takes_the_place_of_a_chosen_secret():
    user = make_user()
    new_cli_secret(principal(user), user, CHOSEN)
    users.set_password(SYSTEM, user, "correct horse")
    assert not user.access_tokens.exists()
    generated, _ = new_cli_secret(principal(user), user)
    users.set_password(SYSTEM, user, "battery staple")
    assert list(user.access_tokens.all()) == [generated]


@pytest.mark.django_db
def test_no_administrator_sets_the_cli_secret_of_somebody_else():
    user, admin = make_user(), make_user(is_admin=True)
    for actor in (principal(admin), SYSTEM):
        with pytest.raises(Denied):
            new_cli_secret(actor, user, CHOSEN)


def _expire(token: AccessToken) -> None:
    AccessToken.objects.filter(pk=token.pk).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))


@pytest.mark.parametrize("end", [lambda token: access_tokens.revoke_access_token(SYSTEM, token), _expire])
@pytest.mark.django_db
def test_registry_tokens_of_a_revoked_token_end_within_five_seconds(end: Callable[[AccessToken], None]):
    user = make_user()
    token, secret = create_access_token(principal(user), user, WantedToken("one", None))
    _, other = create_access_token(principal(user), user, WantedToken("other", None))
    ended, kept = claims_of(user, secret), claims_of(user, other)
    assert registry_access.standing(ended) is not None
    end(token)
    deadline = time.monotonic() + 5
    while registry_access.standing(ended) is not None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert registry_access.standing(ended) is None
    assert registry_access.standing(kept) is not None
    assert User.objects.get(pk=user.pk).auth_epoch == user.auth_epoch


@pytest.mark.django_db
def test_tokens_sleep_while_their_owner_is_disabled():
    user = make_user()
    _, secret = create_access_token(principal(user), user, WantedToken("one", None))
    users.disable_user(SYSTEM, user)
    with pytest.raises(Unauthenticated):
        proven_by(user, secret)
    users.enable_user(SYSTEM, user)
    assert proven_by(user, secret).id == user.pk


@pytest.mark.django_db(transaction=True)
def test_of_two_cli_secrets_made_at_once_one_is_left_and_it_works():
    user = make_user()
    made: list[str] = []
    raised = at_once(*[lambda: made.append(new_cli_secret(principal(user), user)[1])] * 4)
    assert raised == [None] * 4
    (row,) = AccessToken.objects.filter(user=user, kind=TokenKind.CLI_SECRET)
    assert [secrets.is_digest_of(row.digest, secret) for secret in made].count(True) == 1


@pytest.mark.django_db(transaction=True)
def test_a_hundred_is_the_bound_for_those_made_at_once_too():
    user = make_user()
    AccessToken.objects.bulk_create(
        AccessToken(user=user, kind="pat", name=f"t{number}") for number in range(98)
    )
    raised = at_once(
        *[
            lambda number=number: create_access_token(principal(user), user, WantedToken(f"n{number}", None))
            for number in range(4)
        ]
    )
    assert sorted(raised, key=str) == sorted([None, None, Conflict, Conflict], key=str)
    assert user.access_tokens.count() == 100

"""Personal access tokens: who makes them, what is kept of them, and what ends with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from access.allowances import Allowance, Allowances, Place
from access.principal import AuthMethod, Principal
from access.table import P, Role
from accounts.keys import secrets
from accounts.models import AccessToken, User
from accounts.services import access_tokens, users
from accounts.services.access_tokens import WantedToken, create_access_token
from audit.models import AuditEvent
from core.errors import (
    AccessTokenUnknown,
    AlreadyExists,
    ConfirmationNeeded,
    Conflict,
    Denied,
    InvalidInput,
    ProjectUnknown,
)
from core.globs import Glob
from tests import keys
from tests.accounts.directories import Configure
from tests.people import ORIGIN, SYSTEM, make_member, make_project, make_user, principal, unique

pytestmark = pytest.mark.django_db

PULL: Allowances = (Allowance(Place.ALL_PROJECTS, frozenset({P.REPOSITORY_PULL})),)


def make(
    user: User, name: str = "", allowances: Allowances | None = PULL, days: int | None = None
) -> AccessToken:
    return create_access_token(principal(user), user, WantedToken(name or unique("t"), allowances, days))[0]


def test_a_token_is_kept_as_a_digest_and_named_in_the_audit_log():
    user, project = make_user(), make_project(public=True)
    bounds = (Allowance(Place.PROJECT, keys.PULL, project.pk, (Glob.parse("team/**"),)),)
    wanted = WantedToken("laptop", bounds, days=7, networks=["192.0.2.0/24"])
    token, secret = create_access_token(principal(user), user, wanted)
    assert secret.startswith(secrets.PAT_PREFIX)
    row = AccessToken.objects.get(pk=token.pk)
    assert secrets.is_digest_of(row.digest, secret)
    assert row.allowances == [each.as_json() for each in bounds]
    assert (row.networks, row.created_ip, row.user_id) == (["192.0.2.0/24"], ORIGIN.ip, user.pk)
    event = AuditEvent.objects.get(operation="access-token.create", resource_id=str(token.pk))
    assert (event.actor_id, event.permission, event.resource_name) == (
        user.pk,
        "access-token:create",
        "laptop",
    )
    assert event.detail["after"]["networks"] == ["192.0.2.0/24"]
    assert secret not in str(vars(row)) + str(vars(event)) + repr(token)


def test_nobody_makes_a_token_for_somebody_else():
    victim, admin = make_user(), make_user(is_admin=True)
    for actor in (principal(admin), SYSTEM, principal(make_user()), principal(make_user(is_auditor=True))):
        with pytest.raises(Denied):
            create_access_token(actor, victim, WantedToken("key", PULL))
        with pytest.raises(Denied):
            access_tokens.new_cli_secret(actor, victim)
    assert not victim.access_tokens.exists()
    denied = AuditEvent.objects.filter(operation="access-token.create", result="denied", actor_id=admin.pk)
    assert "in his name" in denied[0].detail["reason"]


@pytest.mark.parametrize("auth", [AuthMethod.PAT, AuthMethod.CLI_SECRET, AuthMethod.TOKEN])
@pytest.mark.parametrize("is_admin", [False, True])
def test_no_key_makes_another_one(auth: AuthMethod, is_admin: bool):
    user = make_user(is_admin=is_admin)
    with pytest.raises(Denied):
        create_access_token(principal(user, auth=auth), user, WantedToken("key", None))
    with pytest.raises(Denied):
        access_tokens.new_cli_secret(principal(user, auth=auth), user)


def test_a_session_that_is_not_confirmed_makes_none():
    user = make_user()
    actor = Principal(principal(user).kind, user.pk, user.username, auth=AuthMethod.SESSION, confirmed=False)
    with pytest.raises(ConfirmationNeeded):
        create_access_token(actor, user, WantedToken("key", PULL))


@pytest.mark.parametrize(
    "lose",
    [
        lambda user: users.disable_user(SYSTEM, user),
        lambda user: users.set_password(SYSTEM, user, "battery staple"),
    ],
)
def test_who_has_just_lost_his_rights_makes_none(lose: Callable[[User], object]):
    user = make_user()
    actor = Principal(
        principal(user).kind, user.pk, user.username, auth=AuthMethod.SESSION, epoch=user.auth_epoch
    )
    lose(user)
    with pytest.raises(Denied, match="sign in again"):
        create_access_token(actor, user, WantedToken("key", PULL))


WRONG: list[tuple[WantedToken, str]] = [
    (WantedToken("", PULL), "1 to 255 characters"),
    (WantedToken("x" * 256, PULL), "1 to 255 characters"),
    (WantedToken("a\nb", PULL), "control characters"),
    (WantedToken("nul\0", PULL), "control characters"),
    (WantedToken("cli SECRET", PULL), "choose another name"),
    (WantedToken("key", ()), "say what the token is for"),
    (WantedToken("key", (Allowance(Place.SYSTEM, frozenset()),)), "say what the token is for"),
    (WantedToken("key", PULL * 201), "at most 200 places"),
    (
        WantedToken("key", tuple(replace(PULL[0], repositories=(Glob.parse(f"r{n}"),)) for n in range(65))),
        "64 patterns",
    ),
    (
        WantedToken("key", (Allowance(Place.SYSTEM, frozenset({P.ACCESS_TOKEN_CREATE})),)),
        "access-token:create",
    ),
    (WantedToken("key", PULL, days=0), "1 to 365 days"),
    (WantedToken("key", PULL, days=366), "access_token_max_duration"),
    (WantedToken("key", PULL, days=-1), "1 to 365 days"),
    (WantedToken("key", PULL, days=10**12), "1 to 365 days"),
    (WantedToken("key", PULL, networks=["home"]), "is no network"),
]


@pytest.mark.parametrize(("wanted", "words"), WRONG)
def test_bad_input_makes_no_token(wanted: WantedToken, words: str):
    user = make_user()
    with pytest.raises(InvalidInput, match=words):
        create_access_token(principal(user), user, wanted)
    assert not user.access_tokens.exists()


def test_a_project_he_may_not_see_is_unknown_as_one_that_is_not_there():
    user, hidden = make_user(), make_project()
    gone = make_project()
    gone_id = gone.pk
    gone.delete()
    for id_ in (hidden.pk, gone_id):
        with pytest.raises(ProjectUnknown, match=f"no project with the id {id_}"):
            make(user, allowances=(Allowance(Place.PROJECT, keys.PULL, id_),))
    member = make_member(hidden, Role.LIMITED_GUEST)
    # More than he holds may be named: what he may not do the token may not either, until he may.
    make(member, allowances=(Allowance(Place.PROJECT, keys.PUSH, hidden.pk),))
    assert member.access_tokens.count() == 1


def test_a_token_lives_as_long_as_its_owner_says_within_the_settings(configure: Configure):
    def days(token: AccessToken) -> float | None:
        return None if token.expires_at is None else (token.expires_at - token.created_at) / timedelta(days=1)

    user = make_user()
    assert days(make(user)) == pytest.approx(90, abs=0.001)
    assert days(make(user, days=365)) == pytest.approx(365, abs=0.001)
    configure(access_token_max_duration=30)
    assert days(make(user)) == pytest.approx(30, abs=0.001)
    configure(access_token_max_duration=-1)
    assert days(make(user)) == pytest.approx(90, abs=0.001)
    assert days(make(user, days=-1)) is None
    assert days(make(user, days=3650)) == pytest.approx(3650, abs=0.001)
    with pytest.raises(InvalidInput, match="or -1 for ever"):
        make(user, days=3651)


def test_a_name_is_used_once_by_each_person():
    ann, bob = make_user(), make_user()
    first = make(ann, "laptop")
    with pytest.raises(AlreadyExists, match="revoke it first"):
        make(ann, "LapTop")
    assert make(bob, "laptop").pk != first.pk
    access_tokens.revoke_access_token(principal(ann), first)
    assert make(ann, "laptop").pk != first.pk


def test_nobody_has_more_than_a_hundred():
    user = make_user()
    past = datetime.now(UTC) - timedelta(days=1)
    AccessToken.objects.bulk_create(
        AccessToken(user=user, kind="pat", name=f"t{number}", expires_at=past if number < 7 else None)
        for number in range(100)
    )
    with pytest.raises(Conflict, match="7 of these have expired"):
        make(user)
    access_tokens.new_cli_secret(principal(user), user)


def test_tokens_are_seen_by_their_owner_and_administrators_without_what_proves_them():
    ann, admin = make_user(), make_user(is_admin=True)
    token = make(ann, "laptop")
    assert list(access_tokens.access_tokens_of(principal(ann), ann)) == [token]
    (seen,) = access_tokens.access_tokens_of(principal(admin), ann)
    assert {"digest", "hash"} <= seen.get_deferred_fields()
    assert token in access_tokens.all_access_tokens(principal(admin))
    for stranger in (principal(make_user()), principal(make_user(is_auditor=True))):
        with pytest.raises(Denied):
            access_tokens.access_tokens_of(stranger, ann)
        with pytest.raises(Denied):
            access_tokens.all_access_tokens(stranger)
    with pytest.raises(Denied):
        access_tokens.all_access_tokens(principal(ann))


def test_a_token_is_revoked_by_its_owner_or_an_administrator():
    ann, admin = make_user(), make_user(is_admin=True)
    for actor in (principal(ann), principal(admin), SYSTEM):
        token = make(ann, "laptop")
        with pytest.raises(Denied):
            access_tokens.revoke_access_token(principal(make_user()), token)
        access_tokens.revoke_access_token(actor, token)
        event = AuditEvent.objects.get(
            operation="access-token.delete", resource_id=str(token.pk), result="ok"
        )
        assert (event.resource_name, event.actor_name) == ("laptop", actor.name)
        with pytest.raises(AccessTokenUnknown):
            access_tokens.revoke_access_token(actor, token)


def test_all_keys_of_a_person_are_revoked_at_once():
    ann, bob = make_user(), make_user()
    kept = make(bob)
    make(ann, "one")
    access_tokens.new_cli_secret(principal(ann), ann)
    assert access_tokens.revoke_all(SYSTEM, ann) == 2
    assert access_tokens.revoke_all(SYSTEM, ann) == 0
    assert list(AccessToken.objects.filter(user__in=[ann, bob])) == [kept]
    (event,) = AuditEvent.objects.filter(operation="access-token.delete", resource_id=str(ann.pk))
    assert set(event.detail["before"]["names"]) == {"one", "CLI secret"}


def test_a_token_is_found_by_name_in_any_case():
    user = make_user()
    token = make(user, "Laptop")
    assert access_tokens.access_token_by_name(SYSTEM, user, "laptop") == token
    with pytest.raises(AccessTokenUnknown, match="phone"):
        access_tokens.access_token_by_name(SYSTEM, user, "phone")

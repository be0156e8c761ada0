from __future__ import annotations

from collections.abc import Callable

import pytest

from access.table import Role
from accounts.models import AccessToken, Identity, Source, TokenKind, User
from accounts.services import users
from accounts.sync.shapes import Sighting
from audit.models import AuditEvent
from core.errors import AlreadyExists, InvalidInput, KeptByDirectory, LastAdministrator, UserUnknown
from tests.people import SYSTEM, make_member, make_project, make_user, unique

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse"


def last_event(user_id: int) -> AuditEvent:
    return AuditEvent.objects.filter(resource_type="user", resource_id=str(user_id)).order_by("-id")[0]


def epoch(user: User) -> int:
    return User.objects.get(pk=user.pk).auth_epoch


def seen(user: User) -> Sighting:
    """As the directory sees the person whose account it is."""
    identity, _ = Identity.objects.get_or_create(
        user=user, source=Source.LDAP, defaults={"subject": unique("subject")}
    )
    return Sighting(identity.subject, epoch(user))


def test_a_created_user_is_audited_without_the_password():
    name = unique("ann")
    user = users.create_user(SYSTEM, name, password=PASSWORD, email="ann@example.org", full_name="Ann Lee")
    event = last_event(user.pk)
    assert (event.operation, event.actor_kind, event.permission) == ("user.create", "system", "user:create")
    assert event.detail["after"]["username"] == name
    assert PASSWORD not in str(event.detail)
    assert user.auth_epoch == 1


def test_two_names_that_differ_in_case_are_one_name():
    name = unique("ann")
    users.create_user(SYSTEM, name, password=PASSWORD)
    with pytest.raises(AlreadyExists):
        users.create_user(SYSTEM, name.upper(), password=PASSWORD)


@pytest.mark.parametrize(
    "wrong",
    [{"password": "short"}, {"email": "no address"}, {"email": "a@" + "x" * 300}, {"full_name": "a\nb"}],
)
def test_bad_input_creates_nobody(wrong: dict[str, str]):
    name = unique("ann")
    with pytest.raises(InvalidInput):
        users.create_user(
            SYSTEM,
            name,
            password=wrong.get("password", PASSWORD),
            email=wrong.get("email", ""),
            full_name=wrong.get("full_name", ""),
        )
    assert not User.objects.filter(username=name).exists()


LOSSES: list[Callable[[User], object]] = [
    lambda user: users.set_password(SYSTEM, user, "battery staple"),
    lambda user: users.disable_user(SYSTEM, user),
    lambda user: users.set_admin(SYSTEM, user, False),
    lambda user: users.set_auditor(SYSTEM, user, False),
]
GAINS: list[Callable[[User], object]] = [
    lambda user: users.enable_user(SYSTEM, user),
    lambda user: users.set_admin(SYSTEM, user, True),
    lambda user: users.set_auditor(SYSTEM, user, True),
    lambda user: users.change_user(SYSTEM, user, email="new@example.org"),
]


@pytest.mark.parametrize("lose", LOSSES)
def test_every_right_lost_ends_the_tokens_issued_before(lose: Callable[[User], object]):
    make_user(is_admin=True, password=PASSWORD)
    user = make_user(password=PASSWORD, is_admin=True, is_auditor=True)
    lose(user)
    assert epoch(user) == 2
    assert last_event(user.pk).result == "ok"


@pytest.mark.parametrize("gain", GAINS)
def test_a_right_gained_ends_nothing(gain: Callable[[User], object]):
    user = make_user(is_active=False)
    gain(user)
    assert epoch(user) == 1
    assert last_event(user.pk).result == "ok"


@pytest.mark.parametrize(
    "repeat",
    [
        lambda user: users.enable_user(SYSTEM, user),
        lambda user: users.set_admin(SYSTEM, user, False),
        lambda user: users.change_user(SYSTEM, user, email=""),
    ],
)
def test_an_act_that_changes_nothing_leaves_no_trace(repeat: Callable[[User], object]):
    user = make_user()
    repeat(user)
    assert epoch(user) == 1
    assert not AuditEvent.objects.filter(resource_type="user", resource_id=str(user.pk)).exists()


@pytest.mark.parametrize(
    "leave",
    [
        lambda user: users.disable_user(SYSTEM, user),
        lambda user: users.set_admin(SYSTEM, user, False),
        lambda user: users.remove_user(SYSTEM, user),
    ],
)
def test_the_last_active_administrator_stays(leave: Callable[[User], object]):
    User.objects.filter(is_admin=True).update(is_admin=False)
    last = make_user(is_admin=True)
    make_user(is_admin=True, is_active=False)
    with pytest.raises(LastAdministrator):
        leave(last)
    make_user(is_admin=True)
    leave(last)


@pytest.mark.parametrize(
    "leave",
    [
        lambda user: users.disable_user(SYSTEM, user),
        lambda user: users.set_admin(SYSTEM, user, False),
        lambda user: users.remove_user(SYSTEM, user),
    ],
)
def test_an_administrator_who_needs_no_other_system_stays(leave: Callable[[User], object]):
    User.objects.filter(is_admin=True).update(is_admin=False)
    for source in (Source.LDAP, Source.OIDC):
        other = make_user(is_admin=True)
        User.objects.filter(pk=other.pk).update(source=source)
        AccessToken.objects.create(user=other, kind=TokenKind.CLI_SECRET, name="key", hash="x")
    last = make_user(is_admin=True, password=PASSWORD)
    with pytest.raises(LastAdministrator, match="without another system"):
        leave(last)
    make_user(is_admin=True, password=PASSWORD)
    leave(last)


def test_whom_an_administrator_disables_the_directory_does_not_enable():
    user = users.disable_user(SYSTEM, make_user())
    assert not users.enable_user(SYSTEM, user, by=seen(user)).is_active
    assert users.enable_user(SYSTEM, user).is_active


def _disabled_by_directory(user: User) -> User:
    return users.disable_user(SYSTEM, user, by=seen(user))


def test_an_administrator_takes_over_what_the_directory_disabled():
    user = _disabled_by_directory(make_user())
    users.disable_user(SYSTEM, user)
    assert not users.enable_user(SYSTEM, user, by=seen(user)).is_active
    other = _disabled_by_directory(make_user())
    users.disable_user(SYSTEM, other, by=seen(other))
    assert users.enable_user(SYSTEM, other, by=seen(other)).is_active


def test_a_right_given_by_hand_survives_the_directory_and_one_of_the_directory_does_not():
    by_hand, by_group = make_user(is_admin=True), make_user()
    users.set_admin(SYSTEM, by_group, True, by=seen(by_group))
    assert User.objects.get(pk=by_group.pk).admin_from_directory
    for user in (by_hand, by_group):
        users.set_admin(SYSTEM, user, False, by=seen(user))
    assert User.objects.get(pk=by_hand.pk).is_admin
    assert not User.objects.get(pk=by_group.pk).is_admin
    assert (epoch(by_hand), epoch(by_group)) == (1, 2)


def test_a_right_of_a_group_becomes_ones_own_when_given_by_hand():
    user = make_user()
    users.set_auditor(SYSTEM, user, True, by=seen(user))
    users.set_auditor(SYSTEM, user, True)
    users.set_auditor(SYSTEM, user, False, by=seen(user))
    assert User.objects.get(pk=user.pk).is_auditor
    assert epoch(user) == 1


def test_a_renamed_user_keeps_his_rights_and_his_sessions():
    project, name = make_project(), unique("ann")
    user = make_member(project, Role.GUEST)
    users.rename_user(SYSTEM, user, name)
    assert (User.objects.get(pk=user.pk).username, epoch(user)) == (name, 1)
    assert last_event(user.pk).detail["before"] == {"username": user.username}
    with pytest.raises(AlreadyExists):
        users.rename_user(SYSTEM, make_user(), name.upper())


def test_name_and_mail_of_the_directory_are_not_changed_here():
    user = make_user()
    User.objects.filter(pk=user.pk).update(source=Source.LDAP)
    with pytest.raises(KeptByDirectory, match="migrate"):
        users.rename_user(SYSTEM, user, unique("ann"))
    with pytest.raises(KeptByDirectory):
        users.change_user(SYSTEM, user, email="ann@example.org")
    assert users.change_user(SYSTEM, user, email="ann@example.org", by=seen(user)).email


def test_mail_of_an_openid_account_is_the_providers_and_its_name_was_chosen_here():
    user, name = make_user(), unique("ann")
    User.objects.filter(pk=user.pk).update(source=Source.OIDC)
    with pytest.raises(KeptByDirectory, match="OpenID Connect provider"):
        users.change_user(SYSTEM, user, email="ann@example.org")
    assert users.rename_user(SYSTEM, user, name).username == name


def test_a_removed_user_leaves_his_events_and_no_memberships():
    project = make_project()
    user = make_member(project, Role.GUEST)
    users.remove_user(SYSTEM, user)
    assert not project.members.exists()
    assert last_event(user.pk).resource_name == user.username
    with pytest.raises(UserUnknown):
        users.disable_user(SYSTEM, user)


def test_the_last_project_admin_is_not_removed_but_can_be_disabled():
    project = make_project()
    user = make_member(project, Role.PROJECT_ADMIN)
    with pytest.raises(LastAdministrator, match=project.name):
        users.remove_user(SYSTEM, user)
    assert not users.disable_user(SYSTEM, user).is_active

"""Rows of the services of accounts: people and groups. All for administrators; a robot may be given most."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from access.principal import Principal
from accounts import queries
from accounts.ldap import Person
from accounts.models import Identity, Source, User
from accounts.oidc.people import Person as Provided
from accounts.services import directory, groups, identities, provided, users
from tests.arch.callers import Scene
from tests.arch.services.row import ADMINS, Rows, look, system
from tests.groups import Entry, make_group
from tests.people import make_user, unique

# Whoever gives an account away acts in its name, and a group may hold any role: nothing for a robot, whatever it was given.
WHOLE = ADMINS
NEW_PASSWORD = "Another good 1 for the matrix"


def person(subject: str = "") -> Person:
    return Person(subject or str(uuid4()), "uid=x,dc=example,dc=org", unique("person"))


def linked(_scene: Scene, _actor: Principal) -> User:
    """A local account that a person of the directory signs in to as well."""
    user = make_user("linked", password=NEW_PASSWORD)
    Identity.objects.create(user=user, **directory.facts_of(person()))
    return user


def disabled(_scene: Scene, _actor: Principal) -> User:
    return make_user("disabled", is_active=False)


def disabled_admin(_scene: Scene, _actor: Principal) -> User:
    return make_user("disabled", is_active=False, is_admin=True)


def local_group(scene: Scene, _actor: Principal) -> Any:
    return make_group(scene.user)


def subject_of(user: User) -> str:
    return Identity.objects.get(user=user, source=Source.LDAP).subject


U = "accounts/services/users.py:"
USERS: Rows = {
    f"{U}create_user": system(
        lambda _s, actor, _: users.create_user(actor, unique("made"), password=NEW_PASSWORD),
        "user.create",
        confirmed=True,
    )
    + system(
        lambda _s, actor, _: users.create_user(actor, unique("made"), password=NEW_PASSWORD, is_admin=True),
        "user.create",
        WHOLE,
        confirmed=True,
    ),
    f"{U}change_user": system(
        lambda s, actor, _: users.change_user(actor, s.user, full_name="Another Name"),
        "user.update",
        confirmed=True,
    ),
    f"{U}rename_user": system(
        lambda s, actor, _: users.rename_user(actor, s.user, unique("renamed")), "user.rename", confirmed=True
    ),
    f"{U}set_password": system(
        lambda s, actor, _: users.set_password(actor, s.user, NEW_PASSWORD),
        "user.password",
        WHOLE,
        confirmed=True,
    ),
    f"{U}disable_user": system(
        lambda s, actor, _: users.disable_user(actor, s.user), "user.disable", confirmed=True
    ),
    f"{U}enable_user": system(
        lambda _s, actor, user: users.enable_user(actor, user), "user.enable", given=disabled, confirmed=True
    )
    + system(
        lambda _s, actor, user: users.enable_user(actor, user),
        "user.enable",
        WHOLE,
        given=disabled_admin,
        confirmed=True,
    ),
    f"{U}set_admin": system(
        lambda s, actor, _: users.set_admin(actor, s.user, True), "user.admin", WHOLE, confirmed=True
    ),
    f"{U}set_auditor": system(
        lambda s, actor, _: users.set_auditor(actor, s.user, True), "user.auditor", WHOLE, confirmed=True
    ),
    f"{U}remove_user": system(
        lambda s, actor, _: users.remove_user(actor, s.user), "user.delete", confirmed=True
    ),
}

I = "accounts/services/identities.py:"  # noqa: E741 - a prefix, as U and G
IDENTITIES: Rows = {
    f"{I}link_identity": system(
        lambda s, actor, _: identities.link_identity(actor, s.user, person()),
        "identity.link",
        WHOLE,
        confirmed=True,
    ),
    f"{I}unlink_identity": system(
        lambda _s, actor, user: identities.unlink_identity(actor, user),
        "identity.unlink",
        given=linked,
        confirmed=True,
    ),
    f"{I}migrate_to_local": system(
        lambda _s, actor, user: identities.migrate_to_local(actor, user, NEW_PASSWORD),
        "user.migrate",
        WHOLE,
        given=linked,
        confirmed=True,
    ),
    f"{I}migrate_to_directory": system(
        lambda s, actor, _: identities.migrate_to_directory(actor, s.user, person()),
        "user.migrate",
        WHOLE,
        confirmed=True,
    ),
    "accounts/services/directory.py:onboard": system(
        lambda _s, actor, _: directory.onboard(actor, person()), "user.create", confirmed=True
    ),
    "accounts/services/provided.py:onboard": system(
        lambda _s, actor, _: provided.onboard(
            actor, Provided(issuer="https://login.example.org", subject=unique("s")), unique("provided")
        ),
        "user.create",
        confirmed=True,
    ),
    "accounts/services/directory.py:update_identity": system(
        lambda _s, actor, user: directory.update_identity(
            actor, user, {"dn": "uid=moved,dc=example,dc=org"}, subject=subject_of(user)
        ),
        "identity.update",
        given=linked,
        confirmed=True,
    ),
}

G = "accounts/services/groups.py:"
GROUPS: Rows = {
    f"{G}create_group": system(
        lambda _s, actor, _: groups.create_group(actor, unique("group")), "group.create", confirmed=True
    ),
    f"{G}create_provided_group": system(
        lambda _s, actor, _: groups.create_provided_group(actor, unique("group")),
        "group.create",
        confirmed=True,
    ),
    f"{G}import_group": system(
        lambda _s, actor, _: groups.import_group(actor, Entry(unique("Group"))),
        "group.import",
        confirmed=True,
    ),
    f"{G}rename_group": system(
        lambda _s, actor, group: groups.rename_group(actor, group, unique("other")),
        "group.rename",
        given=local_group,
        confirmed=True,
    ),
    f"{G}delete_group": system(
        lambda _s, actor, group: groups.delete_group(actor, group),
        "group.delete",
        given=local_group,
        confirmed=True,
    ),
    f"{G}add_to_group": system(
        lambda s, actor, group: groups.add_to_group(actor, group, s.user),
        "group.add",
        WHOLE,
        given=lambda _scene, _actor: make_group(),
        confirmed=True,
    ),
    f"{G}remove_from_group": system(
        lambda s, actor, group: groups.remove_from_group(actor, group, s.user),
        "group.remove",
        given=local_group,
        confirmed=True,
    ),
}

Q = "accounts/queries.py:"
READS: Rows = {
    f"{Q}visible_users": look(lambda _s, actor, _: list(queries.visible_users(actor))),
    f"{Q}user_by_name": look(lambda s, actor, _: queries.user_by_name(actor, s.user.username)),
    f"{Q}visible_groups": look(lambda _s, actor, _: list(queries.visible_groups(actor))),
    f"{Q}group_by_name": look(
        lambda _s, actor, group: queries.group_by_name(actor, group.name), given=local_group
    ),
    f"{Q}people_in": look(lambda _s, actor, group: list(queries.people_in(actor, group)), given=local_group),
    f"{Q}projects_of": look(lambda _s, actor, group: queries.projects_of(actor, group), given=local_group),
}

ROWS: Rows = {**USERS, **IDENTITIES, **GROUPS, **READS}

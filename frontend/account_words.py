"""What an account, its roles and its ways of signing in are called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from access.principal import AuthMethod
from access.table import Role, label
from accounts.own_roles import Way
from frontend.lists.projects import ROLES
from frontend.messages import said
from frontend.places import address

Words = str | Promise

SOURCES: Final[dict[str, Words]] = {
    "local": _("Kept here"),
    "ldap": _("The directory (LDAP)"),
    "oidc": _("The OpenID Connect provider"),
}
# (is an administrator, is an auditor) -> what that is worth.
AUTHORITIES: Final[dict[tuple[bool, bool], Words]] = {
    (True, False): _("System administrator: you may do everything, in all projects."),
    (True, True): _("System administrator: you may do everything, in all projects."),
    (False, True): _(
        "Auditor: you may read the settings and the audit log of all projects, and change nothing."
    ),
}
METHODS: Final[dict[AuthMethod, Words]] = {
    AuthMethod.BASIC: _("Password"),
    AuthMethod.OIDC: "OpenID Connect",
}


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role in a project, as it is shown. `group`: the one it comes through, "" for his own."""

    project: str
    link: str
    is_public: bool
    role: str
    since: datetime
    group: str
    synced_at: datetime | None


def held_roles(ways: Iterable[Way]) -> tuple[HeldRole, ...]:
    return tuple(
        HeldRole(
            each.project,
            address("project", project=each.project),
            each.is_public,
            role_name(each.role_id),
            each.since,
            each.group,
            each.synced_at,
        )
        for each in ways
    )


def role_name(role_id: int) -> str:
    """ "Project admin"; "role 100" for a number no role has."""
    known = ROLES.get(Role(role_id)) if role_id in set(Role) else None
    return str(known) if known else said(label(role_id))


def method_name(method: AuthMethod) -> Words:
    """How somebody signed in."""
    return METHODS.get(method, str(method))

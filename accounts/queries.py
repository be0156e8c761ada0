"""Reading accounts and groups."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.functions import Lower

from access.check import require
from access.principal import Principal
from access.table import P, label
from accounts.models import Group, User
from accounts.names import GroupName, UserName
from core.errors import GroupUnknown, UserUnknown
from database import sql

SUGGESTED_FROM = 5000

_PEOPLE_IN = """
    SELECT belongs.group_id, count(*), count(*) FILTER (WHERE person.is_active) FROM user_group_member belongs
    JOIN account_user person ON person.id = belongs.user_id WHERE belongs.group_id = ANY(%s::bigint[])
    GROUP BY belongs.group_id
"""
_ROLES_OF = """
    SELECT project.name, member.role_id FROM member JOIN project ON project.id = member.project_id
    WHERE member.group_id = %s AND project.deleted_at IS NULL ORDER BY project.name
"""
_PROJECTS_OF = """
    SELECT member.group_id, count(*) FROM member JOIN project ON project.id = member.project_id
    WHERE member.group_id = ANY(%s::bigint[]) AND project.deleted_at IS NULL GROUP BY member.group_id
"""


def find_user(name: UserName) -> User | None:
    """The user of that name in any case of letters, active or not. For authentication and services."""
    try:
        return User.objects.get_by_natural_key(str(name))
    except User.DoesNotExist:
        return None


def visible_users(actor: Principal) -> QuerySet[User]:
    """All users by name. Raises Denied for who may not list them."""
    require(actor, P.USER_LIST, None)
    return User.objects.order_by("username")


def user_by_name(actor: Principal, name: str) -> User:
    """Raises UserUnknown (naming the nearest name), NameInvalid, Denied."""
    require(actor, P.USER_READ, None)
    parsed = UserName.parse(name)
    found = find_user(parsed)
    if found is None:
        raise UserUnknown(f"no user '{parsed}'{_nearest(str(parsed))}", user=str(parsed))
    return found


def visible_groups(actor: Principal) -> QuerySet[Group]:
    """All groups by name. Raises Denied for who may not list them."""
    require(actor, P.USER_GROUP_LIST, None)
    return Group.objects.order_by(Lower("name"))


def group_by_name(actor: Principal, name: str) -> Group:
    """The group of that name in any case of letters. Raises GroupUnknown (naming the nearest name), NameInvalid, Denied."""
    require(actor, P.USER_GROUP_READ, None)
    parsed = str(GroupName.parse(name))
    found = Group.objects.alias(lower=Lower("name")).filter(lower=Lower(Value(parsed))).first()
    if found is None:
        names = Group.objects.order_by("name").values_list("name", flat=True)
        raise GroupUnknown(f"no group '{parsed}'{_close_to(parsed, names)}", group=parsed)
    return found


def people_in(actor: Principal, group: Group) -> QuerySet[User]:
    """The people of the group, active or not, by name. Raises Denied."""
    require(actor, P.USER_GROUP_READ, None)
    return User.objects.filter(groups__group=group).order_by("username")


def projects_of(actor: Principal, group: Group) -> list[dict[str, str]]:
    """The living projects the group has a role in, by name: `project`, `role`. Raises Denied."""
    require(actor, P.USER_GROUP_READ, None)
    return [{"project": name, "role": label(role_id)} for name, role_id in sql.rows(_ROLES_OF, (group.pk,))]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of a group: its people, those of them who are active, and the living projects it is a member of."""

    people: int = 0
    active: int = 0
    projects: int = 0


def sizes_of(groups: Collection[Group]) -> dict[int, Sizes]:
    """By group id, for groups the caller may see (two queries, however many)."""
    ids = [group.pk for group in groups]
    people = {id_: (all_, active) for id_, all_, active in sql.rows(_PEOPLE_IN, (ids,))}
    projects: dict[int, int] = dict(sql.rows(_PROJECTS_OF, (ids,)))
    return {id_: Sizes(*people.get(id_, (0, 0)), projects.get(id_, 0)) for id_ in ids}


def _nearest(name: str) -> str:
    return _close_to(name, User.objects.order_by("username").values_list("username", flat=True))


def _close_to(name: str, names: QuerySet[Any, str]) -> str:
    close = difflib.get_close_matches(name, list(names[:SUGGESTED_FROM]), n=1)
    return f". Did you mean '{close[0]}'?" if close else ""

"""Finding groups by id or part of a name: for clients that hold ids."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from access.check import require, system_permissions_of
from access.principal import Principal
from access.table import P
from accounts.finding import adds_members, members_beside
from accounts.models import Group
from core.errors import GroupUnknown


def group_by_id(actor: Principal, group_id: int) -> Group:
    """Raises GroupUnknown, Denied."""
    require(actor, P.USER_GROUP_READ, None)
    found = Group.objects.filter(pk=group_id).first()
    if found is None:
        raise GroupUnknown(f"no group with the id {group_id}", group=str(group_id))
    return found


def groups_named(actor: Principal, part: str) -> QuerySet[Group]:
    """Groups with `part` in their names, in any case of letters, by name: for who lists them or adds members somewhere.

    Who adds members finds by a part the groups of his own projects, and others by their whole name. Raises Denied.
    """
    lists = P.USER_GROUP_LIST in system_permissions_of(actor)
    if not lists and not adds_members(actor):
        require(actor, P.USER_GROUP_LIST, None)
    # No name has a NUL, and PostgreSQL takes none.
    if "\0" in part:
        return Group.objects.none()
    found = Group.objects.filter(name__icontains=part).order_by(Lower("name"))
    own = members_beside(actor).filter(group__isnull=False).values("group_id")
    return found if lists else found.filter(Q(name__iexact=part) | Q(pk__in=own))

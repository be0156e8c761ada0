"""A few projects that matter to somebody: his own, those that are nearly full, or the most pulled he may see."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet

from access.principal import Principal
from access.table import Role
from projects import shelves
from projects.shelves import Row

KEEPERS: Final = (Role.PROJECT_ADMIN, Role.MAINTAINER)


def own(actor: Principal, *, most: int) -> list[Row]:
    """Those the actor has pinned, by name, then those in which he has a role, the last that was pushed to first (three
    queries)."""
    pinned: QuerySet[Any] = shelves.pinned(shelves.rows(actor), actor)
    kept = list(pinned.order_by("name"))
    ids = {each.pk for each in kept}
    rows: QuerySet[Any] = shelves.with_roles(shelves.rows(actor), actor, Role)
    others = [each for each in rows.order_by("-pushed", "-pk")[:most] if each.pk not in ids]
    found = [*kept, *others][:most]
    return shelves.with_pins(actor, found, ids) if found else []


def most_pulled(actor: Principal, *, most: int) -> list[Row]:
    """Of all the actor may see, for who has pinned none (two queries for a user)."""
    rows: QuerySet[Any] = shelves.rows(actor)
    return _read(actor, rows.order_by("-pulls", "-pk"), most)


def nearly_full(actor: Principal, *, most: int) -> list[Row]:
    """Of those the actor keeps, an administrator all: those that use most of their quota, the fullest first (two queries)."""
    rows: QuerySet[Any] = shelves.rows(actor)
    if not actor.is_admin:
        rows = shelves.with_roles(rows, actor, KEEPERS)
    found: QuerySet[Any] = shelves.nearly_full(rows)
    return _read(actor, found.order_by("-taken", "-pk"), most)


def _read(actor: Principal, rows: QuerySet[Any], most: int) -> list[Row]:
    """Nobody looks here for what he has pinned."""
    found = list(rows[:most])
    return shelves.with_pins(actor, found, ()) if found else []

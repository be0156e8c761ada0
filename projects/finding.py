"""Projects and labels by a part of their name, of those the actor may see; and names that are nearly what somebody wrote."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Final

from django.db.models import BooleanField, Case, F, Value, When
from django.db.models.functions import Length

from access.principal import Principal
from core.oci.names import MAX_NAME_LENGTH
from projects.labels import visible_labels
from projects.queries import visible_projects

NEAR: Final = 0.6
"""As difflib counts: names that have less in common are no mistypings of each other."""

COMPARED: Final = 1_000
LETTERS: Final = 3
"""Names are compared with those that are at most so much longer or shorter, and with no more of them: it costs time."""


@dataclass(frozen=True, slots=True)
class FoundProject:
    name: str
    public: bool
    repositories: int


@dataclass(frozen=True, slots=True)
class FoundLabel:
    """`project`: its name, "" for a label of all projects. `color`: "#RRGGBB" or ""."""

    id: int
    name: str
    description: str
    color: str
    project: str


def projects_named(actor: Principal, part: str, *, limit: int, offset: int = 0) -> list[FoundProject]:
    """Those with `part` in the name, whatever the case: first what is called just that, then what begins so (one query)."""
    wanted = part.lower()
    if not _is_sane(wanted):
        return []
    found = (
        visible_projects(actor)
        .filter(name__contains=wanted)
        .annotate(
            rank=Case(When(name=wanted, then=0), When(name__startswith=wanted, then=1), default=2),
            repositories=F("projectcontents__repository_count"),
        )
        .order_by("rank", "name")[offset : offset + limit]
    )
    return [FoundProject(each.name, each.public, each.repositories or 0) for each in found]


def labels_named(actor: Principal, part: str, *, limit: int, offset: int = 0) -> list[FoundLabel]:
    """Labels with `part` in the name, whatever the case, by name (one query)."""
    if not _is_sane(part):
        return []
    is_exact = Case(
        When(name__iexact=part, then=Value(True)), default=Value(False), output_field=BooleanField()
    )
    found = (
        visible_labels(actor)
        .filter(name__icontains=part)
        .order_by(is_exact.desc(), "name", "project__name", "pk")[offset : offset + limit]
    )
    return [
        FoundLabel(
            each.pk, each.name, each.description, each.color, each.project.name if each.project else ""
        )
        for each in found
    ]


def nearest_projects(actor: Principal, name: str, *, most: int = 3) -> list[str]:
    """Names of projects the actor may see that are nearly `name`, the nearest first (one query)."""
    alike = visible_projects(actor).annotate(letters=Length("name"))
    alike = alike.filter(letters__gte=len(name) - LETTERS, letters__lte=len(name) + LETTERS)
    names = alike.values_list("name", flat=True)[:COMPARED]
    return difflib.get_close_matches(name, list(names), n=most, cutoff=NEAR)


def _is_sane(text: str) -> bool:
    return 0 < len(text) <= MAX_NAME_LENGTH and "\0" not in text and text.isprintable()

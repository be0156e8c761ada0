"""What a key may do: explicit permissions in places. The rights of a robot, and the bounds of a personal access token.

A right is held through a key when one of its allowances gives it there. Allowances are stored as JSON (`as_json`, `from_json`)
with ids of projects, so that a rename changes nothing and a project made anew under an old name is another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from access.table import Permission, Permissions
from core.globs import Glob

P = Permission
EVERYWHERE: Final = 0
"""As a project's id in SQL: all projects."""

# What is about a project as a whole, and so is held by a key for some of its repositories too.
ABOUT_PROJECT: Final = frozenset({P.PROJECT_READ, P.REPOSITORY_LIST})


class Place(StrEnum):
    """Where permissions count."""

    SYSTEM = "system"
    PROJECT = "project"
    ALL_PROJECTS = "all-projects"


@dataclass(frozen=True, slots=True)
class Allowance:
    """Permissions in one place. `project_id` is that of Place.PROJECT, else None.

    `repositories`: globs over the path below the project, all of which must match; () for every repository.
    """

    place: Place
    permissions: Permissions
    project_id: int | None = None
    repositories: tuple[Glob, ...] = ()

    def is_for(self, project_id: int) -> bool:
        return self.place is Place.ALL_PROJECTS or (
            self.place is Place.PROJECT and self.project_id == project_id
        )

    def gives(self, project_id: int, repository: str | None) -> Permissions:
        """The permissions in the project, or in the repository of that full name in it."""
        if not self.is_for(project_id):
            return frozenset()
        if not self.repositories:
            return self.permissions
        if repository is None:
            return self.permissions & ABOUT_PROJECT
        path = repository.partition("/")[2]
        return self.permissions if all(each.matches(path) for each in self.repositories) else frozenset()

    def as_json(self) -> dict[str, Any]:
        return {
            "place": str(self.place),
            "project": self.project_id,
            "repositories": [str(each) for each in self.repositories],
            "permissions": sorted(self.permissions),
        }


Allowances = tuple[Allowance, ...]


def from_json(stored: Iterable[Mapping[str, Any]]) -> Allowances:
    """What `as_json` made. A permission that is no more is left out: it gives nothing."""
    known = set(Permission)
    return tuple(
        Allowance(
            Place(each["place"]),
            frozenset(Permission(name) for name in each["permissions"] if name in known),
            each["project"],
            tuple(Glob.parse(text) for text in each["repositories"]),
        )
        for each in stored
    )


def in_project(allowances: Allowances, project_id: int, repository: str | None = None) -> Permissions:
    """What they give together in the project, or in the repository of that full name in it."""
    return frozenset().union(*(each.gives(project_id, repository) for each in allowances))


def in_system(allowances: Allowances) -> Permissions:
    """What they give together in the system as a whole."""
    return frozenset().union(*(each.permissions for each in allowances if each.place is Place.SYSTEM))


def both(some: Allowances, others: Allowances) -> Allowances:
    """What each of two keys gives: the rights of a robot made by a robot."""
    pairs = (_both(one, other) for one in some for other in others)
    return tuple(pair for pair in pairs if pair is not None and pair.permissions)


def _both(one: Allowance, other: Allowance) -> Allowance | None:
    shared = one.permissions & other.permissions
    if Place.SYSTEM in (one.place, other.place):
        return Allowance(Place.SYSTEM, shared) if one.place is other.place else None
    narrow, wide = (one, other) if one.place is Place.PROJECT else (other, one)
    if wide.place is Place.PROJECT and wide.project_id != narrow.project_id:
        return None
    globs = tuple(dict.fromkeys((*one.repositories, *other.repositories)))
    return Allowance(narrow.place, shared, narrow.project_id, globs)


def excess(wanted: Allowances, held: Allowances) -> Allowances:
    """Those of `wanted`, with the permissions, that `held` does not give: () when a key of `held` may make one of `wanted`."""
    left = ((each, each.permissions - _covered(each, held)) for each in wanted)
    return tuple(
        Allowance(each.place, lacks, each.project_id, each.repositories) for each, lacks in left if lacks
    )


def _covered(wanted: Allowance, held: Allowances) -> Permissions:
    return frozenset().union(*(each.permissions for each in held if _reaches(each, wanted)))


def _reaches(held: Allowance, wanted: Allowance) -> bool:
    if held.place is Place.ALL_PROJECTS:
        is_there = wanted.place is not Place.SYSTEM
    else:
        is_there = held.place is wanted.place and held.project_id == wanted.project_id
    return is_there and all(
        any(glob.covers(theirs) for theirs in wanted.repositories) for glob in held.repositories
    )

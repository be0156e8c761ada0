"""What a key may do: explicit permissions in places. The rights of a robot, and the bounds of a personal access token.

A right is held through a key when one of its allowances gives it there. Allowances are stored as JSON (`as_json`, `from_json`)
with ids of projects, so that a rename changes nothing and a project made anew under an old name is another one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from access.table import Permission, Permissions
from core.globs import Glob

P = Permission
EVERYWHERE: Final = 0
"""As a project's id in SQL: all projects."""

MAX_TOGETHER: Final = 10_000

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


Stored = str | Iterable[Mapping[str, Any]]
"""JSON of allowances, as text in rows of hand-written statements."""


def from_json(stored: Stored) -> Allowances:
    """What `as_json` made. A permission that is no more is left out: it gives nothing."""
    known = set(Permission)
    documents: Iterable[Mapping[str, Any]] = json.loads(stored) if isinstance(stored, str) else stored
    return tuple(
        Allowance(
            Place(each["place"]),
            frozenset(Permission(name) for name in each["permissions"] if name in known),
            each["project"],
            tuple(Glob.parse(text) for text in each["repositories"]),
        )
        for each in documents
    )


def in_project(allowances: Allowances, project_id: int, repository: str | None = None) -> Permissions:
    """What they give together in the project, or in the repository of that full name in it."""
    return frozenset().union(*(each.gives(project_id, repository) for each in allowances))


def in_system(allowances: Allowances) -> Permissions:
    """What they give together in the system as a whole."""
    return frozenset().union(*(each.permissions for each in allowances if each.place is Place.SYSTEM))


def merged(allowances: Iterable[Allowance]) -> Allowances:
    """The same with one allowance for each place and repositories."""
    found: dict[tuple[Place, int | None, frozenset[Glob]], Allowance] = {}
    for each in allowances:
        key = (each.place, each.project_id, frozenset(each.repositories))
        known = found.get(key)
        found[key] = replace(each, permissions=each.permissions | known.permissions) if known else each
    return tuple(each for each in found.values() if each.permissions)


def within(own: Allowances, elders: Iterable[Allowances]) -> Allowances:
    """What a robot of `own` allowances may do that was made by the `elders`: what each of them gives as well."""
    for bounds in elders:
        own = both(own, bounds)
    return own


def both(some: Allowances, others: Allowances) -> Allowances:
    """What each of two keys gives: the rights of a robot made by a robot.

    What would be more than MAX_TOGETHER allowances is cut to that many: too little, never too much.
    """
    index = _Index(others)
    pairs = (pair for one in some for pair in _with_each(one, index))
    return merged(islice(pairs, MAX_TOGETHER))


def _with_each(one: Allowance, others: _Index) -> Iterator[Allowance]:
    """What is covered stays as it is, which keeps the usual case as short as it was."""
    near = others.near(one)
    whole = _covered(one, near)
    if whole:
        yield replace(one, permissions=whole)
    left = replace(one, permissions=one.permissions - whole)
    pairs = (_both(left, other) for other in near) if left.permissions else iter(())
    yield from (pair for pair in pairs if pair.permissions)


def _both(one: Allowance, other: Allowance) -> Allowance:
    """Of two that are near each other."""
    narrow = one if one.place is not Place.ALL_PROJECTS else other
    globs = tuple(dict.fromkeys((*one.repositories, *other.repositories)))
    return Allowance(narrow.place, one.permissions & other.permissions, narrow.project_id, globs)


def excess(wanted: Allowances, held: Allowances) -> Allowances:
    """Those of `wanted`, with the permissions, that `held` does not give: () when a key of `held` may make one of `wanted`.

    It may call too much what two of `held` give in part each, never the other way round.
    """
    index = _Index(held)
    left = ((each, each.permissions - _covered(each, index.near(each))) for each in wanted)
    return tuple(replace(each, permissions=lacks) for each, lacks in left if lacks)


def _covered(wanted: Allowance, held: Iterable[Allowance]) -> Permissions:
    """What those of `held` give that reach all of it."""
    found: Permissions = frozenset()
    for each in held:
        # Globs are compared only where that could change the answer.
        if each.permissions & wanted.permissions - found and _reaches(each, wanted):
            found |= each.permissions & wanted.permissions
    return found


def _reaches(held: Allowance, wanted: Allowance) -> bool:
    if wanted.place is Place.ALL_PROJECTS and held.place is not Place.ALL_PROJECTS:
        return False
    return all(any(glob.covers(theirs) for theirs in wanted.repositories) for glob in held.repositories)


class _Index:
    """Allowances by place, so that a thousand are not compared with a thousand."""

    def __init__(self, allowances: Allowances) -> None:
        self._all = allowances
        self._by_place: dict[tuple[Place, int | None], list[Allowance]] = {}
        for each in allowances:
            self._by_place.setdefault((each.place, each.project_id), []).append(each)

    def near(self, one: Allowance) -> Sequence[Allowance]:
        """Those that count in a place where `one` counts."""
        if one.place is Place.SYSTEM:
            return self._by_place.get((Place.SYSTEM, None), [])
        if one.place is Place.PROJECT:
            there = self._by_place.get((Place.PROJECT, one.project_id), [])
            return [*self._by_place.get((Place.ALL_PROJECTS, None), []), *there]
        return [each for each in self._all if each.place is not Place.SYSTEM]

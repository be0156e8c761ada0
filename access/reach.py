"""Where a principal holds a permission, as facts that any kind of list can filter by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models.expressions import RawSQL

from access.allowances import ABOUT_PROJECT, EVERYWHERE, Allowance, Allowances, Place
from access.held import HELD
from access.principal import ActorKind, Principal
from access.table import TABLE, Permission, Role, Subject

_PARAMETER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a permission is held: everywhere, in public projects, and where `user_id` holds one of `role_ids`.

    `bounds` narrows all but the public ones: None for no bounds. They are allowances that give the permission.
    """

    everywhere: bool
    in_public: bool
    role_ids: tuple[int, ...]
    user_id: int
    bounds: Allowances | None = None
    about_project: bool = False

    @property
    def parameters(self) -> dict[str, object]:
        """Parameters of `CONDITION` and `REPOSITORY_CONDITION`."""
        whole = [each for each in self.bounds or () if self.about_project or not each.repositories]
        parts = _patterns(each for each in self.bounds or () if each.repositories)
        return {
            "reach_everywhere": self.everywhere,
            "reach_public": self.in_public,
            "reach_roles": list(self.role_ids),
            "reach_user": self.user_id,
            "reach_bounded": self.bounds is not None,
            "reach_projects": [_project(each) for each in whole],
            "reach_parts": list(parts),
            "reach_patterns": list(parts.values()),
        }

    @property
    def is_partial(self) -> bool:
        """Whether it reaches only some repositories of some project."""
        return any(each.repositories for each in self.bounds or ())

    def own_projects(self) -> RawSQL:
        """The ids of the projects reached otherwise than as everybody reaches public ones, to stand after `__in=`."""
        parameters = self.parameters | {"reach_public": False}
        return RawSQL(*_positional(f"SELECT p.id FROM project p WHERE {CONDITION}", parameters))  # noqa: S611 - a constant

    def repositories(self) -> RawSQL:
        """The ids of the repositories reached, to stand after `__in=`."""
        statement = f"SELECT r.id FROM repository r JOIN project p ON p.id = r.project_id WHERE {REPOSITORY_CONDITION}"
        return RawSQL(*_positional(statement, self.parameters))  # noqa: S611 - a constant


_OWN = f"""(%(reach_everywhere)s::boolean OR EXISTS (
      SELECT FROM {HELD} held WHERE held.project_id = p.id AND held.user_id = %(reach_user)s::bigint
        AND held.role_id = ANY(%(reach_roles)s::smallint[])))"""
_WITHIN = f"(p.id = ANY(%(reach_projects)s::bigint[]) OR {EVERYWHERE} = ANY(%(reach_projects)s::bigint[]))"
_IN_PART = f"""EXISTS (
      SELECT FROM unnest(%(reach_parts)s::bigint[], %(reach_patterns)s::text[]) AS part(project_id, pattern)
      WHERE part.project_id IN (p.id, {EVERYWHERE}) AND r.name ~ part.pattern)"""

CONDITION = f"""(
    (%(reach_public)s::boolean AND p.public)
    OR ({_OWN} AND (NOT %(reach_bounded)s::boolean OR {_WITHIN})))"""
"""The reach as an SQL condition on a project row `p`, for hand-written statements: of what is held in all its repositories."""

REPOSITORY_CONDITION = f"""(
    (%(reach_public)s::boolean AND p.public)
    OR ({_OWN} AND (NOT %(reach_bounded)s::boolean OR {_WITHIN} OR {_IN_PART})))"""
"""The same of a repository row `r` in the project `p`."""


def reach(principal: Principal, permission: Permission) -> Reach:
    """Where the principal holds `permission` by the roles of this moment; a token's grants are not looked at."""
    is_robot = principal.kind is ActorKind.ROBOT
    return Reach(
        everywhere=is_robot or any(permission in TABLE[subject] for subject in everywhere(principal)),
        in_public=permission in TABLE[Subject.PUBLIC],
        role_ids=tuple(int(role) for role in Role if permission in TABLE[role]),
        user_id=principal.id if principal.kind is ActorKind.USER else 0,
        bounds=_bounds(principal, permission),
        about_project=permission in ABOUT_PROJECT,
    )


def everywhere(principal: Principal) -> Iterator[Subject]:
    """The rows of the table that count for the principal in every project."""
    if principal.is_admin:
        yield Subject.SYSTEM_ADMIN
    if principal.is_auditor:
        yield Subject.AUDITOR_IN_PROJECT


def _bounds(principal: Principal, permission: Permission) -> Allowances | None:
    if principal.allowances is None:
        return () if principal.kind is ActorKind.ROBOT else None
    return tuple(
        each
        for each in principal.allowances
        if each.place is not Place.SYSTEM and permission in each.permissions
    )


def _project(allowance: Allowance) -> int:
    return allowance.project_id or EVERYWHERE


def _patterns(allowances: Iterable[Allowance]) -> dict[int, str]:
    """For each project one expression over full names of repositories: PostgreSQL keeps few of them compiled."""
    found: dict[int, list[str]] = {}
    for each in allowances:
        found.setdefault(_project(each), []).append(_pattern(each))
    return {project_id: f"^(?:{'|'.join(dict.fromkeys(each))})$" for project_id, each in found.items()}


def _pattern(allowance: Allowance) -> str:
    """All its globs, on the path below the project's name."""
    *others, last = (glob.expression for glob in allowance.repositories)
    ahead = "".join(f"(?={expression}$)" for expression in others)
    return f"[^/]+/{ahead}{last}"


def _positional(statement: str, parameters: dict[str, object]) -> tuple[str, tuple[object, ...]]:
    """Django's RawSQL takes parameters by position alone."""
    values: list[object] = []

    def place(match: re.Match[str]) -> str:
        values.append(parameters[match[1]])
        return "%s"

    return _PARAMETER.sub(place, statement), tuple(values)

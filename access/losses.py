"""Who has lost a right: asked after roles were taken away, so that only the sessions of those people end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from access.held import HELD
from access.table import Role, loses_rights
from database import sql

MAX_QUESTIONS: Final = 1_000_000
"""People times projects. Of more, everybody counts as having lost something: a session too many ended does no harm."""

_GROUPS_ROLES = """
    SELECT member.project_id, member.role_id FROM member JOIN project ON project.id = member.project_id
    WHERE member.group_id = ANY(%s::bigint[]) AND project.deleted_at IS NULL
"""
# One pass over what the people hold, never one for each of them: a directory's first synchronisation comes before the
# tables' statistics. System administrators hold everything without a role.
_LOSERS = f"""
    SELECT person.id FROM account_user person LEFT JOIN (
      SELECT held.user_id, count(DISTINCT held.project_id) AS number FROM {HELD} held
      JOIN unnest(%(projects)s::bigint[]) AS place(id) ON place.id = held.project_id
      WHERE held.user_id = ANY(%(people)s::bigint[]) AND held.role_id = ANY(%(roles)s::smallint[]) GROUP BY held.user_id
    ) kept ON kept.user_id = person.id
    WHERE person.id = ANY(%(people)s::bigint[]) AND NOT person.is_admin
      AND coalesce(kept.number, 0) < cardinality(%(projects)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A role in a project that people had and were told to have no more."""

    project_id: int
    role_id: int


def roles_of_groups(group_ids: Iterable[int]) -> frozenset[Taken]:
    """The roles the groups have in living projects."""
    return frozenset(Taken(*row) for row in sql.rows(_GROUPS_ROLES, (list(group_ids),)))


def losers(people: Collection[int], taken: Collection[Taken]) -> list[int]:
    """Those of the people who hold less than the roles taken gave, by what they hold now; ascending.

    Nobody has lost anything who holds an equal or higher role in the same project another way. The caller has locked the
    people's rows: of two who each take one of two equal roles at once, the second then sees what the first did.
    """
    if len(people) * len(taken) > MAX_QUESTIONS:
        return sorted(people)
    found: set[int] = set()
    for role_id, projects in _by_role(taken).items():
        left = [person for person in people if person not in found]
        asked = {"people": left, "projects": projects, "roles": _covering(role_id)}
        found.update(person for (person,) in sql.rows(_LOSERS, asked))
    return sorted(found)


def _by_role(taken: Collection[Taken]) -> Mapping[int, list[int]]:
    projects: dict[int, set[int]] = {}
    for each in taken:
        projects.setdefault(each.role_id, set()).add(each.project_id)
    return {role_id: sorted(ids) for role_id, ids in projects.items()}


def _covering(role_id: int) -> list[int]:
    """The roles that hold everything this one does."""
    return [int(role) for role in Role if not loses_rights(role_id, role)]

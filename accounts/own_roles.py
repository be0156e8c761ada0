"""The roles somebody holds, project by project, and each way he came to it: for himself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from access.held import HELD
from access.principal import ActorKind, Principal
from access.reach import CONDITION, reach
from access.table import P
from database import sql

MOST: Final = 200
# Within what his key is for, and never a project he may not read.
_WAYS = f"""
    SELECT p.name, p.public, held.role_id, member.created_at, coalesce(team.name, ''), coalesce(team.source, ''), team.synced_at
    FROM {HELD} held JOIN project p ON p.id = held.project_id JOIN member ON member.id = held.member_id
    LEFT JOIN user_group team ON team.id = held.group_id
    WHERE held.user_id = %(me)s AND p.deleted_at IS NULL AND {CONDITION}
    ORDER BY p.name, team.name NULLS FIRST LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Way:
    """A role in a project. `group`: the one it comes through, "" for his own; `source`, `synced_at`: where that is from, and
    when its members were last read there."""

    project: str
    is_public: bool
    role_id: int
    since: datetime
    group: str = ""
    source: str = ""
    synced_at: datetime | None = None


def own_roles(actor: Principal, most: int = MOST) -> tuple[Way, ...]:
    """The first `most`, by name of the project, a person's own before those of his groups; none for other actors."""
    if actor.kind is not ActorKind.USER or actor.grants is not None:
        return ()
    facts = {**reach(actor, P.PROJECT_READ).parameters, "me": actor.id, "most": most}
    return tuple(Way(*row) for row in sql.rows(_WAYS, facts))

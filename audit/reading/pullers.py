"""With what, and by whom, a repository was pulled lately: summed over the newest lines of the log of pulls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import transaction

from audit.reading.limits import SET, in_time
from core.oci.names import RepositoryName
from database import sql

DAYS: Final = 30
MOST_LINES: Final = 20_000
_AGENTS, _ACTORS = 500, 20
# The newest first: of what is pulled often they are found at once, of what is rare the other index tells where to look.
_LINES: Final = f"""
    WITH lines AS MATERIALIZED (
      SELECT r.agent_id, r.actor_kind, r.actor_name, r.n FROM audit_pull r
      WHERE r.ts > now() - interval '{DAYS} days' AND r.project_id = %(project)s AND r.repository = %(name)s
        AND r.repository_id = %(repository)s
      ORDER BY r.ts DESC, r.id DESC LIMIT {MOST_LINES})
    (SELECT 'all', '', count(*), coalesce(sum(n), 0)::bigint FROM lines)
    UNION ALL (SELECT 'agent', (SELECT agent.agent FROM audit_agent agent WHERE agent.id = lines.agent_id), 0, sum(n)::bigint
      FROM lines GROUP BY agent_id ORDER BY 4 DESC LIMIT {_AGENTS})
    UNION ALL (SELECT actor_kind, actor_name, 0, sum(n)::bigint
      FROM lines GROUP BY actor_kind, actor_name ORDER BY 4 DESC, 2 LIMIT {_ACTORS})
"""


@dataclass(frozen=True, slots=True)
class Pullers:
    """Pulls by client, as it calls itself before the first "/", and by actor (kind, name); the most first.

    `pulls`: how many that is in all; `is_all`: whether that is everything of DAYS days, and not the newest MOST_LINES lines.
    """

    pulls: int
    is_all: bool
    clients: tuple[tuple[str, int], ...]
    actors: tuple[tuple[str, str, int], ...]


def pullers(project_id: int, repository_id: int, name: RepositoryName) -> Pullers:
    """For who may read the repository; who may read the project's log is shown the actors, too. Raises SearchTooLong."""
    with in_time(), transaction.atomic():
        sql.one(SET)
        values = {"project": project_id, "repository": repository_id, "name": str(name)}
        found = sql.rows(_LINES, values)
    clients: dict[str, int] = {}
    for kind, text, _lines, pulls in found:
        if kind == "agent":
            client = (text or "").partition("/")[0].strip()[:64]
            clients[client] = clients.get(client, 0) + pulls
    lines, pulls = next((row[2], row[3]) for row in found if row[0] == "all")
    most_first = sorted(clients.items(), key=lambda each: (-each[1], each[0]))
    actors = tuple((kind, text, number) for kind, text, _, number in found if kind not in ("all", "agent"))
    return Pullers(pulls, lines < MOST_LINES, tuple(most_first), actors)

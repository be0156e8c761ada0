"""Which robots may be used at all, and what those they were made by hold them to: facts in SQL about a row `robot`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from access import allowances
from access.allowances import Allowances, Stored

# A robot lives while it is enabled and not expired, its project is there, and so does every robot it was made by.
ALIVE: Final = """(
    NOT robot.disabled AND (robot.expires_at IS NULL OR robot.expires_at > now())
    AND (robot.project_id IS NULL OR EXISTS (
      SELECT FROM project WHERE project.id = robot.project_id AND project.deleted_at IS NULL))
    AND cardinality(robot.ancestors) = (
      SELECT count(*) FROM robot elder LEFT JOIN project home ON home.id = elder.project_id
      WHERE elder.id = ANY(robot.ancestors) AND NOT elder.disabled AND home.deleted_at IS NULL
        AND (elder.expires_at IS NULL OR elder.expires_at > now())))"""
"""Whether it may be used."""

BOUNDS: Final = "ARRAY(SELECT elder.allowances FROM robot elder WHERE elder.id = ANY(robot.ancestors))"
"""What the robots it was made by may do."""

ELDERS_NETWORKS: Final = """ARRAY(
    SELECT to_jsonb(elder.networks) FROM robot elder
    WHERE elder.id = ANY(robot.ancestors) AND cardinality(elder.networks) > 0)"""
"""Where those may be used from that are not for everywhere: it may be used from no other place either."""

STATE: Final = f"""(CASE
    WHEN robot.disabled THEN 'disabled'
    WHEN robot.expires_at <= now() THEN 'expired'
    WHEN {ALIVE} THEN 'active' ELSE 'ancestor-dead' END)"""
"""In a word, for a robot whose project is there."""


def within(own: Stored, elders: Iterable[Stored]) -> Allowances:
    """What a robot may do: its own allowances within those of every robot it was made by, all as stored."""
    return allowances.within(allowances.from_json(own), (allowances.from_json(each) for each in elders))

"""Repositories by a part of their name, limited to what the actor may pull: one statement, by an index over parts of names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from access.principal import Principal
from access.reach import REPOSITORY_CONDITION, reach
from access.table import P
from database import sql

MAX_TERM: Final = 255
GRAM: Final = 3
# The project whose public repositories are the installation's own, as Docker Hub has one.
OFFICIAL: Final = "library"


@dataclass(frozen=True, slots=True)
class Found:
    """A repository that matches. `pulls` and `artifacts` are as of the last fold of the statistics."""

    id: int
    name: str
    description: str
    stars: int
    pulls: int
    artifacts: int
    project_id: int
    project: str
    public: bool

    @property
    def is_official(self) -> bool:
        return self.project == OFFICIAL and self.public


_CURRENT = "r.deleted_at IS NULL AND r.visible_at IS NOT NULL"
_SEEN = f"""
    JOIN project p ON p.id = r.project_id AND p.deleted_at IS NULL LEFT JOIN repository_stats s ON s.repository_id = r.id
    WHERE {REPOSITORY_CONDITION}
"""
_SHOWN = """
    r.id, r.name, r.description, r.stars, coalesce(s.pulls_total, 0), coalesce(s.artifact_count, 0), p.id, p.name, p.public
"""
_BEST = """
    ORDER BY r.name = %(whole)s DESC, right(r.name, length(%(whole)s) + 1) = '/' || %(whole)s DESC, r.stars DESC,
      coalesce(s.pulls_total, 0) DESC, r.name
    LIMIT %(limit)s OFFSET %(offset)s
"""
# First what has the name, by the index: joined freely, a planner would go through whole projects. Each one's project is asked
# for by its key, so that it ends with the last that is wanted. Then the best first: what is called just that, what people
# mark, what is pulled.
_FOUND = f"""
    WITH r AS MATERIALIZED (
      SELECT r.id, r.name, r.description, r.stars, r.project_id FROM repository r
      CROSS JOIN LATERAL (
        SELECT p.id, p.public FROM project p WHERE p.id = r.project_id AND p.deleted_at IS NULL OFFSET 0) p
      WHERE {_CURRENT} AND {{condition}} AND {REPOSITORY_CONDITION} LIMIT %(most)s)
    SELECT count(*) OVER (), {_SHOWN} FROM r JOIN project p ON p.id = r.project_id
    LEFT JOIN repository_stats s ON s.repository_id = r.id {_BEST}
"""
_MATCHING = _FOUND.format(
    condition="wharf_grams(r.name) @> %(grams)s::text[] AND strpos('/' || r.name, %(term)s) > 0"
)
_CALLED_SO = _FOUND.format(
    condition="r.name = ANY(ARRAY(SELECT p.name || '/' || %(whole)s FROM project p WHERE p.deleted_at IS NULL))"
)
# Each of several words, wherever it stands. One is looked for as above: this is dearer where many names match.
_MATCHING_EACH = _MATCHING.replace(
    "strpos('/' || r.name, %(term)s) > 0",
    "(SELECT bool_and(strpos('/' || r.name, each.word) > 0) FROM unnest(%(words)s::text[]) each(word))",
)
_ALL = f"SELECT 0, {_SHOWN} FROM repository r {_SEEN} AND {_CURRENT} ORDER BY r.name LIMIT %(limit)s OFFSET %(offset)s"


def repositories(
    actor: Principal, term: str, *, limit: int, offset: int = 0, most: int | None = None
) -> tuple[list[Found], int]:
    """A page of the repositories with `term` in their name, whatever the case, and how many there are.

    Of several words each must be in it. One of one or two characters is the beginning of a component. An empty term gives all
    by name, uncounted (0). One that no name can have finds nothing. `most`: of what more have in their name no more than so
    many are looked at, and what is called just that, which costs the same however many there are; so many are counted then.
    """
    wanted = term.strip().lower()
    if len(wanted) > MAX_TERM or "\0" in wanted or not wanted.isprintable():
        return [], 0
    words = [word if len(word) >= GRAM else f"/{word}" for word in wanted.split() or ("",)]
    parameters = reach(actor, P.REPOSITORY_PULL).parameters | {
        "grams": sorted({gram for word in words for gram in grams(word)}),
        "term": words[0],
        "words": words,
        "whole": wanted.rpartition(" ")[2],
        "limit": limit,
        "offset": offset,
        "most": most,
    }
    is_one = len(words) == 1
    rows = sql.rows((_MATCHING if is_one else _MATCHING_EACH) if wanted else _ALL, parameters)
    number: int = rows[0][0] if rows else 0
    if is_one and rows and number == most and not offset:
        first = sql.rows(_CALLED_SO, parameters)
        known = {row[1] for row in first}
        rows = [*first, *(row for row in rows if row[1] not in known)][:limit]
    return [Found(*row[1:]) for row in rows], number


def grams(text: str) -> list[str]:
    """What a name that has `text` in it has in the index of names, sorted."""
    return sorted({text[start : start + GRAM] for start in range(max(1, len(text) - GRAM + 1))})

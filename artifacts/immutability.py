"""Immutable tags by the rules of their project: in SQL where a tag is moved or deleted, in Python for lists.

Both are the same decision (core.policy.immutability); a test asks them the same questions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from core.policy import immutability
from database import sql
from database.arrays import array
from projects.tag_rules import rules_in_force

if TYPE_CHECKING:
    from artifacts.repositories import Target

PROTECTING: Final = """
    SELECT rule.tags_expression, rule.tags_excluded FROM repository place
    JOIN tag_rule rule ON rule.project_id = place.project_id
    WHERE place.id = %(repository)s::bigint AND NOT rule.disabled
      AND (substr(place.name, strpos(place.name, '/') + 1) ~ rule.repositories_expression) <> rule.repositories_excluded
"""
"""The rules that take a repository. Their project is locked (FOR KEY SHARE) by an earlier statement of the transaction."""

_BY_RULE = "(t.name ~ protecting.tags_expression) <> protecting.tags_excluded"
# The rules are read once, however many tags are looked at: a tag is fixed by a rule that its name is like, and by one that
# takes all names but those like it.
_EXPRESSIONS = f"ARRAY(SELECT protecting.tags_expression FROM ({PROTECTING}) protecting WHERE {{}} protecting.tags_excluded)"
IS_FIXED: Final = f"(t.immutable OR t.name ~ ANY({_EXPRESSIONS.format('NOT')}) OR NOT t.name ~ ALL({_EXPRESSIONS.format('')}))"
"""Whether the row `t` of `tag` is immutable: by itself, or by a rule. Tags of signatures are the caller's to exempt."""

SHOWN: Final = 3
SIGNATURES: Final = r"^sha256-[a-f0-9]{64}(\.sig|\.att|\.sbom|)$"
# Rule by rule, all tags for each: PostgreSQL keeps few expressions compiled, and tag by tag would compile every one anew.
_ANY = f"""
    SELECT DISTINCT found.name FROM (
      SELECT '' AS tags_expression, false AS tags_excluded, true AS is_by_hand
      UNION ALL SELECT protecting.*, false FROM ({PROTECTING}) protecting
    ) protecting CROSS JOIN LATERAL (
      SELECT t.name FROM tag t
      WHERE t.repository_id = %(repository)s::bigint AND t.name !~ '{SIGNATURES}'
        AND CASE WHEN protecting.is_by_hand THEN t.immutable ELSE {_BY_RULE} END
      LIMIT {SHOWN}
    ) found LIMIT {SHOWN}
"""
_ANY_OF = f"""
    SELECT r.id, found.names FROM unnest(%(repositories)s::bigint[]) AS r(id)
    CROSS JOIN LATERAL (SELECT array_agg(one.name) AS names
      FROM ({_ANY.replace("%(repository)s::bigint", "r.id")}) one) found
    WHERE found.names IS NOT NULL
"""
FIXED_OF_HELD: Final = f"""
    by_rule AS MATERIALIZED (
        SELECT DISTINCT found.name FROM ({PROTECTING}) protecting CROSS JOIN LATERAL (
            SELECT t.name FROM held t WHERE {_BY_RULE} OFFSET 0
        ) found
    )
    SELECT held.name, held.immutable OR EXISTS (SELECT FROM by_rule WHERE by_rule.name = held.name) FROM held
    ORDER BY held.name
"""
"""After a part `held` of tags (name, immutable): their names, and whether each is immutable. Rule by rule, as above."""


def some_fixed(repository_id: int) -> list[str]:
    """Up to three immutable tags of a repository whose project the transaction has locked."""
    return [name for (name,) in sql.rows(_ANY, {"repository": repository_id})]


def some_fixed_of(repository_ids: Iterable[int]) -> dict[int, list[str]]:
    """Up to three immutable tags of each repository that has one (one query), for pages: nothing is locked."""
    return dict(sql.rows(_ANY_OF, {"repositories": array(repository_ids)}))


def protected(target: Target, names: Iterable[str]) -> frozenset[str]:
    """Those of the tags that a rule makes immutable (one query), for lists; the column `immutable` says the rest."""
    rules = rules_in_force(target.project.id)
    path = str(target.name).partition("/")[2]
    return frozenset(name for name in names if immutability.is_fixed(rules, path, name))

"""Names that are nearly what somebody wrote, of what he may see: for pages that say that there is nothing of that name."""

from __future__ import annotations

import difflib
from functools import partial
from typing import Any, Final

from access.principal import Principal
from access.reach import REPOSITORY_CONDITION, reach
from access.table import P
from artifacts.places import located
from artifacts.search import MAX_TERM, grams
from core.errors import Denied, InvalidInput, NotFound
from database import sql
from database.bounds import each_within
from projects.finding import NEAR, nearest_projects

MILLISECONDS: Final = 200
READ: Final = 50
# Those that share most parts with the wanted name, whatever stands before it: a project is mistyped as often as a path.
_LIKE: Final = f"""
    WITH r AS MATERIALIZED (
      SELECT r.id, r.name, r.project_id,
        (SELECT count(*) FROM unnest(%(grams)s::text[]) part(gram) WHERE strpos('/' || r.name, part.gram) > 0) AS shared
      FROM repository r
      WHERE r.deleted_at IS NULL AND r.visible_at IS NOT NULL AND wharf_grams(r.name) && %(grams)s::text[])
    SELECT r.name FROM r JOIN project p ON p.id = r.project_id AND p.deleted_at IS NULL
    WHERE {REPOSITORY_CONDITION} AND 2 * r.shared >= cardinality(%(grams)s::text[])
    ORDER BY r.shared DESC, r.name LIMIT {READ}
"""


_NEWEST: Final = "SELECT name FROM tag WHERE repository_id = %s ORDER BY pushed_at DESC, id LIMIT 500"


def nearest(actor: Principal, name: str, *, most: int = 3) -> tuple[list[str], list[str]]:
    """(repositories, projects) that are nearly called `name`, the nearest first; none where that would take long."""
    wanted = name.strip("/").lower()
    if not wanted or len(wanted) > MAX_TERM or not wanted.isprintable():
        return [], []
    project = wanted.partition("/")[0]
    questions: dict[str, Any] = {"projects": partial(nearest_projects, actor, project, most=most)}
    if "/" in wanted:
        questions["repositories"] = partial(_repositories, actor, wanted, most)
    found = each_within(MILLISECONDS, questions)
    return found.get("repositories") or [], found["projects"] or []


def nearest_tags(actor: Principal, repository: str, tag: str, *, most: int = 3) -> list[str]:
    """Tags of the repository that are nearly called so, of the newest; none where the actor may not list them."""
    try:
        place = located(actor, repository, P.TAG_LIST)
    except (NotFound, Denied, InvalidInput):
        return []
    names = [name for (name,) in sql.rows(_NEWEST, [place.repository_id])]
    return difflib.get_close_matches(tag, names, n=most, cutoff=NEAR)


def nearest_called(actor: Principal, word: str, *, most: int = 3) -> list[str]:
    """Repositories whose last component is nearly `word`, the nearest first; none where that would take long."""
    wanted = word.lower()
    if not wanted or len(wanted) > MAX_TERM or not wanted.isprintable():
        return []
    found = each_within(MILLISECONDS, {"names": partial(_alike, actor, wanted)})["names"] or []
    ends = {name: name.rpartition("/")[2] for name in found}
    close = difflib.get_close_matches(wanted, set(ends.values()), n=most, cutoff=NEAR)
    return [name for end in close for name in found if ends[name] == end][:most]


def _repositories(actor: Principal, wanted: str, most: int) -> list[str]:
    path = wanted.partition("/")[2]
    names = _alike(actor, path)
    close = difflib.get_close_matches(wanted, names, n=most, cutoff=NEAR)
    # What has the very path in another project is near, however different that one is called.
    return (
        close
        + [name for name in names if name.endswith(f"/{path}") and name not in close][: most - len(close)]
    )


def _alike(actor: Principal, path: str) -> list[str]:
    """Names that share at least half of the parts of `path`."""
    values = reach(actor, P.REPOSITORY_PULL).parameters | {"grams": grams(f"/{path}")}
    return [name for (name,) in sql.rows(_LIKE, values)]

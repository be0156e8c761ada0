"""A repository of 5,000 tags, a project of 5,000 repositories, 5,000 projects: every sort and filter that is offered is found
by an index, and a page far down costs what the first one costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from access.table import P, Role
from artifacts import places
from artifacts.browsing import digests as artifact_rows
from artifacts.browsing import shelves as repository_rows
from artifacts.browsing import tags as tag_rows
from database import sql
from frontend.lists import digests, keyset, projects, repositories, tags
from frontend.lists.keyset import Order
from frontend.lists.spec import Sort
from projects import shelves as project_rows
from projects.queries import ref
from tests import people
from tests.crowds import Standing
from tests.registry_api.plans import blocks_touched

pytestmark = [pytest.mark.services]

TAGS, REPOSITORIES, PROJECTS, PAGE = 5_000, 5_000, 5_000, 50
TABLES = (
    "project",
    "project_contents",
    "quota",
    "member",
    "repository",
    "repository_stats",
    "artifact",
    "tag",
    "artifact_accessory",
    "artifact_child",
)
# Projects are few: the planner may read all of them, which takes milliseconds, and near the end of a list it does.
BIG = {
    "repository",
    "repository_stats",
    "artifact",
    "tag",
    "artifact_accessory",
    "artifact_child",
}
ROWS = (
    """INSERT INTO project (name, public, created_at) SELECT %(name)s || n, n %% 2 = 0, now() - n * interval '1 minute'
    FROM generate_series(1, %(projects)s) n""",
    """UPDATE project_contents SET used = project_id * 7919 %% 100003, pulls_total = project_id * 104729 %% 1009,
      last_push_at = now() - project_id * interval '1 minute'""",
    """INSERT INTO repository (project_id, name, visible_at) SELECT %(project)s, %(name)s || '/r' || n, now()
    FROM generate_series(1, %(repositories)s) n""",
    """UPDATE repository_stats SET tag_count = repository_id %% 97, compressed_bytes = repository_id * 7919 %% 100003,
      pulls_total = repository_id * 104729 %% 1009, last_push_at = now() - repository_id * interval '1 minute',
      last_pull_at = CASE WHEN repository_id %% 2 = 0 THEN now() - repository_id * interval '1 hour' END""",
    """INSERT INTO artifact (repository_id, digest, media_type, payload, kind, pinned_until)
    SELECT r.id, sha256((r.name || n)::bytea), 'm', '', 'image', now() FROM repository r
    CROSS JOIN LATERAL generate_series(1, CASE WHEN r.name = %(name)s || '/r1' THEN %(tags)s ELSE 8 END) n
    WHERE r.project_id = %(project)s""",
    """INSERT INTO tag (repository_id, name, artifact_id, version_key, platforms, pushed_at, size, last_pull_at)
    SELECT a.repository_id, 'v' || a.id, a.id, lpad(a.id::text, 9, '0'), ARRAY['linux/amd64'],
      now() - a.id * interval '1 second', a.id * 7919 %% 100003,
      CASE WHEN a.id %% 2 = 0 THEN now() - a.id * interval '1 minute' END
    FROM artifact a JOIN repository r ON r.id = a.repository_id WHERE r.project_id = %(project)s""",
    """INSERT INTO artifact_accessory (artifact_id, repository_id, subject_digest, kind)
    SELECT a.id, a.repository_id, b.digest, 'sbom' FROM artifact a JOIN artifact b ON b.id = a.id + 1
      AND b.repository_id = a.repository_id JOIN repository r ON r.id = a.repository_id WHERE r.project_id = %(project)s""",
    """INSERT INTO artifact_child (parent_id, repository_id, child_digest, child_id)
    SELECT a.id, a.repository_id, b.digest, b.id FROM artifact a JOIN artifact b ON b.id = a.id + 1
      AND b.repository_id = a.repository_id JOIN repository r ON r.id = a.repository_id WHERE r.project_id = %(project)s""",
)  # fmt: skip


class Crowd:
    """All that, and somebody who sees it."""

    def __init__(self) -> None:
        self.project = people.make_project("crowd")
        values = {"project": self.project.pk, "name": self.project.name, "tags": TAGS}
        for statement in ROWS:
            sql.execute(statement, values | {"repositories": REPOSITORIES, "projects": PROJECTS})
        self.actor = people.principal(people.make_member(self.project, Role.MAINTAINER))
        self.place = places.located(self.actor, f"{self.project.name}/r1", P.TAG_LIST)

    def rows(self, noun: str) -> QuerySet[Any]:
        if noun == "tags":
            return tag_rows.rows(self.place)
        if noun == "artifacts":
            return artifact_rows.rows(self.place)
        if noun == "repositories":
            return repository_rows.rows(self.actor, ref(self.project))
        return project_rows.rows(self.actor)


@pytest.fixture(scope="module")
def crowd(standing: Standing) -> Iterator[Crowd]:
    with standing(Crowd, TABLES) as made:
        yield made


def statement_of(rows: QuerySet[Any], order: Order, after: str = "") -> tuple[str, keyset.Page]:
    with CaptureQueriesContext(connection) as captured:
        page = keyset.page(rows, order, PAGE, after=after)
    (query,) = captured
    return str(query["sql"]), page


def read_whole(statement: str) -> set[str]:
    """Big tables that the plan of the statement reads from end to end."""
    plan = "\n".join(line for (line,) in sql.rows("EXPLAIN " + statement.replace("%", "%%")))
    return set(re.findall(r"Seq Scan on (\w+)", plan)) & BIG


SORTS = [
    pytest.param(noun, sort, descending, id=f"{noun} by {sort.name} {descending}")
    for noun, sorts in (
        ("tags", tags.SORTS),
        ("artifacts", digests.SORTS),
        ("repositories", repositories.SORTS),
        ("projects", projects.SORTS),
    )
    for sort in sorts
    for descending in (True, False)
]


@pytest.mark.parametrize(("noun", "sort", "descending"), SORTS)
def test_a_page_of_any_sort_is_found_by_an_index_however_far_down(
    crowd: Crowd, noun: str, sort: Sort, descending: bool
) -> None:
    rows, order = crowd.rows(noun), sort.order(descending=descending)
    _, first = statement_of(rows, order)
    middle = rows.order_by(*order.terms)[2_000]
    after = keyset.Cursor(getattr(middle, order.field), middle.pk).encoded(order)
    statement, page = statement_of(rows, order, after)
    assert len(first.rows) == len(page.rows) == PAGE
    assert read_whole(statement) == set()
    assert blocks_touched(statement) < 1_000


@pytest.mark.parametrize("value", ["v1", "*7", "v*9"])
def test_tags_are_filtered_within_their_repository(crowd: Crowd, value: str) -> None:
    rows = tag_rows.matching(crowd.rows("tags"), value)
    statement, _ = statement_of(rows, tags.SORTS[0].order(descending=True))
    assert read_whole(statement) == set()


def test_no_filter_of_tags_reads_more_than_the_repository(crowd: Crowd) -> None:
    rows, order = crowd.rows("tags"), tags.SORTS[0].order(descending=True)
    for narrowed in (
        tag_rows.on_platforms(rows, ["linux/arm64"]),
        tag_rows.signed(rows, True),
        tag_rows.immutable(rows, crowd.place, True),
        tag_rows.labelled(rows, [1, 2]),
        tag_rows.pushed_within(rows, 7),
        tag_rows.not_pulled_for(rows, 30),
        tag_rows.of_type(rows, "CHART"),
        tag_rows.of_type(rows, "OTHER"),
    ):
        statement, _ = statement_of(narrowed, order)
        assert read_whole(statement) == set(), statement


def test_no_filter_of_artifacts_reads_more_than_the_repository(crowd: Crowd) -> None:
    rows, order = crowd.rows("artifacts"), digests.SORTS[0].order(descending=True)
    for narrowed in (
        artifact_rows.beginning(rows, "sha256:1a2"),
        *(artifact_rows.of_type(rows, [word]) for word in digests.TYPES),
        *(artifact_rows.kept_by(rows, word) for word in digests.KEPT),
    ):
        statement, _ = statement_of(narrowed, order)
        assert read_whole(statement) == set(), statement


def test_repositories_are_found_by_a_part_of_their_name(crowd: Crowd) -> None:
    rows = repository_rows.named(crowd.rows("repositories"), "r123")
    statement, page = statement_of(rows, repositories.SORTS[0].order(descending=False))
    assert len(page.rows) == 11
    assert read_whole(statement) == set()


def test_what_stands_beside_the_rows_is_found_by_indexes(crowd: Crowd) -> None:
    _, page = statement_of(crowd.rows("tags"), tags.SORTS[0].order(descending=True))
    with CaptureQueriesContext(connection) as captured:
        tag_rows.described(crowd.place, page.rows)
    (query,) = captured
    assert read_whole(str(query["sql"])) == set()
    assert blocks_touched(str(query["sql"])) < 3_000


def test_what_stands_beside_artifacts_is_found_by_indexes(crowd: Crowd) -> None:
    _, page = statement_of(crowd.rows("artifacts"), digests.SORTS[0].order(descending=True))
    with CaptureQueriesContext(connection) as captured:
        artifact_rows.described(crowd.place, page.rows)
    (query,) = captured
    assert read_whole(str(query["sql"])) == set()
    assert blocks_touched(str(query["sql"])) < 4_000

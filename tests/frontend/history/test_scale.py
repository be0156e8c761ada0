"""A repository whose tags have moved 20,000 times among as many others: every page of it is found by an index."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.table import P, Role
from artifacts import places
from artifacts.browsing import comparison, restorations, timeline, uploading
from artifacts.models import TagEvent
from audit import usage
from core.oci.digest import Digest
from core.oci.reference import Tag
from database import sql
from frontend.lists import keyset
from frontend.lists.keyset import Kind, Order
from tests import people
from tests.crowds import Standing
from tests.registry_api.plans import blocks_touched

pytestmark = [pytest.mark.services]

EVENTS, OTHERS, TAGS, PAGE = 20_000, 40, 400, 50
TABLES = (
    "repository",
    "artifact",
    "tag",
    "tag_event",
    "artifact_layer",
    "artifact_child",
    "upload",
    "audit_usage",
)
BIG = {"artifact", "tag", "tag_event", "artifact_layer", "upload", "audit_usage"}
NEWEST = Order("at", Kind.TIME, descending=True)
# A tag has fifty versions; what it named the last time is what it names.
ROWS = (
    """INSERT INTO repository (project_id, name, visible_at) SELECT %(project)s, %(name)s || '/r' || n, now()
    FROM generate_series(0, %(others)s) n""",
    """INSERT INTO artifact (repository_id, digest, media_type, payload, kind, pinned_until, total_size)
    SELECT r.id, sha256((r.name || n)::bytea), 'm', '', 'image', now(), n FROM repository r
    CROSS JOIN LATERAL generate_series(1, CASE WHEN r.name = %(name)s || '/r0' THEN %(events)s ELSE 500 END) n
    WHERE r.project_id = %(project)s""",
    """INSERT INTO tag_event (repository_id, name, kind, old_digest, new_digest, size, actor_kind, actor_id, actor_name,
      at)
    SELECT a.repository_id, 'v' || a.total_size %% %(tags)s, 'move', sha256((r.name || a.total_size - %(tags)s)::bytea),
      a.digest, a.total_size, 'user', 1, 'ann', now() - interval '1 second' * (30000 - a.total_size)
    FROM artifact a JOIN repository r ON r.id = a.repository_id
    WHERE r.project_id = %(project)s ORDER BY a.id""",
    """INSERT INTO tag (repository_id, name, artifact_id, version_key, platforms)
    SELECT DISTINCT ON (e.repository_id, e.name) e.repository_id, e.name, a.id, e.name, '{}' FROM tag_event e
    JOIN artifact a ON a.repository_id = e.repository_id AND a.digest = e.new_digest
    JOIN repository r ON r.id = e.repository_id WHERE r.project_id = %(project)s
    ORDER BY e.repository_id, e.name, e.id DESC""",
    """INSERT INTO artifact_layer (artifact_id, position, digest, size)
    SELECT a.id, n, sha256(n::text::bytea), n FROM artifact a JOIN repository r ON r.id = a.repository_id
    CROSS JOIN generate_series(1, 3) n WHERE r.project_id = %(project)s""",
    """INSERT INTO audit_usage (repository_id, tag, day, project_id, pulls)
    SELECT r.id, 'v' || n %% 100, current_date - n / 100, %(project)s, n FROM repository r CROSS JOIN generate_series(0, 1999) n
    WHERE r.project_id = %(project)s""",
    """INSERT INTO upload (id, repository_id, actor_kind, actor_id, actor_name, expires_at)
    SELECT gen_random_uuid(), r.id, 'user', 1, 'ann', now() + interval '1 day' FROM repository r
    CROSS JOIN LATERAL generate_series(1, CASE WHEN r.name = %(name)s || '/r0' THEN 3 ELSE 200 END)
    WHERE r.project_id = %(project)s""",
)  # fmt: skip


class Past:
    def __init__(self) -> None:
        project = people.make_project("past")
        values = {
            "project": project.pk,
            "name": project.name,
            "others": OTHERS,
            "events": EVENTS,
            "tags": TAGS,
        }
        for statement in ROWS:
            sql.execute(statement, values)
        self.actor = people.principal(people.make_member(project, Role.MAINTAINER))
        self.place = places.located(self.actor, f"{project.name}/r0", P.TAG_LIST)
        raws = sql.rows("SELECT new_digest FROM tag_event WHERE repository_id = %s AND name = 'v7' ORDER BY id LIMIT 2",
                        [self.place.repository_id])  # fmt: skip
        self.first, self.second = (Digest.from_bytes(bytes(raw)) for (raw,) in raws)


@pytest.fixture(scope="module")
def past(standing: Standing) -> Iterator[Past]:
    with standing(Past, TABLES) as made:
        yield made


@pytest.fixture(autouse=True)
def database(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def found_by_indexes(act: Callable[[], object], most: int) -> None:
    """Each statement of it reads no big table from end to end, and at most so many blocks."""
    with CaptureQueriesContext(connection) as captured:
        act()
    asked = [
        query["sql"]
        for query in captured
        if "SAVEPOINT" not in query["sql"] and "FROM project" not in query["sql"]
    ]
    assert asked
    for statement in asked:
        plan = "\n".join(line for (line,) in sql.rows("EXPLAIN " + statement.replace("%", "%%")))
        assert set(re.findall(r"Seq Scan on (\w+)", plan)) & BIG == set(), plan
        assert blocks_touched(statement) < most, plan


def test_a_page_of_the_timeline_is_found_by_an_index(past: Past) -> None:
    rows = timeline.rows(past.place)
    found_by_indexes(lambda: keyset.page(rows, NEWEST, PAGE), 200)
    far = rows.order_by("id")[EVENTS // 2]
    middle = keyset.Cursor(far.at, far.pk).encoded(NEWEST)
    found_by_indexes(lambda: keyset.page(rows, NEWEST, PAGE, after=middle), 200)
    found_by_indexes(lambda: keyset.page(timeline.of_tag(rows, "v7"), NEWEST, PAGE), 200)


def test_what_stands_beside_a_page_is_found_by_indexes(past: Past) -> None:
    page = list(TagEvent.objects.filter(repository_id=past.place.repository_id).order_by("-id")[:PAGE])
    found_by_indexes(lambda: timeline.described(page), 2_000)
    assert all(change.is_now and change.grown == TAGS for change in timeline.described(page))


def test_sizes_and_a_restoration_are_found_by_indexes(past: Past) -> None:
    found_by_indexes(lambda: timeline.sizes(past.place), 400)
    found_by_indexes(lambda: timeline.sizes(past.place, "v7"), 400)
    assert len(timeline.sizes(past.place, "v7")) == EVENTS // TAGS
    found_by_indexes(
        lambda: restorations.restoration(past.actor, past.place, Tag.parse("v7"), past.first), 200
    )


def test_a_comparison_is_found_by_keys(past: Past) -> None:
    found_by_indexes(lambda: comparison.compare(past.place, past.first, past.second), 60)
    found_by_indexes(lambda: comparison.compare(past.place, Tag.parse("v7"), Tag.parse("v8")), 60)
    found_by_indexes(lambda: comparison.newest_tags(past.place), 400)


def test_usage_and_uploads_are_found_by_indexes(past: Past) -> None:
    repository = past.place.repository_id
    found_by_indexes(
        lambda: usage.by_day_and_tag(repository, datetime.now(UTC).date() - timedelta(days=89), 20), 2_500
    )
    found_by_indexes(lambda: uploading.uploads(past.place), 60)
    found_by_indexes(lambda: uploading.last_event(past.place), 20)
    found_by_indexes(lambda: uploading.news(past.place, 1), 20)

"""A hundred thousand tags: pages cost what a page costs, no list reads a big table from end to end, counts are kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.principal import Principal
from access.table import P, Role
from artifacts import places
from artifacts.browsing import artifacts, details, listed, repositories
from artifacts.places import Located
from core.oci.reference import Tag
from database import sql
from tests import people
from tests.crowds import Standing
from tests.registry_api.plans import blocks_touched

pytestmark = [pytest.mark.django_db, pytest.mark.services]

REPOSITORIES, IN_ONE, OTHERS = 10_000, 50_000, 5
PAGE = 100
TABLES = (
    "repository",
    "artifact",
    "tag",
    "artifact_child",
    "artifact_accessory",
    "repository_stats",
    "project",
)
BIG = {"repository", "artifact", "tag", "artifact_child", "artifact_accessory", "repository_change"}

# One repository of 50,000 artifacts with a tag each, 10,000 more with five; every twentieth artifact of the big one is an
# accessory, every tenth of all lists the one after it.
ROWS = (
    """INSERT INTO repository (project_id, name, created_at, visible_at)
    SELECT %(project)s, %(name)s || '/r' || n, now() - n * interval '1 minute', now() FROM generate_series(0, %(many)s) n""",
    """INSERT INTO artifact (repository_id, digest, media_type, payload, kind, pinned_until, pushed_at)
    SELECT r.id, sha256((r.name || n)::bytea), 'm', '', 'image', now(), now() - n * interval '1 second' FROM repository r
    CROSS JOIN LATERAL generate_series(1, CASE WHEN r.name = %(name)s || '/r0' THEN %(in_one)s ELSE %(others)s END) n
    WHERE r.project_id = %(project)s""",
    """INSERT INTO tag (repository_id, name, artifact_id, version_key, platforms, pushed_at)
    SELECT a.repository_id, 'v' || a.id, a.id, 'v' || a.id, '{}', a.pushed_at FROM artifact a
    JOIN repository r ON r.id = a.repository_id WHERE r.project_id = %(project)s""",
    """INSERT INTO artifact_accessory (artifact_id, repository_id, subject_digest, kind)
    SELECT a.id, a.repository_id, b.digest, 'sbom' FROM artifact a JOIN artifact b ON b.id = a.id + 1
      AND b.repository_id = a.repository_id
    WHERE a.repository_id = (SELECT id FROM repository WHERE name = %(name)s || '/r0') AND a.id %% 20 = 0""",
    """INSERT INTO artifact_child (parent_id, repository_id, child_digest, child_id)
    SELECT a.id, a.repository_id, b.digest, b.id FROM artifact a JOIN artifact b ON b.id = a.id + 1
      AND b.repository_id = a.repository_id WHERE a.id %% 10 = 5""",
)  # fmt: skip


class Crowd:
    """A project with all that, somebody who sees it, and its biggest repository."""

    def __init__(self) -> None:
        self.project = people.make_project("crowd")
        values = {
            "project": self.project.pk,
            "name": self.project.name,
            "many": REPOSITORIES,
            "in_one": IN_ONE,
            "others": OTHERS,
        }
        for statement in ROWS:
            sql.execute(statement, values)
        self.actor: Principal = people.principal(people.make_member(self.project, Role.GUEST))
        self.place: Located = places.located(self.actor, f"{self.project.name}/r0", P.ARTIFACT_LIST)


@pytest.fixture(scope="module")
def crowd(standing: Standing) -> Iterator[Crowd]:
    with standing(Crowd, TABLES) as made:
        yield made


def statements(act: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        act()
    return [query["sql"] for query in captured]


def read_whole(statement: str) -> set[str]:
    """Big tables that the plan of the statement reads from end to end."""
    plan = "\n".join(line for (line,) in sql.rows("EXPLAIN " + statement.replace("%", "%%")))
    return set(re.findall(r"Seq Scan on (\w+)", plan)) & BIG


@pytest.fixture
def pages(crowd: Crowd) -> dict[str, Callable[[], object]]:
    """Each list as the API asks for its default page."""
    rows = artifacts.in_repository(crowd.place).order_by("-pushed_at", "-pk")
    _, mine = repositories.in_project(crowd.actor, crowd.project.name)
    everywhere, _ = repositories.everywhere(crowd.actor)
    return {
        "artifacts": lambda: list(rows[:PAGE]),
        "repositories of a project": lambda: list(mine.order_by("-created_at", "-pk")[:PAGE]),
        "repositories by name": lambda: list(mine.order_by("name", "pk")[:PAGE]),
        "all repositories": lambda: list(everywhere.order_by("-created_at", "-pk")[:PAGE]),
    }


@pytest.mark.parametrize(
    "name", ["artifacts", "repositories of a project", "repositories by name", "all repositories"]
)
def test_a_page_is_found_by_an_index(pages: dict[str, Callable[[], object]], name: str) -> None:
    (statement,) = statements(pages[name])
    assert read_whole(statement) == set()
    assert blocks_touched(statement) < 5_000, name


def test_what_belongs_to_a_page_is_found_by_indexes(crowd: Crowd) -> None:
    page = list(artifacts.in_repository(crowd.place).order_by("-pushed_at")[:PAGE])
    for look in (details.tags_of, details.parts_of, details.accessories_of):
        (statement,) = statements(lambda look=look: look(page))  # type: ignore[misc]
        assert read_whole(statement) == set(), look.__name__
        assert blocks_touched(statement) < 3_000, look.__name__


def test_the_figures_of_a_page_of_repositories_are_found_by_indexes(crowd: Crowd) -> None:
    _, mine = repositories.in_project(crowd.actor, crowd.project.name)
    ids = [row.pk for row in mine.order_by("name")[:PAGE]]
    (statement,) = statements(lambda: repositories.figures(ids))
    assert read_whole(statement) == set()


def test_counts_are_kept_and_right(crowd: Crowd) -> None:
    held = crowd.place.target.project
    assert repositories.total(crowd.actor, held) == REPOSITORIES + 1
    assert repositories.everywhere(crowd.actor)[1] >= REPOSITORIES + 1
    exact = artifacts.in_repository(crowd.place).count()
    assert IN_ONE * 0.9 < exact < IN_ONE
    assert listed.count([crowd.place.repository_id]) == exact
    _settle(crowd, exact)
    (statement,) = statements(lambda: listed.count([crowd.place.repository_id]))
    assert listed.count([crowd.place.repository_id]) == exact
    assert blocks_touched(statement) < 40
    (all_of_them,) = statements(lambda: repositories.total(crowd.actor, held))
    assert (
        blocks_touched(all_of_them) < 100
    )  # of one row that ten thousand repositories have changed in this transaction


def _settle(crowd: Crowd, count: int) -> None:
    """As after the fold: no change waits, and what was counted is kept."""
    sql.execute("DELETE FROM repository_change")
    sql.execute(
        """INSERT INTO repository_stats (repository_id, listed_count) VALUES (%s, %s)
        ON CONFLICT (repository_id) DO UPDATE SET listed_count = EXCLUDED.listed_count""",
        [crowd.place.repository_id, count],
    )


def test_the_artifacts_of_a_project_are_found_and_counted_without_reading_them(crowd: Crowd) -> None:
    held = artifacts.of_project(crowd.actor, crowd.place.target.project)
    exact = artifacts.in_repositories(held).count()
    _count_all()
    (page,) = statements(lambda: list(artifacts.in_repositories(held).order_by("-pushed_at", "-pk")[:PAGE]))
    assert read_whole(page) == set()
    assert blocks_touched(page) < 5_000
    (count,) = statements(lambda: artifacts.total(held))
    assert artifacts.total(held) == exact
    assert blocks_touched(count) < 1_000


def _count_all() -> None:
    """As the fold, of all repositories at once."""
    sql.execute("DELETE FROM repository_change")
    sql.execute(
        f"""INSERT INTO repository_stats (repository_id, listed_count)
        SELECT artifact.repository_id, count(*) FROM artifact WHERE {listed.IS_LISTED} GROUP BY artifact.repository_id
        ON CONFLICT (repository_id) DO UPDATE SET listed_count = EXCLUDED.listed_count"""
    )
    sql.execute("ANALYZE repository_stats")


def test_a_tag_is_found_by_its_name(crowd: Crowd) -> None:
    name = sql.value("SELECT name FROM tag WHERE repository_id = %s LIMIT 1", [crowd.place.repository_id])
    (statement,) = statements(lambda: artifacts.one(crowd.place, Tag.parse(name)))
    assert read_whole(statement) == set()
    assert blocks_touched(statement) < 40

"""Five thousand projects full of repositories: who sees few of them and who sees most read what a page shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection
from django.db.models import Q, QuerySet
from django.test.utils import CaptureQueriesContext

from access.allowances import Allowance, Place
from access.principal import ActorKind, AuthMethod, Principal
from access.table import P
from artifacts.browsing import repositories
from artifacts.models import Repository
from database import sql
from projects.models import Project
from tests import people
from tests.crowds import Standing
from tests.people import unique
from tests.registry_api.plans import blocks_touched

pytestmark = [pytest.mark.django_db, pytest.mark.services]

PROJECTS, IN_EACH, PAGE = 5_000, 5, 100
TABLES = ("project", "project_contents", "member", "account_user", "repository")
# A walk past what somebody does not see touches a block for each of the 25,000, and more.
MOST_BLOCKS = 4_000
PEOPLE = ("member of one", "member of half", "member of nearly all", "anonymous", "administrator", "robot")
ORDERS = (("-created_at", "-pk"), ("name", "pk"), ("-pk",))
# Every thousandth project is public. What is next to each other in time lies in projects far from each other.
ROWS = (
    """INSERT INTO project (name, public) SELECT %(name)s || n, n %% 1000 = 0 FROM generate_series(1, %(projects)s) n""",
    """INSERT INTO repository (project_id, name, created_at, visible_at)
    SELECT p.id, p.name || '/r' || n, now() - (p.id * 7919 %% %(projects)s + n * %(projects)s) * interval '1 second', now()
    FROM project p CROSS JOIN generate_series(1, %(in_each)s) n WHERE p.name LIKE %(name)s || '%%'""",
)
JOIN = """
    INSERT INTO member (project_id, user_id, role_id, created_by_name)
    SELECT id, %s, 3, '' FROM project WHERE id = ANY(%s::bigint[])
"""


class Crowd:
    """`actors` by what they are, and `seen`, which projects each of them sees."""

    def __init__(self) -> None:
        name = unique("crowd")
        for statement in ROWS:
            sql.execute(statement, {"name": name, "projects": PROJECTS, "in_each": IN_EACH})
        ids = list(Project.objects.filter(name__startswith=name).order_by("pk").values_list("pk", flat=True))
        self.actors: dict[str, Principal] = {"anonymous": people.ANONYMOUS, "administrator": people.SYSTEM}
        self.seen: dict[str, Q] = {"anonymous": Q(project__public=True), "administrator": Q()}
        for who, own in zip(PEOPLE[:3], (ids[7:8], ids[::2], ids[: -PROJECTS // 50]), strict=True):
            user = people.make_user()
            sql.execute(JOIN, [user.pk, own])
            self.actors[who] = people.principal(user)
            self.seen[who] = Q(project_id__in=own) | Q(project__public=True)
        lists = Allowance(Place.PROJECT, frozenset({P.REPOSITORY_LIST}), ids[3])
        self.actors["robot"] = Principal(
            ActorKind.ROBOT, 1, "robot", auth=AuthMethod.ROBOT, allowances=(lists,)
        )
        self.seen["robot"] = Q(project_id=ids[3]) | Q(project__public=True)

    def expected(self, who: str) -> QuerySet[Repository]:
        return Repository.objects.filter(self.seen[who], deleted_at__isnull=True, visible_at__isnull=False)


@pytest.fixture(scope="module")
def crowd(standing: Standing) -> Iterator[Crowd]:
    with standing(Crowd, TABLES) as made:
        yield made


def reads_repositories_whole(statement: str) -> bool:
    plan = "\n".join(line for (line,) in sql.rows("EXPLAIN " + statement.replace("%", "%%")))
    return re.search(r"Seq Scan on repository\b", plan) is not None


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("order", ORDERS)
def test_a_page_of_all_repositories_reads_what_stands_on_it(
    crowd: Crowd, who: str, order: tuple[str, ...]
) -> None:
    rows, count = repositories.everywhere(crowd.actors[who])
    with CaptureQueriesContext(connection) as captured:
        page = list(rows.order_by(*order)[:PAGE])
    (statement,) = [query["sql"] for query in captured]
    assert page == list(crowd.expected(who).order_by(*order)[:PAGE])
    assert count == crowd.expected(who).count()
    assert not reads_repositories_whole(statement)
    assert blocks_touched(statement) < MOST_BLOCKS


@pytest.mark.parametrize("who", PEOPLE)
def test_it_is_so_as_well_where_the_statement_was_planned_without_its_values(crowd: Crowd, who: str) -> None:
    rows, _ = repositories.everywhere(crowd.actors[who])
    text, values = rows.order_by("-created_at", "-pk")[:PAGE].query.sql_with_params()
    prepared = "".join(
        f"{part}${n}" if n <= len(values) else part for n, part in enumerate(text.split("%s"), start=1)
    )
    sql.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    sql.execute(f"PREPARE page AS {prepared}")
    executed = f"EXECUTE page ({', '.join(map(literal, values))})" if values else "EXECUTE page"
    is_read_whole, blocks = reads_repositories_whole(executed), blocks_touched(executed)
    sql.execute("DEALLOCATE page")
    sql.execute("RESET plan_cache_mode")
    assert not is_read_whole
    assert blocks < MOST_BLOCKS


def literal(value: object) -> str:
    return psycopg.sql.Literal(value).as_string()


@pytest.mark.parametrize("who", PEOPLE)
def test_they_are_counted_without_reading_any(crowd: Crowd, who: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        repositories.everywhere(crowd.actors[who])
    (statement,) = [query["sql"] for query in captured]
    assert "repository " not in statement.replace("project_contents", "")
    assert blocks_touched(statement) < MOST_BLOCKS

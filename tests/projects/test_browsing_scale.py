"""Twenty thousand projects: a page costs what a page costs, and what hangs on projects is never read from end to end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from access.models import Member
from access.principal import Principal
from access.table import Role
from database import sql
from projects import browsing
from projects.models import Project
from tests import people
from tests.crowds import Standing
from tests.people import unique
from tests.registry_api.plans import blocks_touched

pytestmark = [pytest.mark.django_db, pytest.mark.services]

PROJECTS, OWN, PAGE = 20_000, 300, 100
TABLES = ("project", "project_contents", "quota", "member", "user_group_member", "repository", "account_user")
BIG = {"repository", "artifact", "tag", "member", "project_contents", "quota", "account_user"}
ROWS = (
    """INSERT INTO project (name, public, created_at) SELECT %(name)s || n, n %% 2 = 0, now() - n * interval '1 minute'
    FROM generate_series(1, %(many)s) n""",
    """UPDATE project_contents SET repository_count = project_id %% 7 FROM project
    WHERE project.id = project_id AND name LIKE %(name)s || '%%'""",
    """INSERT INTO quota (project_id) SELECT id FROM project WHERE name LIKE %(name)s || '%%'""",
    """INSERT INTO account_user (username, password, email, full_name) SELECT %(name)s || n, '!', '', ''
    FROM generate_series(1, %(many)s) n""",
    """INSERT INTO member (project_id, user_id, role_id, created_by_name)
    SELECT project.id, person.id, 3, '' FROM project JOIN account_user person ON person.username = project.name
    WHERE project.name LIKE %(name)s || '%%'""",
)  # fmt: skip


class Crowd:
    """Half of the projects are public; somebody is a member of a few of the private ones."""

    def __init__(self) -> None:
        self.name = unique("crowd")
        for statement in ROWS:
            sql.execute(statement, {"name": self.name, "many": PROJECTS})
        user = people.make_user()
        private = list(Project.objects.filter(name__startswith=self.name, public=False)[:OWN])
        Member.objects.bulk_create(
            Member(project=each, user=user, role_id=Role.DEVELOPER) for each in private
        )
        self.actor: Principal = people.principal(user)
        self.own = [each.pk for each in private]


@pytest.fixture(scope="module")
def crowd(standing: Standing) -> Iterator[Crowd]:
    with standing(Crowd, TABLES) as made:
        yield made


def statement_of(act: Callable[[], object]) -> str:
    with CaptureQueriesContext(connection) as captured:
        act()
    (query,) = captured
    return str(query["sql"])


def read_whole(statement: str) -> set[str]:
    """Big tables that the plan of the statement reads from end to end."""
    plan = "\n".join(line for (line,) in sql.rows("EXPLAIN " + statement.replace("%", "%%")))
    return set(re.findall(r"Seq Scan on (\w+)", plan)) & BIG


@pytest.mark.parametrize("who", ["member", "anonymous", "admin"])
@pytest.mark.parametrize("order", [("name", "pk"), ("-created_at", "-pk")])
def test_a_page_of_projects_reads_what_stands_on_it(crowd: Crowd, who: str, order: tuple[str, str]) -> None:
    everybody = {"member": crowd.actor, "anonymous": people.ANONYMOUS, "admin": people.SYSTEM}
    rows = browsing.listed(everybody[who]).order_by(*order)
    statement = statement_of(lambda: list(rows[:PAGE]))
    assert read_whole(statement) == set()
    assert blocks_touched(statement) < 3_000


def test_projects_are_counted_without_what_hangs_on_them(crowd: Crowd) -> None:
    statement = statement_of(lambda: browsing.listed(crowd.actor).count())
    assert read_whole(statement) == set()
    assert browsing.listed(crowd.actor).count() >= PROJECTS // 2 + OWN
    assert blocks_touched(statement) < 3_000


def test_the_roles_on_a_page_are_found_by_indexes(crowd: Crowd) -> None:
    page = crowd.own[:PAGE]
    statement = statement_of(lambda: browsing.roles_of(crowd.actor, page))
    assert read_whole(statement) == set()
    assert blocks_touched(statement) < 2_000
    assert browsing.roles_of(crowd.actor, page) == dict.fromkeys(page, frozenset({Role.DEVELOPER}))


def test_members_are_listed_and_counted_by_the_project(crowd: Crowd) -> None:
    project = Project.objects.get(pk=crowd.own[0])
    rows = browsing.named_members(people.SYSTEM, project).order_by(F("entity_name"))
    with CaptureQueriesContext(connection) as captured:
        assert len(rows[:PAGE]) == rows.count() == 2
        browsing.summary(people.SYSTEM, project)
    for statement in [str(query["sql"]) for query in captured]:
        assert read_whole(statement) == set()
        assert blocks_touched(statement) < 200


def test_the_statistics_are_two_sums(crowd: Crowd) -> None:
    with CaptureQueriesContext(connection) as captured:
        seen, everything = browsing.seen(crowd.actor), browsing.everything(people.SYSTEM)
    assert len(captured) == 2
    assert seen.private_projects == OWN
    assert everything is not None
    assert everything.projects >= PROJECTS
    for query in captured:
        assert blocks_touched(str(query["sql"])) < 5_000

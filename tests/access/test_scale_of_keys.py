"""Ten thousand repositories: lists for robots and tokens go by the indexes that lists for people go by."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.allowances import Allowance, Place
from access.check import in_repositories
from access.principal import ActorKind, AuthMethod, Principal
from access.table import P, Role
from accounts.keys.permission_documents import MAX_REPOSITORIES, MAX_SPELLED, check_patterns
from artifacts.models import Repository
from artifacts.queries import catalog_page
from core.globs import Glob
from database import sql
from projects.models import Project
from projects.queries import visible_projects
from tests.crowds import analyse, let_analyse
from tests.groups import give
from tests.keys import PULL, in_project
from tests.people import make_user, principal
from tests.registry_api.plans import blocks_touched

pytestmark = [pytest.mark.django_db, pytest.mark.services]
MANY, PROJECTS = 10_000, 100
TABLES = ("member", "project", "repository")
ROWS = (
    f"INSERT INTO project (name) SELECT 'key-' || n FROM generate_series(1, {PROJECTS}) n",
    f"""INSERT INTO repository (project_id, name, visible_at)
    SELECT p.id, p.name || '/team-' || n / 10 || '/' || repeat('a', 60) || n, now()
    FROM project p, generate_series(1, {MANY // PROJECTS}) n WHERE starts_with(p.name, 'key-')""",
)


@pytest.fixture
def projects(services: Path) -> list[Project]:
    """A hundred projects of a hundred repositories each."""
    let_analyse(services, TABLES)
    for statement in ROWS:
        sql.execute(statement)
    return list(Project.objects.filter(name__startswith="key-"))


def cost(act: Callable[[], object]) -> tuple[int, set[str]]:
    """Blocks read, and the tables read from end to end."""
    with CaptureQueriesContext(connection) as captured:
        act()
    (statement,) = [query["sql"] for query in captured]
    plan = "\n".join(line for (line,) in sql.rows("EXPLAIN " + statement.replace("%", "%%")))
    return blocks_touched(statement), set(re.findall(r"Seq Scan on (\w+)", plan)) & set(TABLES)


def robot(*allowances: Allowance) -> Principal:
    return Principal(ActorKind.ROBOT, 1, "robot", auth=AuthMethod.ROBOT, allowances=allowances)


def test_lists_of_keys_go_by_indexes_as_lists_of_people_do(projects: list[Project]) -> None:
    user, place = make_user(), projects[31]
    give(place, user, Role.DEVELOPER)
    analyse(TABLES)
    person = principal(user)
    whole, part = in_project(place, PULL), in_project(place, PULL, "team-1/**")
    lists: dict[str, Callable[[Principal], object]] = {
        "catalog": lambda actor: catalog_page(actor, last="", limit=100),
        "repositories": lambda actor: list(
            Repository.objects.filter(in_repositories(actor, P.REPOSITORY_PULL))
        ),
        "projects": lambda actor: list(visible_projects(actor, P.REPOSITORY_PULL)[:50]),
    }
    keys = {
        "robot": robot(whole),
        "robot in part": robot(part),
        "robot in all places": robot(*(in_project(each, PULL) for each in projects)),
        "token": replace(person, allowances=(whole,)),
        "token in part": replace(person, allowances=(part,)),
    }
    for name, act in lists.items():
        blocks, read = cost(lambda act=act: act(person))  # type: ignore[misc]  # bound now
        for whose, actor in keys.items():
            found = cost(lambda act=act, actor=actor: act(actor))  # type: ignore[misc]  # bound now
            # A table is read from end to end only where that is less than the walk along its index.
            assert found[1] <= read or found[0] <= blocks, (name, whose, found, blocks)
            # A name that is passed over on the way costs a look at its project, which a person's list remembers: two to four
            # blocks, by the plan.
            assert found[0] <= blocks + 5 * MANY, (name, whose, found[0], blocks)


def test_the_dearest_patterns_there_may_be_cost_a_list_seconds_at_most(projects: list[Project]) -> None:
    """Made to match nothing after much work; beyond these no robot may have any."""
    analyse(TABLES)
    size = MAX_SPELLED // MAX_REPOSITORIES
    ends = [f"{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(MAX_REPOSITORIES)]
    globs = [Glob.parse(("*a?" * 8)[: size - 2] + end) for end in ends]
    actor = robot(*(Allowance(Place.ALL_PROJECTS, PULL, None, (each,)) for each in globs))
    check_patterns(actor.allowances or ())
    sql.execute("SET LOCAL statement_timeout = '20s'")
    assert catalog_page(actor, last="key-", limit=100) == []

"""Ten thousand of everything: decisions and lists stay small lookups, and a change of a big group one pass over its people."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.check import permissions_of, registry_actions
from access.explanation import Question, explain, needed
from access.held import _ROLES, without_admin
from access.holders import holders
from access.models import Member
from access.principal import Principal
from access.reach import CONDITION, reach
from access.table import P, Role
from accounts.models import Group, GroupMember, User
from accounts.own_roles import own_roles
from accounts.services import group_sync, groups
from database import sql
from jobs.queries import visible_runs
from projects.models import Project
from projects.queries import ref, visible_projects
from tests.crowds import analyse, let_analyse
from tests.groups import make_directory_group
from tests.people import SYSTEM, make_project, make_user, principal
from tests.registry_api.plans import blocks_touched

pytestmark = [pytest.mark.django_db, pytest.mark.services]
MANY = 10_000
IN_GROUPS, IN_VERY_MANY = 20, 500
IN_PROJECTS = 90
SECONDS = 5.0
TABLES = ("member", "user_group_member", "user_group", "account_user", "project")


USERS = "SELECT id, row_number() OVER (ORDER BY id) n FROM account_user WHERE username LIKE 'crowd-%%'"
TEAMS = "SELECT id, row_number() OVER (ORDER BY id) n FROM user_group WHERE name LIKE 'crowd-%%'"
PLACES = "SELECT id, row_number() OVER (ORDER BY id) n FROM project WHERE name LIKE 'crowd-%%'"
NUMBERED = f"WITH person AS ({USERS}), team AS ({TEAMS}), place AS ({PLACES})"
ROWS = (
    f"""INSERT INTO account_user (username, password, email, full_name)
    SELECT 'crowd-' || n, '!', '', '' FROM generate_series(1, {MANY}) n""",
    f"INSERT INTO user_group (name) SELECT 'crowd-' || n FROM generate_series(1, {MANY}) n",
    f"INSERT INTO project (name) SELECT 'crowd-' || n FROM generate_series(1, {MANY}) n",
    f"""{NUMBERED} INSERT INTO user_group_member (group_id, user_id) SELECT team.id, person.id FROM person
    JOIN team ON team.n IN (person.n, (person.n * 7) %% {MANY} + 1) ON CONFLICT DO NOTHING""",
    f"""{NUMBERED} INSERT INTO member (project_id, user_id, role_id, created_by_name)
    SELECT place.id, person.id, 3, '' FROM person JOIN place ON place.n = person.n""",
    f"""{NUMBERED} INSERT INTO member (project_id, group_id, role_id, created_by_name)
    SELECT place.id, team.id, 2, '' FROM team JOIN place ON place.n = (team.n * 3) %% {MANY} + 1""",
)


@pytest.fixture
def crowd(services: Path) -> Principal:
    """10,000 users, groups, projects and memberships of each kind, 20,000 people in groups; somebody in 20 groups."""
    let_analyse(services, TABLES)
    for statement in ROWS:
        sql.execute(statement)
    user = make_user()
    join(user.pk, slice(IN_GROUPS))
    return principal(user)


def join(user_id: int, which: slice) -> None:
    ids = Group.objects.filter(name__startswith="crowd-").order_by("pk").values_list("pk", flat=True)[which]
    GroupMember.objects.bulk_create(GroupMember(group_id=pk, user_id=user_id) for pk in ids)


def plan(statement: str) -> str:
    return "\n".join(line for (line,) in sql.rows("EXPLAIN " + statement.replace("%", "%%")))


def whole_tables(text: str) -> set[str]:
    """Tables of rights that a plan reads from end to end."""
    return set(re.findall(r"Seq Scan on (\w+)", text)) & {
        "member",
        "user_group_member",
        "account_user",
        "user_group",
    }


def statements(act: object) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        act()  # type: ignore[operator]  # a function of no arguments
    return [query["sql"] for query in captured]


def decides_by_indexes(crowd: Principal) -> None:
    project = Project.objects.get(name="crowd-31")
    (decision,) = statements(lambda: registry_actions(crowd, ref(project)))
    assert whole_tables(plan(decision)) == set(), plan(decision)
    assert blocks_touched(decision) < 60
    question = Question(crowd, needed("push"), ref(project))
    for statement in statements(lambda: (explain(question), holders(needed("push"), ref(project)))):
        # Administrators are found by no index: that is asked by a person, not for every request.
        if "is_auditor" not in statement:
            assert whole_tables(plan(statement)) == set(), plan(statement)


def decides_by_indexes_whatever_the_values(crowd: Principal) -> None:
    """Prepared statements are planned once, without knowing the values."""
    project = Project.objects.get(name="crowd-31")
    sql.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    sql.execute(
        f"PREPARE decision (bigint, bigint) AS {_ROLES.replace('%s', '$1', 1).replace('%s', '$2', 1)}"
    )
    text = plan(f"EXECUTE decision ({project.pk}, {crowd.id})")
    assert "$1" in text
    assert whole_tables(text) == set(), text
    sql.execute("DEALLOCATE decision")
    sql.execute("RESET plan_cache_mode")


def guards_a_project_by_indexes() -> None:
    """Every member an administrator: whether one project keeps one does not read those of the others."""
    sql.execute("UPDATE member SET role_id = 1")
    analyse(TABLES)
    project = Project.objects.get(name="crowd-31")
    (guard,) = statements(lambda: without_admin([project.pk]))
    assert whole_tables(plan(guard)) == set(), plan(guard)
    assert blocks_touched(guard) < 60


def lists_what_the_person_has(crowd: Principal, blocks: int) -> list[str]:
    """A list may read the rights of one person once, never once for each row of the list. The plans."""
    page = f"SELECT p.id FROM project p WHERE p.name > 'crowd-5' AND {CONDITION} ORDER BY p.name LIMIT 20"
    lists = (
        lambda: list(visible_projects(crowd)[:50]),
        lambda: list(visible_runs(crowd)[:50]),
        lambda: sql.rows(page, reach(crowd, P.REPOSITORY_PULL).parameters),
        lambda: own_roles(crowd),
    )
    plans = []
    for act in lists:
        (statement,) = statements(act)
        plans.append(plan(statement))
        assert blocks_touched(statement) < blocks, plans[-1]
    return plans


def a_person_in_many_member_groups_is_one_lookup_still(crowd: Principal) -> None:
    project = make_project()
    for group in Group.objects.filter(people__user_id=crowd.id)[:100]:
        Member.objects.create(project=project, group=group, role_id=Role.DEVELOPER)
    assert P.REPOSITORY_PUSH in permissions_of(crowd, ref(project))
    (decision,) = statements(lambda: registry_actions(crowd, ref(project)))
    assert blocks_touched(decision) < 1_000


def test_decisions_and_lists_stay_small_among_ten_thousand(crowd: Principal):
    """One crowd for all, which takes seconds to make."""
    analyse(TABLES)
    decides_by_indexes(crowd)
    decides_by_indexes_whatever_the_values(crowd)
    # Most of it is walking 10,000 names of projects to find twenty of them.
    for text in lists_what_the_person_has(crowd, blocks=4_000):
        assert whole_tables(text) == set(), text
    join(crowd.id, slice(IN_GROUPS, IN_VERY_MANY))
    lists_what_the_person_has(crowd, blocks=14_000)
    a_person_in_many_member_groups_is_one_lookup_still(crowd)
    guards_a_project_by_indexes()


def test_a_group_of_ten_thousand_is_filled_emptied_and_deleted_in_seconds(crowd: Principal):
    """Also before the tables have statistics, as after a directory's first synchronisation."""
    everybody = list(User.objects.filter(username__startswith="crowd-").values_list("pk", flat=True))
    group = make_directory_group()
    for project in Project.objects.filter(name__startswith="crowd-")[:IN_PROJECTS]:
        Member.objects.create(project=project, group=group, role_id=Role.DEVELOPER)
    half, took = everybody[: MANY // 2], {}
    for name, act in {
        "fill": lambda: group_sync.replace_people(SYSTEM, group, everybody),
        "again": lambda: group_sync.replace_people(SYSTEM, group, everybody),
        "halve": lambda: group_sync.replace_people(SYSTEM, group, half),
        "delete": lambda: groups.delete_group(SYSTEM, group),
    }.items():
        began = time.perf_counter()
        act()
        took[name] = round(time.perf_counter() - began, 2)
    assert max(took.values()) < SECONDS, took
    assert User.objects.filter(pk__in=everybody[-100:], auth_epoch=2).count() == 100
    assert not GroupMember.objects.filter(group_id=group.pk).exists()

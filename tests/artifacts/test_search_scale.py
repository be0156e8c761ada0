"""A search among many repositories reads by the index of parts of names, whoever searches; and the index tells the truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django.plugin import DjangoDbBlocker

from access.principal import Principal
from access.table import Role
from artifacts import search
from database import sql
from tests import people
from tests.crowds import Standing
from tests.people import ANONYMOUS

pytestmark = pytest.mark.services
MANY = 20_000
Crowd = dict[str, Principal]


@pytest.fixture(scope="module")
def crowd(standing: Standing) -> Iterator[Crowd]:
    """Callers of each kind, with a project of 20 000 repositories that one of them is a member of."""
    with standing(_callers, ("repository",)) as made:
        yield made


@pytest.fixture(autouse=True)
def database(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def _callers() -> Crowd:
    project, public = people.make_project(), people.make_project(public=True)
    for each, count in ((project, MANY), (public, 100)):
        sql.execute(
            """
            INSERT INTO repository (project_id, name, visible_at)
            SELECT %s, %s || '/team-' || n %% 97 || '/service-' || n, now() FROM generate_series(1, %s) AS n
            """,
            [each.pk, each.name, count],
        )
    return {
        "admin": people.principal(people.make_user("admin", is_admin=True)),
        "member": people.principal(people.make_member(project, Role.GUEST)),
        "outsider": people.principal(people.make_user("outsider")),
        "anonymous": ANONYMOUS,
    }


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(each for child in plan.get("Plans", ()) for each in nodes(child))]


def planned(act: Any) -> list[dict[str, Any]]:
    """The nodes of the plan of the one statement that `act` sends."""
    with CaptureQueriesContext(connection) as captured:
        act()
    (query,) = captured
    plan = sql.value("EXPLAIN (FORMAT JSON) " + query["sql"].replace("%", "%%"))
    return nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])


def test_a_search_reads_no_big_table_from_end_to_end(crowd: Crowd) -> None:
    for kind, actor in crowd.items():
        for term in ("service-1999", "xyzzy", "zz", ""):
            found = planned(lambda actor=actor, term=term: search.repositories(actor, term, limit=25))
            scanned = {each["Relation Name"] for each in found if each["Node Type"] == "Seq Scan"}
            assert not scanned & {"repository", "artifact", "tag"}, (kind, term)
            assert not term or "repository_grams" in {each.get("Index Name") for each in found}, (kind, term)


def test_the_index_finds_what_a_look_at_every_name_finds(crowd: Crowd) -> None:
    for term in ("vice-77", "team-9/", "m-96/service-19", "-1999", "SERVICE-1", "te", "s", "rvi", "no such"):
        wanted = term.lower()
        pattern = wanted if len(wanted) >= search.GRAM else f"/{wanted}"
        expected = sql.value(
            "SELECT count(*) FROM repository WHERE visible_at IS NOT NULL AND deleted_at IS NULL"
            " AND strpos('/' || name, %s) > 0",
            [pattern],
        )
        with transaction.atomic():
            found, total = search.repositories(crowd["admin"], term, limit=10)
        assert total == expected, term
        assert len(found) == min(10, expected)
        assert all(pattern in f"/{each.name}" for each in found)

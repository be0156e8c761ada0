"""What is looked for among many tags and artifacts is found by indexes, whoever looks, and a page stops when it is full."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.principal import Principal
from access.table import Role
from artifacts.browsing import found, nearest
from core.oci.pasted import Digits
from database import bounds, sql
from tests import people
from tests.crowds import Standing
from tests.people import ANONYMOUS
from tests.registry_api.plans import blocks_touched

pytestmark = [pytest.mark.services]

REPOSITORIES, TAGS = 2_000, 10
TABLES = ("project", "repository", "artifact", "tag", "blob", "artifact_label")
BIG = {"repository", "artifact", "tag", "blob"}
ROWS = (
    """INSERT INTO repository (project_id, name, visible_at) SELECT %(project)s, %(name)s || '/service-' || n, now()
    FROM generate_series(1, %(repositories)s) n""",
    """INSERT INTO artifact (repository_id, digest, media_type, payload, kind, pinned_until)
    SELECT r.id, sha256((r.name || n)::bytea), 'm', '', 'image', now() FROM repository r, generate_series(1, %(tags)s) n
    WHERE r.project_id = %(project)s""",
    """INSERT INTO tag (repository_id, name, artifact_id, version_key, platforms)
    SELECT a.repository_id,
      CASE WHEN row_number() OVER (PARTITION BY r.id ORDER BY a.id) = 1 THEN 'latest' ELSE 'v' || a.id END, a.id, 'x', '{}'
    FROM artifact a
    JOIN repository r ON r.id = a.repository_id WHERE r.project_id = %(project)s""",
)  # fmt: skip


class Crowd:
    """Many repositories of a private project, and callers of each kind."""

    def __init__(self) -> None:
        project = people.make_project("crowd")
        values = {"project": project.pk, "name": project.name, "repositories": REPOSITORIES, "tags": TAGS}
        for statement in ROWS:
            sql.execute(statement, values)
        self.name = project.name
        self.digest = bytes(
            sql.value("SELECT digest FROM artifact WHERE project_id = %s LIMIT 1", [project.pk])
        )
        self.callers: dict[str, Principal] = {
            "admin": people.principal(people.make_user("admin", is_admin=True)),
            "member": people.principal(people.make_member(project, Role.GUEST)),
            "outsider": people.principal(people.make_user("outsider")),
            "anonymous": ANONYMOUS,
        }


@pytest.fixture(scope="module")
def crowd(standing: Standing) -> Iterator[Crowd]:
    with standing(Crowd, TABLES) as made:
        yield made


def asked(act: Callable[[], object]) -> tuple[list[str], Any]:
    """The statements that `act` sends, and what it gives."""
    with CaptureQueriesContext(connection) as captured:
        answers = bounds.each_within(60_000, {"it": act})
    setting = [each["sql"] for each in captured if "set_config" in each["sql"] or "SAVEPOINT" in each["sql"]]
    return [each["sql"] for each in captured if each["sql"] not in setting], answers["it"]


def read_whole(statement: str) -> set[str]:
    plan = sql.value("EXPLAIN (FORMAT JSON) " + statement.replace("%", "%%"))
    return set(re.findall(r'"Seq Scan".*?"Relation Name": "(\w+)"', json.dumps(plan)))


def searches(crowd: Crowd, actor: Principal) -> dict[str, Callable[[], list[Any]]]:
    begun = Digits(crowd.digest.hex()[:9])
    return {
        "tag": lambda: found.tags(actor, "v1", limit=50),
        "latest": lambda: found.tags(actor, "latest", limit=50),
        "tag in": lambda: found.tags(actor, "v", within="service-1234", limit=50),
        "digest": lambda: found.artifacts(actor, begun, limit=50),
        "no digest": lambda: found.artifacts(actor, Digits("0000000"), limit=50),
        "nearest": lambda: nearest._repositories(actor, f"{crowd.name}/service-1234x", 3),
    }


@pytest.mark.parametrize("kind", ["admin", "member", "outsider", "anonymous"])
def test_no_search_reads_a_big_table_from_end_to_end(crowd: Crowd, kind: str) -> None:
    for name, act in searches(crowd, crowd.callers[kind]).items():
        statements, rows = asked(act)
        assert statements, name
        for statement in statements:
            assert not read_whole(statement) & BIG, (name, statement)
        sees = kind in ("admin", "member") and name != "no digest"
        assert bool(rows) is sees, name


@pytest.mark.parametrize("name", ["tag", "latest"])
def test_a_page_of_tags_stops_when_it_is_full(crowd: Crowd, name: str) -> None:
    (statement,), rows = asked(searches(crowd, crowd.callers["admin"])[name])
    assert len(rows) == 50
    assert blocks_touched(statement) < 1_500

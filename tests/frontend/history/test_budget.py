"""How many SQL statements the pages of a repository's past cost: as many for fifty changes as for five."""

from __future__ import annotations

import gzip
from typing import Final

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Member
from access.table import Role
from database import sql
from tests.frontend.shelf import rows
from tests.frontend.visitor import Visitor
from tests.people import make_project

# One of each is for the session, and two are for the head of the page. The page -> (statements, kilobytes as gzip has it).
BUDGET: Final = {
    "/-/timeline": (7, 22),
    "/-/timeline?tag=v0001": (7, 22),
    "/-/compare?from=v0001&to=v0002": (7, 40),
    "/-/usage": (4, 20),
    "/-/usage?by=client": (8, 20),
    "/-/uploads": (4, 20),
}
_EVENTS: Final = """
    INSERT INTO tag_event (repository_id, name, kind, new_digest, size, actor_kind, actor_id, actor_name)
    SELECT t.repository_id, t.name, 'create', a.digest, a.total_size, 'user', 1, 'ann' FROM tag t
    JOIN artifact a ON a.id = t.artifact_id JOIN repository r ON r.id = t.repository_id WHERE r.name = %s
"""


@pytest.fixture
def repositories(ann: Visitor) -> dict[int, str]:
    """One with five tags and one with fifty, each pushed once."""
    made = {}
    for many in (5, 50):
        project = make_project("past")
        Member.objects.create(project=project, user=ann.user, role_id=Role.PROJECT_ADMIN)
        made[many] = rows(project, tags=many)
        sql.execute(_EVENTS, [made[many]])
    return made


@pytest.mark.parametrize("path", list(BUDGET))
def test_a_page_costs_what_its_budget_says(ann: Visitor, repositories: dict[int, str], path: str) -> None:
    statements, kilobytes = BUDGET[path]
    for many in (5, 50):
        address = f"/r/{repositories[many]}{path}"
        ann.get(address)
        with CaptureQueriesContext(connection) as captured:
            answer = ann.get(address)
        assert answer.status_code == 200
        # The settings are read anew now and then, by whichever request comes first.
        asked = [
            query["sql"]
            for query in captured
            if 'FROM "setting"' not in query["sql"] and "SAVEPOINT" not in query["sql"]
        ]
        assert len(asked) <= statements, asked
    assert len(gzip.compress(answer.content, 6)) < kilobytes * 1024

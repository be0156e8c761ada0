"""How many SQL statements the pages about oneself cost: as many for a hundred rows as for one."""

from __future__ import annotations

import gzip

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Member
from access.table import Role
from tests import keys
from tests.frontend.visitor import Visitor
from tests.people import make_project

KILOBYTE = 1024


def cost(visitor: Visitor, path: str) -> tuple[int, int]:
    """Statements, and the page's size as gzip has it."""
    visitor.get(path)
    with CaptureQueriesContext(connection) as queries:
        answer = visitor.get(path)
    assert answer.status_code == 200
    return len(queries), len(gzip.compress(answer.content, 9)) // KILOBYTE


@pytest.mark.parametrize(
    ("path", "most"), [("/me/tokens", 4), ("/me/access", 2), ("/me/security", 5), ("/me/profile", 2)]
)
def test_many_rows_cost_no_more_statements_than_one(ann: Visitor, path: str, most: int):
    def more(number: int) -> None:
        for _ in range(number):
            project = make_project()
            Member.objects.create(project=project, user=ann.user, role_id=Role.DEVELOPER)
            keys.personal(ann.user, keys.in_project(project, keys.PULL))

    more(1)
    few, _size = cost(ann, path)
    more(30)
    many, size = cost(ann, path)
    assert few == many <= most
    assert size <= 20

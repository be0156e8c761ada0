"""How many SQL statements a page of a list costs, and how large it is: as many for fifty rows as for five."""

from __future__ import annotations

import gzip
from typing import Final

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Member
from access.table import Role
from tests.frontend.lists.test_tags import names
from tests.frontend.shelf import rows
from tests.frontend.visitor import Page, Visitor
from tests.people import make_project

# One of each is for the session. The page -> (statements, kilobytes as gzip has it).
BUDGET: Final = {
    "/projects?q={project}": (5, 18),
    "/p/{project}/": (8, 20),
    "/p/{project}/repos": (7, 18),
    "/r/{project}/r001": (6, 22),
    "/r/{project}/r001?q=v&sort=-size": (7, 22),
    "/r/{project}/r001/-/artifacts": (6, 22),
    "/r/{project}/r001/-/about": (3, 18),
    "/r/{project}/r001/-/delete-tags?selected=v0001": (6, 20),
}


@pytest.fixture
def shelves(ann: Visitor) -> dict[int, str]:
    """Projects with five repositories and five tags in each, and with fifty: their names."""
    made = {}
    for many in (5, 50):
        project = make_project("budget")
        Member.objects.create(project=project, user=ann.user, role_id=Role.MAINTAINER)
        rows(project, repositories=many, tags=many)
        made[many] = project.name
    return made


@pytest.mark.parametrize("path", list(BUDGET))
def test_a_page_costs_what_its_budget_says_however_many_rows_there_are(
    ann: Visitor, shelves: dict[int, str], path: str
) -> None:
    statements, kilobytes = BUDGET[path]
    for many in (5, 50):
        address = path.format(project=shelves[many])
        ann.get(address)
        with CaptureQueriesContext(connection) as captured:
            answer = ann.get(address)
        assert answer.status_code == 200
        # The settings are read anew now and then, by whichever request comes first.
        asked = [query["sql"] for query in captured if 'FROM "setting"' not in query["sql"]]
        assert len(asked) == statements, asked
    assert len(gzip.compress(answer.content, 6)) < kilobytes * 1024


def test_the_pages_of_the_budget_show_all_their_rows(ann: Visitor, shelves: dict[int, str]) -> None:
    assert len(names(Page(ann.get(f"/r/{shelves[50]}/r001").text))) == 50
    assert len(names(Page(ann.get(f"/p/{shelves[50]}/repos").text))) == 50

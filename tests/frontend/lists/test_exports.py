"""A list as a file: exactly what its filters leave, in its order, however long; and nothing that a program would obey."""

from __future__ import annotations

import csv
import json
import tracemalloc
from typing import Any

import pytest

from access.models import Member
from access.table import Role
from artifacts.models import Repository
from frontend.lists import exports, keyset
from projects.models import Project
from tests.frontend.shelf import rows
from tests.frontend.visitor import Visitor
from tests.people import make_project


@pytest.fixture
def project(ann: Visitor) -> Project:
    """Seven repositories of seven tags each. Ann is a guest."""
    made = make_project("exported")
    Member.objects.create(project=made, user=ann.user, role_id=Role.GUEST)
    rows(made, repositories=7, tags=7)
    return made


def lines(visitor: Visitor, path: str) -> list[dict[str, object]]:
    answer = visitor.get(path)
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_file_has_every_row_of_the_filter_in_its_order(
    ann: Visitor, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "BATCH", 3)
    found = lines(ann, f"/r/{project.name}/r001?export=jsonl&sort=size")
    assert [each["tag"] for each in found] == [f"v000{n}" for n in range(1, 8)]
    assert found[0]["size"] == 1000
    assert found[0]["platforms"] == ["linux/amd64"]
    assert str(found[0]["digest"]).startswith("sha256:")
    few = lines(ann, f"/r/{project.name}/r001?export=jsonl&q=v0003")
    assert [each["tag"] for each in few] == ["v0003"]


def test_projects_and_repositories_are_files_too(ann: Visitor, project: Project) -> None:
    assert [each["project"] for each in lines(ann, f"/projects?q={project.name}&export=jsonl")] == [
        project.name
    ]
    found = lines(ann, f"/p/{project.name}/repos?export=jsonl&sort=-name")
    assert [each["repository"] for each in found] == [f"{project.name}/r00{n}" for n in range(7, 0, -1)]
    assert found[0]["tags"] == 7


def test_a_spreadsheet_finds_no_formula(ann: Visitor, project: Project) -> None:
    Repository.objects.filter(name=f"{project.name}/r001").update(description='=HYPERLINK("http://x","y")')
    answer = ann.get(f"/p/{project.name}/repos?export=csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="repositories.csv"'
    found = list(csv.DictReader(answer.text.splitlines()))
    assert len(found) == 7
    assert found[0]["description"].startswith("'=HYPERLINK")


def test_who_may_not_see_a_list_has_no_file_of_it(visitor: Visitor) -> None:
    hidden = make_project("exported-not")
    name = rows(hidden, tags=1)
    for path in (f"/p/{hidden.name}/repos", f"/r/{name}"):
        assert visitor.get(f"{path}?export=csv").status_code == visitor.get(path).status_code != 200
    assert hidden.name not in visitor.get("/projects?q=exported-not&export=csv").text


def test_the_page_leads_to_the_file_of_what_it_shows(ann: Visitor, project: Project) -> None:
    links = ann.page(f"/r/{project.name}/r001?q=v*&sort=size&per=25").links
    assert f"/r/{project.name}/r001?q=v%2A&sort=size&export=csv" in links


def test_a_file_of_many_rows_has_all_of_them_and_needs_no_more_memory_than_one_of_few(ann: Visitor) -> None:
    many = 9_000
    made = make_project("exported-many", public=True)
    path = f"/r/{rows(made, tags=many)}?export=csv"
    with ann.http.stream("GET", path) as answer:
        pieces = answer.iter_bytes()
        found = next(pieces).count(b"\n")
        tracemalloc.start()
        found += sum(piece.count(b"\n") for piece in pieces)
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert found == many + 1
    assert most < 8 * 1024**2, f"{most:,} bytes for {many} rows"


def test_who_stops_a_download_stops_its_reading(
    ann: Visitor, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    page = keyset.page

    def counted(*given: Any, **more: Any) -> keyset.Page:
        read.append(given)
        return page(*given, **more)

    monkeypatch.setattr(exports, "BATCH", 1)
    monkeypatch.setattr(keyset, "page", counted)
    with ann.http.stream("GET", f"/r/{project.name}/r001?export=csv") as answer:
        pieces = answer.iter_bytes()
        assert b"v0007" in next(pieces) + next(pieces)
    assert 0 < len(read) < 4

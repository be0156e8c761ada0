"""Deleting all tags that a filter leaves: seen before, done by a job, and nothing that came meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from access.models import Member
from access.table import Role
from artifacts import bulk, places
from artifacts import tags as services
from artifacts.models import Tag as TagRow
from audit.models import AuditEvent
from core.errors import Denied
from core.oci.reference import Tag
from database import sql
from jobs import kinds, leases
from jobs.models import Run
from jobs.progress import Progress
from projects.models import Project
from tests.frontend.lists.test_tags import names
from tests.frontend.shelf import rows
from tests.frontend.visitor import Page, Visitor
from tests.people import SYSTEM, make_project
from tests.registry_api.client import HOST


@pytest.fixture
def project(ann: Visitor) -> Project:
    """150 tags "v0001" … in one repository. Ann is a maintainer."""
    made = make_project("cleared")
    Member.objects.create(project=made, user=ann.user, role_id=Role.MAINTAINER)
    rows(made, tags=150)
    return made


def form_of(page: Page, path: str) -> dict[str, list[str]]:
    """What the form sends, also of names that stand in it more than once."""
    inputs = [found for tag, found in page.tags if tag == "input" and found.get("type") == "hidden"]
    sent: dict[str, list[str]] = {}
    for found in inputs:
        sent.setdefault(found["name"], []).append(found["value"])
    assert path in [form.action for form in page.forms]
    return sent


def confirm(visitor: Visitor, page: Page, path: str) -> Any:
    return visitor.http.post(path, data=form_of(page, path), headers={"Origin": f"http://{HOST}"})


def work(run: Run) -> dict[str, Any]:
    """What the job does, in this process."""
    Run.objects.filter(pk=run.pk).update(sent_at=timezone.now())
    claimed = leases.claim(run.pk)
    assert claimed is not None
    return dict(kinds.kind(bulk.KIND).body(progress=Progress.of(*claimed), **run.arguments) or {})


def test_the_list_offers_what_matches_and_is_not_on_its_page(ann: Visitor, project: Project) -> None:
    path = f"/r/{project.name}/r001"
    links = ann.page(f"{path}?q=v00*").links
    assert f"{path}/-/delete-tags?all=1&q=v00%2A" in links
    assert not [link for link in ann.page(f"{path}?q=v000*").links if "all=1" in link]


def test_one_sees_what_would_go_and_a_job_is_begun(ann: Visitor, project: Project) -> None:
    path = f"/r/{project.name}/r001/-/delete-tags"
    target = places.target(f"{project.name}/r001")
    services.set_immutable(SYSTEM, target, Tag.parse("v0007"), immutable=True)
    page = ann.page(f"{path}?all=1&q=v00*")
    assert "Delete 98 tags?" in page.text
    assert "1 tag that matches is immutable and stays." in page.text
    assert len(names(ann.page(f"/r/{project.name}/r001?per=100"))) == 100
    answer = confirm(ann, page, path)
    run = Run.objects.get(kind=bulk.KIND, project_id=project.pk)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/jobs/{run.pk}")
    assert (run.actor_id, run.arguments["filters"]) == (ann.user.pk, {"q": ["v00*"]})
    assert "Delete tags" in ann.page(f"/jobs/{run.pk}").text
    # The same form once more leads to the job that it began; another one has to wait.
    again = confirm(ann, page, path)
    assert (again.status_code, again.headers["Location"]) == (303, f"/jobs/{run.pk}")
    assert confirm(ann, ann.page(f"{path}?all=1&q=v00*"), path).status_code == 409


def test_the_job_deletes_what_was_seen_and_leaves_what_came_meanwhile(ann: Visitor, project: Project) -> None:
    path = f"/r/{project.name}/r001/-/delete-tags"
    confirm(ann, ann.page(f"{path}?all=1&q=v01*"), path)
    # Moved after somebody looked.
    sql.execute(
        "UPDATE tag SET pushed_at = now() WHERE name = 'v0101' AND repository_id = ANY(SELECT id FROM repository "
        "WHERE project_id = %s)",
        [project.pk],
    )
    run = Run.objects.get(kind=bulk.KIND, project_id=project.pk)
    assert work(run) == {"tags": 50}
    left = TagRow.objects.filter(repository__project_id=project.pk, name__startswith="v01").values_list(
        "name", flat=True
    )
    assert list(left) == ["v0101"]
    assert (
        AuditEvent.objects.filter(project_id=project.pk, operation="tag.delete", actor_id=ann.user.pk).count()
        == 50
    )


def test_the_job_of_who_lost_the_right_deletes_nothing(ann: Visitor, project: Project) -> None:
    path = f"/r/{project.name}/r001/-/delete-tags"
    confirm(ann, ann.page(f"{path}?all=1"), path)
    Member.objects.filter(project=project).update(role_id=Role.DEVELOPER)
    with pytest.raises(Denied):
        work(Run.objects.get(kind=bulk.KIND, project_id=project.pk))
    assert ann.get(f"{path}?all=1").status_code == 403
    assert TagRow.objects.filter(repository__project_id=project.pk).count() == 150


@pytest.mark.parametrize(
    "until",
    ["", "yesterday", "2020-01-01T00:00:00+00:00", "2026-01-01T00:00:00", "9999-01-01T00:00:00+00:00"],
)
def test_a_page_that_was_open_for_too_long_begins_nothing(ann: Visitor, project: Project, until: str) -> None:
    path = f"/r/{project.name}/r001/-/delete-tags"
    sent = form_of(ann.page(f"{path}?all=1"), path) | {"until": [until]}
    assert ann.http.post(path, data=sent, headers={"Origin": f"http://{HOST}"}).status_code == 400
    assert not Run.objects.filter(project_id=project.pk).exists()

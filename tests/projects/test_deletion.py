"""A project with repositories stays; the repository table belongs to artifacts."""

from __future__ import annotations

import pytest
from django.db import connection

from core.errors import ProjectNotEmpty
from projects.models import Project
from projects.services.projects import delete_project
from tests.people import SYSTEM, make_project, unique

pytestmark = pytest.mark.django_db


def add_repository(project: Project, *, visible: bool, deleted: bool = False) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO repository (project_id, name, visible_at, deleted_at) "
            "VALUES (%s, %s, CASE WHEN %s THEN now() END, CASE WHEN %s THEN now() END)",
            (project.pk, f"{project.name}/{unique('app')}", visible, deleted),
        )


def test_a_project_with_a_visible_repository_is_not_deleted():
    project = make_project()
    add_repository(project, visible=True)
    with pytest.raises(ProjectNotEmpty, match=project.name):
        delete_project(SYSTEM, project)
    assert Project.objects.get(pk=project.pk).deleted_at is None


def test_deleted_repositories_and_ones_without_a_manifest_do_not_keep_a_project():
    project = make_project()
    add_repository(project, visible=True, deleted=True)
    add_repository(project, visible=False)
    delete_project(SYSTEM, project)
    assert Project.objects.get(pk=project.pk).deleted_at is not None

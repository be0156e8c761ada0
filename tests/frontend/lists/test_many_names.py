"""A build that tags the same image anew each time: ten thousand names of one artifact cost a page no more than a few."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from artifacts.browsing import tags
from artifacts.models import Artifact, Repository
from artifacts.places import Located, target
from database import sql
from tests.frontend.shelf import rows
from tests.people import make_project
from tests.registry_api.plans import blocks_touched

NAMES = """
    INSERT INTO tag (repository_id, name, artifact_id, version_key, platforms, pushed_at, size)
    SELECT %s, 'nightly-' || n, %s, 'n' || lpad(n::text, 6, '0'), '{}', now(), 1 FROM generate_series(1, 10000) n
"""


@pytest.fixture
def place(django_db_setup: None) -> Iterator[Located]:
    with transaction.atomic():
        project = make_project("nightly")
        name = rows(project, tags=1)
        repository = Repository.objects.get(name=name)
        artifact = Artifact.objects.get(repository=repository)
        sql.execute(NAMES, [repository.pk, artifact.pk])
        yield Located(target(name), repository.pk)
        transaction.set_rollback(True)


def test_names_of_one_artifact_are_sorted_once_for_a_page(place: Located) -> None:
    page = list(tags.rows(place).order_by("-version_key")[:50])
    with CaptureQueriesContext(connection) as captured:
        found = tags.described(place, page)
    assert found[1].aliases == (page[0].name, *(each.name for each in page[2:6]))
    assert len(captured) == 1
    # All names of the artifact are read once, and not for each of the fifty rows.
    assert blocks_touched(captured[0]["sql"]) < 3_000

"""What of a repository nothing else in its project needs."""

from __future__ import annotations

import pytest

from artifacts import statistics, unique_sizes
from artifacts.models import RepositoryStats
from tests import images
from tests.people import make_project, unique
from tests.registry_api.rest.shelf import push, shelf

pytestmark = pytest.mark.django_db


def figures(project_id: int) -> dict[str, tuple[int, int | None]]:
    found = RepositoryStats.objects.filter(project_id=project_id).select_related("repository")
    return {
        each.repository.name.partition("/")[2]: (each.compressed_bytes, each.unique_bytes) for each in found
    }


def test_what_two_repositories_share_is_neithers_own() -> None:
    project = make_project("own")
    both, alone = (
        images.image({"x": unique("both").encode() * 50}),
        images.image({"x": unique("alone").encode() * 90}),
    )
    first = shelf(project, "first", both, "1")
    push(first, alone, "2")
    shelf(project, "second", both, "1")
    # In another project it does not count: its owner may not know of it.
    shelf(make_project("own-not"), "third", alone, "1")
    statistics.fold()
    assert figures(project.pk)["first"][1] is None
    unique_sizes.count_project(project.pk)
    (size, own), (shared, none) = figures(project.pk)["first"], figures(project.pk)["second"]
    assert own == size - shared
    assert none == 0

"""What lists are counted by is what a recount finds: after every act, before and after the fold, however many act at once."""

from __future__ import annotations

from django.db.models import F

from artifacts import repositories, statistics
from artifacts.browsing import artifacts, listed
from artifacts.browsing.artifacts import Held
from artifacts.models import Artifact, RepositoryStats
from artifacts.models import Repository as Row
from core.oci.digest import Digest
from database import sql
from projects.models import ProjectContents
from tests.artifacts import rows
from tests.artifacts.actors import target
from tests.registry_api import documents
from tests.registry_api.client import INDEX, MANIFEST, Repository, World
from tests.registry_api.crowd import at_once


def listed_in(repository: Repository) -> int:
    """By the rows, and by what is kept, with a change that waits and without."""
    pk = rows.row(repository).pk
    exact = Artifact.objects.filter(repository_id=pk).filter(listed.is_listed()).count()
    waiting = listed.count([pk])
    in_project(repository)
    statistics.fold()
    in_project(repository)
    assert waiting == listed.count([pk]) == exact
    assert RepositoryStats.objects.get(repository_id=pk).listed_count == exact
    return exact


def in_project(repository: Repository) -> int:
    """By the rows of its project, by the list, and by what is kept."""
    project_id = rows.row(repository).project_id
    assert not Artifact.objects.exclude(project_id=F("repository__project_id")).exists()
    current = Artifact.objects.filter(repository__project_id=project_id, repository__deleted_at__isnull=True)
    exact = current.filter(listed.is_listed()).count()
    shown = artifacts.in_repositories(Held(project_id, Row.objects.none(), is_whole=True))
    assert shown.count() == listed.count_in_project(project_id) == exact
    return exact


def test_the_artifacts_of_a_project_are_counted_without_deleted_repositories(world: World) -> None:
    kept, gone, late = (world.repository("maintainer") for _ in range(3))
    for n, each in enumerate((kept, gone, late)):
        each.push_image("1")
        for further in range(n):
            each.put_manifest(
                f"further-{further}", documents.manifest(b"{}", annotations={"n": str(further)})
            )
    assert in_project(kept) == 6
    statistics.fold()
    assert in_project(kept) == 6
    repositories.delete(world.maintainer.principal, target(world, gone))
    assert in_project(kept) == 4
    late.put_manifest("more", documents.manifest(b"{}", annotations={"n": "more"}))
    repositories.delete(world.maintainer.principal, target(world, late))  # before its change is folded
    assert in_project(kept) == 1
    statistics.fold()
    assert in_project(kept) == 1
    again = world.maintainer.repository(gone.name)
    again.push_image("1")
    assert in_project(kept) == 2
    RepositoryStats.objects.all().delete()  # as of repositories nobody has counted yet
    sql.execute("INSERT INTO repository_change (repository_id) SELECT id FROM repository")
    assert in_project(kept) == 2


def test_the_listed_artifacts_are_counted_after_every_act(world: World) -> None:
    repository = world.repository("maintainer")
    first = repository.push_image("1")
    assert listed_in(repository) == 1
    part = documents.manifest(b"{}", annotations={"n": "part"})
    repository.put_manifest(str(Digest.of(part)), part)
    assert listed_in(repository) == 2
    index = documents.index([documents.descriptor(part, MANIFEST)])
    assert repository.put_manifest("index", index, INDEX).status_code == 201
    assert listed_in(repository) == 2
    repository.put_manifest("part", part)
    assert listed_in(repository) == 3
    note = documents.manifest(b"{}", subject=documents.descriptor(part, MANIFEST), annotations={"n": "note"})
    repository.put_manifest("note", note)
    assert listed_in(repository) == 3
    for path, left in (("part", 2), ("index", 2), (str(Digest.of(index)), 2), (first, 1)):
        assert repository.call("DELETE", f"manifests/{path}").status_code == 202
        assert listed_in(repository) == left
    # Its subject goes: it stands for itself.
    assert repository.call("DELETE", f"manifests/{Digest.of(part)}").status_code == 202
    assert listed_in(repository) == 1


def test_a_projects_repositories_are_counted_however_many_appear_at_once(world: World) -> None:
    def count() -> int:
        return ProjectContents.objects.get(project=world.project).repository_count

    made = [world.repository("maintainer") for _ in range(6)]
    for repository in made:
        repository.push_blob(b"{}")
    assert count() == 0
    manifest = documents.manifest(b"{}")
    at_once([lambda each=each: each.put_manifest("1", manifest) for each in made])  # type: ignore[misc]
    assert count() == 6
    made[0].put_manifest("2", manifest)
    assert count() == 6
    actor = world.maintainer.principal
    at_once(
        [lambda each=each: repositories.delete(actor, target(world, each)) for each in made[:4]]  # type: ignore[misc]
    )
    assert count() == 2
    again = world.maintainer.repository(made[0].name)
    again.push_image("1")
    assert count() == 3

"""Space is charged once a project, and the counters equal a recount whatever happened."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from artifacts import maintenance, repositories
from artifacts.models import ProjectBlob
from core.oci.digest import Digest
from database import sql
from projects.models import Quota
from tests.artifacts import rows
from tests.artifacts.actors import target
from tests.registry_api import documents
from tests.registry_api.answers import refused
from tests.registry_api.client import Registry, Repository, World


def used(world: World) -> int:
    return Quota.objects.get(project=world.project).used


def check(world: World) -> None:
    """The two counters against what they count."""
    counted = dict(ProjectBlob.objects.filter(project=world.project).values_list("blob_id", "n_links"))
    recounted: dict[int, int] = dict(
        sql.rows(
            """
            SELECT l.blob_id, count(*) FROM repository_blob l JOIN repository r ON r.id = l.repository_id
            WHERE r.project_id = %s GROUP BY l.blob_id
            """,
            [world.project.pk],
        )
    )
    assert counted == recounted
    assert used(world) == sql.value(
        "SELECT coalesce(sum(size), 0) FROM blob WHERE id = ANY(%s::bigint[])", [list(recounted)]
    )


@dataclass
class Storm:
    """Random acts in two projects: `own`, and a public one that blobs are mounted from and to."""

    own: World
    public: World
    dice: random.Random
    spaces: list[tuple[World, str]] = field(default_factory=list)

    CONTENTS = [f"content {n} ".encode() * n for n in range(6)]

    def repository(self) -> tuple[World, Repository]:
        """One of three names in each project: a deleted one is made anew by the next push."""
        world = self.dice.choice([self.own, self.public])
        kind = "project_admin"
        path = self.dice.choice(["a", "b", "c"])
        return world, world.repository(kind, path)

    def push_blob(self) -> None:
        _, repository = self.repository()
        repository.push_blob(self.dice.choice(self.CONTENTS))

    def push_image(self) -> None:
        _, repository = self.repository()
        layers = self.dice.sample(self.CONTENTS, self.dice.randint(0, 3))
        repository.push_image(self.dice.choice("xyz"), layers=layers)

    def mount(self) -> None:
        (_, source), (_, goal) = self.repository(), self.repository()
        query = {"mount": str(Digest.of(self.dice.choice(self.CONTENTS)))}
        if self.dice.random() < 0.5 and source.name != goal.name:
            query["from"] = source.name
        answer = goal.call("POST", "blobs/uploads/", params=query, also=f"{source.name}:pull")
        assert answer.status_code in (201, 202)

    def delete_blob(self) -> None:
        _, repository = self.repository()
        answer = repository.call("DELETE", f"blobs/{Digest.of(self.dice.choice(self.CONTENTS))}")
        assert answer.status_code in (202, 404, 405)

    def delete_manifest(self) -> None:
        _, repository = self.repository()
        answer = repository.call("HEAD", f"manifests/{self.dice.choice('xyz')}")
        if answer.status_code == 200:
            digest = answer.headers["Docker-Content-Digest"]
            assert repository.call("DELETE", f"manifests/{digest}").status_code == 202

    def delete_repository(self) -> None:
        world, repository = self.repository()
        if repository.call("GET", "tags/list").status_code == 200:
            repositories.delete(repository.client.principal, target(world, repository))
        if self.dice.random() < 0.5:
            maintenance.purge_deleted()

    def run(self, acts: int) -> None:
        choices = [self.push_blob, self.push_image, self.mount, self.delete_blob, self.delete_manifest]
        for _ in range(acts):
            self.dice.choices([*choices, self.delete_repository], [4, 4, 4, 3, 3, 1])[0]()
            check(self.own)
            check(self.public)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_counters_equal_a_recount_after_any_sequence_of_acts(registry: Registry, seed: int) -> None:
    dice = random.Random(seed)
    storm = Storm(World.make(registry), World.make(registry, public=True), dice)
    # One person in both projects, so that mounts across them are allowed.
    storm.own.clients["project_admin"] = storm.public.clients["project_admin"] = storm.own.admin
    storm.run(80)
    for world in (storm.own, storm.public):
        for path in "abc":
            repository = world.repository("project_admin", path)
            if repository.call("GET", "tags/list").status_code == 200:
                repositories.delete(repository.client.principal, target(world, repository))
    maintenance.purge_deleted()
    check(storm.own)
    check(storm.public)


def test_a_blob_is_charged_once_however_many_repositories_have_it(world: World) -> None:
    content = b"charged once" * 100
    one, two, three = (world.repository("maintainer") for _ in range(3))
    digest = one.push_blob(content)
    one.push_blob(content)
    two.push_blob(content)
    query = {"mount": digest, "from": one.name}
    answer = three.call("POST", "blobs/uploads/", params=query, also=f"{one.name}:pull")
    assert answer.status_code == 201
    assert used(world) == len(content)
    assert ProjectBlob.objects.get(project=world.project).n_links == 3
    for repository in (one, two):
        assert repository.call("DELETE", f"blobs/{digest}").status_code == 202
        assert used(world) == len(content)
    assert three.call("DELETE", f"blobs/{digest}").status_code == 202
    assert used(world) == 0
    assert not ProjectBlob.objects.filter(project=world.project).exists()


def test_each_project_is_charged_for_itself(world: World, registry: Registry) -> None:
    content = b"in both" * 100
    other = World.make(registry)
    for each in (world, other):
        each.repository("developer").push_blob(content)
        assert used(each) == len(content)


def test_a_mount_that_would_exceed_the_quota_is_refused(registry: Registry) -> None:
    source = World.make(registry, public=True).repository("developer")
    digest = source.push_blob(b"x" * 2000)
    small = World.make(registry, quota=1000)
    goal = small.repository("developer")
    query = {"mount": digest, "from": source.name}
    answer = goal.call("POST", "blobs/uploads/", params=query, also=f"{source.name}:pull")
    assert refused(answer) == (403, "DENIED")
    assert goal.call("HEAD", f"blobs/{digest}").status_code == 404
    check(small)


def test_manifests_cost_nothing(world: World) -> None:
    repository = world.repository("developer")
    repository.push_blob(b"{}")
    repository.put_manifest("latest", documents.manifest(b"{}", annotations={"pad": "x" * 10_000}))
    assert used(world) == 2
    assert rows.tag(repository, "latest").size == 2

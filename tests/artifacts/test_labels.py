"""Labels on artifacts: who puts them on, which ones, and that they leave with what they are on."""

from __future__ import annotations

import pytest

from artifacts import labels, manifests, repositories
from artifacts.models import ArtifactLabel
from core.errors import AlreadyExists, Denied, LabelUnknown, ManifestUnknown, ProjectUnknown
from core.oci.digest import Digest
from core.oci.reference import Tag
from projects.models import Label
from projects.services.labels import LabelText, change_label, create_label, delete_label
from tests.artifacts import rows
from tests.artifacts.actors import target
from tests.people import SYSTEM, unique
from tests.registry_api.client import Repository, World

LATEST = Tag.parse("latest")


@pytest.fixture
def repository(world: World) -> Repository:
    made = world.repository("developer")
    made.push_image()
    return made


@pytest.fixture
def own(world: World) -> Label:
    return create_label(world.maintainer.principal, world.project, LabelText("tested", "#00FF00"))


@pytest.fixture
def everywhere() -> Label:
    return create_label(SYSTEM, None, LabelText(unique("approved")))


def worn(repository: Repository) -> list[str]:
    artifact = rows.tag(repository, "latest").artifact_id
    return [label.name for label in labels.labels_of([artifact]).get(artifact, [])]


def put_on(world: World, repository: Repository, label: Label, by: str = "developer") -> None:
    labels.add(getattr(world, by).principal, target(world, repository), LATEST, label.pk)


def test_a_developer_puts_labels_on_and_takes_them_off(
    world: World, repository: Repository, own: Label, everywhere: Label
) -> None:
    put_on(world, repository, own)
    put_on(world, repository, everywhere)
    assert worn(repository) == sorted([own.name, everywhere.name])
    with pytest.raises(AlreadyExists):
        put_on(world, repository, own)
    digest = Digest.from_bytes(bytes(rows.tag(repository, "latest").artifact.digest))
    actor, where = world.developer.principal, target(world, repository)
    labels.remove(actor, where, digest, own.pk)
    assert worn(repository) == [everywhere.name]
    with pytest.raises(LabelUnknown):
        labels.remove(actor, where, digest, own.pk)
    acts = [act for act in rows.acts(repository) if act.operation.startswith("artifact.")]
    told = [(act.operation, act.detail.get("after") or act.detail.get("before")) for act in acts[1:]]
    assert [(operation, state["label"]) for operation, state in told] == [
        ("artifact.label", own.name),
        ("artifact.label", everywhere.name),
        ("artifact.unlabel", own.name),
    ]


def test_a_guest_and_a_stranger_put_none_on(world: World, repository: Repository, own: Label) -> None:
    with pytest.raises(Denied):
        put_on(world, repository, own, "guest")
    with pytest.raises(ProjectUnknown):
        put_on(world, repository, own, "outsider")
    assert worn(repository) == []


def test_a_label_of_another_project_does_not_exist_here(world: World, repository: Repository) -> None:
    foreign = Label.objects.create(project=World.make(world.registry).project, name="foreign")
    for label_id in (foreign.pk, 10**17):
        with pytest.raises(LabelUnknown, match=f"^no label {label_id}$"):
            labels.add(world.admin.principal, target(world, repository), LATEST, label_id)


def test_what_is_not_there_wears_no_label(world: World, repository: Repository, own: Label) -> None:
    with pytest.raises(ManifestUnknown):
        labels.add(world.developer.principal, target(world, repository), Tag.parse("none"), own.pk)


def test_a_label_leaves_all_artifacts_when_it_is_removed(
    world: World, repository: Repository, own: Label
) -> None:
    put_on(world, repository, own)
    delete_label(world.maintainer.principal, own)
    assert worn(repository) == []
    assert not ArtifactLabel.objects.filter(label_id=own.pk).exists()


def test_an_artifact_takes_its_labels_with_it(world: World, repository: Repository, own: Label) -> None:
    put_on(world, repository, own)
    actor, where = world.maintainer.principal, target(world, repository)
    manifests.delete(actor, where, Digest.from_bytes(bytes(rows.tag(repository, "latest").artifact.digest)))
    repositories.delete(actor, where)
    assert not ArtifactLabel.objects.filter(label_id=own.pk).exists()
    assert Label.objects.filter(pk=own.pk).exists()


def test_a_renamed_label_has_its_new_name_everywhere(
    world: World, repository: Repository, own: Label
) -> None:
    put_on(world, repository, own)
    change_label(world.maintainer.principal, own, LabelText("checked"))
    assert worn(repository) == ["checked"]

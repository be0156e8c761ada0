"""Repositories and what is in them. A repository in a path holds one image, `latest`."""

from __future__ import annotations

from typing import Any

from artifacts import tags
from artifacts.models import Artifact, ArtifactLabel
from artifacts.repositories import Target
from core.oci.digest import Digest
from core.oci.reference import Tag
from projects.models import Label
from registry_api.rest.artifact_icons import icon
from tests import images
from tests.arch.callers import push_image, target
from tests.people import SYSTEM, unique
from tests.registry_api.rest.api import World
from tests.registry_api.rest.matrix.cells import (
    EDITORS,
    EVERYBODY,
    MANY,
    READERS,
    Filled,
    Places,
    Queries,
    Rows,
)
from tests.registry_api.rest.matrix.rules import at_app
from tests.registry_api.rest.shelf import push

DELETERS = {*EDITORS, "admin", "project_robot", "admin_pat"}
MAKERS = {"developer", *DELETERS}
SEEING = {*READERS, *MAKERS}
# By any right in the repository; by `project:read`.
KEYS = {"pull_robot", "push_robot", "system_robot", "developer_pat", "project_admin_pat"}
KNOWING = {*SEEING, "auditor", *KEYS}
READING = {*SEEING, "auditor"}

IN_PROJECT = "projects/<str:project>/repositories"
ONE = f"{IN_PROJECT}/<repository:repository>"
ARTIFACTS = f"{ONE}/artifacts"
ARTIFACT = f"{ARTIFACTS}/<str:reference>"
OF_PROJECT = "projects/<str:project>/artifacts"
WORN = f"{ARTIFACT}/labels/<id:worn_id>"

ROWS: Rows = {
    ("icons/<str:digest>", "GET"): (EVERYBODY, 200, 0, None),
    ("repositories", "GET"): (EVERYBODY, 200, 0, None),
    (IN_PROJECT, "GET"): (SEEING, 200, KNOWING, None),
    (ONE, "GET"): (SEEING, 200, KNOWING, None),
    (ONE, "PUT"): (MAKERS, 200, KNOWING, {"description": "What it is"}),
    (ONE, "DELETE"): (DELETERS, 200, KNOWING, None),
    (OF_PROJECT, "GET"): (SEEING, 200, READING, None),
    (ARTIFACTS, "GET"): (SEEING, 200, KNOWING, None),
    (ARTIFACTS, "POST"): (MAKERS, 201, KNOWING, None),
    (ARTIFACT, "GET"): (SEEING, 200, KNOWING, None),
    (ARTIFACT, "DELETE"): (DELETERS, 200, KNOWING, None),
    (f"{ARTIFACT}/tags", "GET"): (SEEING, 200, KNOWING, None),
    (f"{ARTIFACT}/tags", "POST"): (MAKERS, 201, KNOWING, {"name": "new"}),
    (f"{ARTIFACT}/tags/<str:tag>", "PUT"): (
        DELETERS,
        200,
        KNOWING,
        lambda world: {"replaces": _digest(world)},
    ),
    (f"{ARTIFACT}/tags/<str:tag>", "DELETE"): (DELETERS, 200, KNOWING, None),
    (f"{ARTIFACT}/labels", "POST"): (MAKERS, 200, KNOWING, lambda world: {"id": _label(world).pk}),
    (WORN, "DELETE"): (MAKERS, 200, KNOWING, None),
    (f"{ARTIFACT}/accessories", "GET"): (SEEING, 200, KNOWING, None),
    (f"{ARTIFACT}/additions/build_history", "GET"): (SEEING, 200, KNOWING, None),
}
QUERIES: Queries = {(ARTIFACTS, "POST"): lambda world: f"?from={_base(world).name}:latest"}


def app(world: World) -> Target:
    at_app(world)
    return target(world.project, "app")


def _base(world: World) -> Target:
    """Another repository, with an image of its own."""
    where = target(world.project, "base")
    push_image(where, "latest")
    return where


def _artifact(world: World) -> Artifact:
    return Artifact.objects.get(repository__name=str(app(world).name), repository__deleted_at=None)


def _digest(world: World) -> str:
    return str(Digest.from_bytes(bytes(_artifact(world).digest)))


def _label(world: World) -> Label:
    label: Label = Label.objects.create(project=world.project, name=unique("label"))
    return label


def _worn(world: World) -> str:
    label = _label(world)
    ArtifactLabel.objects.create(artifact=_artifact(world), label=label)
    return str(label.pk)


PLACES: Places = {
    "<str:digest>": lambda _world: icon("IMAGE"),
    "<str:reference>": lambda _world: "latest",
    "<str:tag>": lambda _world: "latest",
    "<id:worn_id>": _worn,
}


def _repositories(world: World) -> None:
    for number in range(MANY):
        push_image(target(world.project, f"many/{number}"), "latest")


def _artifacts(world: World) -> None:
    """Of each kind: images with tags, indexes with parts, accessories."""
    where = app(world)
    for number in range(MANY // 2):
        index = images.two_platforms(f"index {number}")
        push(where, index, f"v{number}")
        push(where, images.artifact(b"%d" % number, subject=index.manifest))


def _tags(world: World) -> None:
    for number in range(MANY):
        tags.add(SYSTEM, app(world), Tag.parse(f"t{number}"), reference=Tag.parse("latest"))


def _accessories(world: World) -> None:
    where, row = app(world), _artifact(world)
    subject: Any = images.Content(row.media_type, bytes(row.payload))
    for number in range(MANY):
        push(where, images.artifact(b"%d" % number, subject=subject))


FILLED: Filled = {
    "repositories": _repositories,
    IN_PROJECT: _repositories,
    OF_PROJECT: _artifacts,
    ARTIFACTS: _artifacts,
    f"{ARTIFACT}/tags": _tags,
    f"{ARTIFACT}/accessories": _accessories,
}

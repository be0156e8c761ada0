"""Rows of what shows repositories and artifacts, copies them and gives them further tags, in a private project."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from access.table import P
from artifacts import bulk, copying, new_tags, places, queries, restoring, tags
from artifacts.browsing import (
    artifact_removals,
    artifacts,
    headers,
    overview,
    removals,
    repositories,
    repository_removals,
    restorations,
    shelves,
)
from core.oci.digest import Digest
from core.oci.reference import Tag
from projects import labels
from projects.queries import ref
from tests.arch.callers import Scene
from tests.arch.services.row import (
    DELETERS,
    DEVELOPERS,
    EVERYBODY,
    GUESTS,
    KEYS_OF_ALL,
    MAINTAINERS,
    MEMBERS,
    PULLERS,
    Row,
    Rows,
)
from tests.people import SYSTEM

LATEST, NEW = Tag.parse("latest"), Tag.parse("new")
LOOKING = EVERYBODY - {"token"}


def _copied(scene: Scene, actor: Any, _: Any) -> object:
    return copying.copy(actor, scene.fresh, source=str(scene.image.name), reference=LATEST)


def _copied_from_public(scene: Scene, actor: Any, _: Any) -> object:
    return copying.copy(actor, scene.fresh, source=str(scene.shown.name), reference=LATEST)


def _what_goes(scene: Scene, actor: Any, _: Any) -> object:
    place = places.located(SYSTEM, str(scene.image.name), P.TAG_LIST)
    return removals.removal(actor, place, [LATEST.value])


def _where(scene: Scene, _actor: Any) -> Any:
    return places.located(SYSTEM, str(scene.image.name), P.TAG_LIST)


def _deleted(scene: Scene, _: Any) -> Digest:
    """What the tag named that was deleted."""
    digest = queries.manifest(scene.image, LATEST).digest
    tags.delete(SYSTEM, scene.image, LATEST)
    return digest


def _what_comes_back(scene: Scene, actor: Any, digest: Digest) -> object:
    place = places.located(SYSTEM, str(scene.image.name), P.TAG_LIST)
    return restorations.restoration(actor, place, LATEST, digest)


def _what_goes_with_it(scene: Scene, actor: Any, _: Any) -> object:
    place = places.located(SYSTEM, str(scene.image.name), P.TAG_LIST)
    return removals.loss(actor, place, Digest.of(b"none"))


ROWS: Rows = {
    "artifacts/places.py:located": (
        Row(
            lambda s, actor, _: places.located(actor, str(s.image.name), P.ARTIFACT_READ),
            MEMBERS,
            recorded=False,
        ),
        Row(
            lambda s, actor, _: places.located(actor, str(s.image.name), P.REPOSITORY_PULL),
            PULLERS,
            recorded=False,
        ),
        Row(
            lambda s, actor, _: places.located(actor, str(s.shown.name), P.TAG_LIST), LOOKING, recorded=False
        ),
    ),
    "artifacts/browsing/repositories.py:in_project": (
        Row(
            lambda s, actor, _: list(repositories.in_project(actor, s.project.name)[1]),
            MEMBERS,
            recorded=False,
        ),
        Row(
            lambda s, actor, _: list(repositories.in_project(actor, s.public.name)[1]),
            LOOKING,
            recorded=False,
        ),
    ),
    "artifacts/browsing/artifacts.py:of_project": (
        Row(
            lambda s, actor, _: list(artifacts.of_project(actor, ref(s.project)).repositories),
            MEMBERS,
            recorded=False,
        ),
    ),
    "artifacts/browsing/headers.py:header": (
        Row(lambda s, actor, _: headers.header(actor, str(s.image.name)), MEMBERS, recorded=False),
        Row(lambda s, actor, _: headers.header(actor, str(s.shown.name)), LOOKING, recorded=False),
    ),
    "artifacts/browsing/overview.py:overview": (
        Row(
            lambda s, actor, _: overview.overview(actor, ref(s.project)),
            MEMBERS | {"auditor"},
            recorded=False,
        ),
        Row(lambda s, actor, _: overview.overview(actor, ref(s.public)), LOOKING, recorded=False),
    ),
    "artifacts/browsing/shelves.py:rows": (
        Row(lambda s, actor, _: list(shelves.rows(actor, ref(s.project))), MEMBERS, recorded=False),
        Row(lambda s, actor, _: list(shelves.rows(actor, ref(s.public))), LOOKING, recorded=False),
    ),
    "artifacts/browsing/removals.py:removal": (Row(_what_goes, DELETERS, recorded=False),),
    "artifacts/browsing/artifact_removals.py:removal": (
        Row(
            lambda _s, actor, place: artifact_removals.removal(actor, place, [Digest.of(b"none")]),
            DELETERS,
            given=_where,
            recorded=False,
        ),
    ),
    "artifacts/browsing/removals.py:loss": (Row(_what_goes_with_it, DELETERS, recorded=False),),
    "projects/labels.py:choices": (
        Row(lambda s, actor, _: labels.choices(actor, ref(s.project)), GUESTS, recorded=False),
    ),
    "artifacts/browsing/restorations.py:restoration": (
        Row(_what_comes_back, MAINTAINERS, given=_deleted, recorded=False),
    ),
    "artifacts/restoring.py:restore": (
        Row(
            lambda s, actor, digest: restoring.restore(actor, s.image, LATEST, digest, now=None),
            MAINTAINERS,
            "tag.restore",
            given=_deleted,
        ),
    ),
    "artifacts/bulk.py:matching": (
        Row(lambda _s, actor, place: bulk.matching(actor, place, {}), DELETERS, given=_where, recorded=False),
    ),
    "artifacts/browsing/repository_removals.py:removal": (
        Row(
            lambda s, actor, _: repository_removals.removal(actor, ref(s.project), [str(s.image.name)]),
            MAINTAINERS,
            recorded=False,
        ),
    ),
    # What asks for a job has it done with all its rights: a key that is for some of them would be more by it.
    "artifacts/bulk.py:start": (
        Row(
            lambda _s, actor, place: bulk.start(actor, place, {}, datetime.now(UTC)),
            MAINTAINERS - KEYS_OF_ALL,
            "tag.delete-start",
            given=_where,
        ),
    ),
    "artifacts/copying.py:copy": (
        # The right is asked for before the act begins: what is refused then is a question, not an act.
        Row(_copied, DEVELOPERS, "artifact.copy", recorded=False),
        Row(_copied_from_public, DEVELOPERS, "artifact.copy", recorded=False),
    ),
    "artifacts/new_tags.py:create": (
        Row(
            lambda s, actor, _: new_tags.create(actor, s.image, NEW, reference=LATEST),
            DEVELOPERS,
            "tag.create",
        ),
    ),
}

"""Rows of the services of artifacts: uploads, manifests, tags and repositories, in a private project."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from access.principal import Principal
from artifacts import blobs, listings, manifests, repositories, tags, uploads
from core.errors import Denied, ProjectUnknown
from core.oci.digest import Digest
from core.oci.reference import Tag
from tests.arch.callers import Scene, chunk, image_of, push_blob, push_image
from tests.arch.services.row import (
    DELETERS,
    DEVELOPERS,
    EVERYBODY,
    MAINTAINERS,
    MEMBERS,
    PULLERS,
    PUSHERS,
    Row,
    Rows,
)
from tests.people import SYSTEM

LATEST = Tag.parse("latest")
CONTENT = b"the bytes of a blob"
DIGEST = Digest.of(CONTENT)


def own_session(scene: Scene, actor: Principal) -> UUID:
    """An upload of the actor's own; where he may have none, somebody's."""
    try:
        return uploads.start(actor, scene.image)
    except (Denied, ProjectUnknown):
        return uploads.start(SYSTEM, scene.image)


def step(call: Any) -> tuple[Row, ...]:
    """Of an upload; the manifest push is the act."""
    return (Row(call, PUSHERS, given=own_session, recorded=False),)


def another_image(scene: Scene, _actor: Principal) -> Digest:
    return push_image(scene.image, "other")


def an_upload(scene: Scene, _actor: Principal) -> Any:
    return image_of(scene.image, "new")


UPLOADS: Rows = {
    "artifacts/uploads.py:start": (
        Row(lambda s, actor, _: uploads.start(actor, s.image), PUSHERS, recorded=False),
    ),
    "artifacts/uploads.py:push": (
        Row(
            lambda s, actor, _: uploads.push(actor, s.image, DIGEST, chunk(CONTENT)), PUSHERS, recorded=False
        ),
    ),
    "artifacts/uploads.py:received": (
        # Whoever may pull may ask; a session is seen by its own actor alone.
        Row(
            lambda s, actor, id_: uploads.received(actor, s.image, id_),
            PUSHERS,
            given=own_session,
            recorded=False,
            elsewhere=PULLERS - PUSHERS,
        ),
    ),
    "artifacts/uploads.py:append": step(
        lambda s, actor, id_: uploads.append(actor, s.image, id_, chunk(CONTENT))
    ),
    "artifacts/uploads.py:finish": step(
        lambda s, actor, id_: uploads.finish(actor, s.image, id_, digest=DIGEST, chunk=chunk(CONTENT))
    ),
    "artifacts/uploads.py:cancel": step(lambda s, actor, id_: uploads.cancel(actor, s.image, id_)),
}
BLOBS: Rows = {
    "artifacts/blobs.py:mount": (
        # Inside one project a mount changes nobody's sight of anything: no act.
        Row(
            lambda s, actor, digest: blobs.mount(actor, s.fresh, digest, source=s.image),
            PUSHERS,
            given=lambda scene, _actor: push_blob(scene.image),
            recorded=False,
        ),
        # What everybody may pull, whoever may push here may mount.
        Row(
            lambda s, actor, digest: blobs.mount(actor, s.fresh, digest, source=s.shown),
            PUSHERS,
            "blob.mount",
            given=lambda scene, _actor: push_blob(scene.shown),
            recorded=False,
        ),
    ),
    "artifacts/blobs.py:delete": (
        Row(
            lambda s, actor, digest: blobs.delete(actor, s.image, digest),
            DELETERS,
            "blob.delete",
            given=lambda scene, _actor: push_blob(scene.image),
        ),
    ),
}
MANIFESTS: Rows = {
    "artifacts/manifests.py:put": (
        Row(
            lambda s, actor, push: manifests.put(actor, s.image, push),
            PUSHERS,
            "artifact.push",
            given=an_upload,
            recorded=False,
        ),
    ),
    "artifacts/manifests.py:delete": (
        Row(
            lambda s, actor, digest: manifests.delete(actor, s.image, digest),
            DELETERS,
            "artifact.delete",
            given=another_image,
        ),
    ),
    "artifacts/repositories.py:describe": (
        Row(
            lambda s, actor, _: repositories.describe(actor, s.image, "what it is"),
            DEVELOPERS,
            "repository.update",
        ),
    ),
    "artifacts/repositories.py:delete": (
        Row(lambda s, actor, _: repositories.delete(actor, s.image), MAINTAINERS, "repository.delete"),
    ),
}
TAGS: Rows = {
    "artifacts/tags.py:add": (
        Row(
            lambda s, actor, _: tags.add(actor, s.image, Tag.parse("more"), reference=LATEST),
            DEVELOPERS,
            "tag.create",
        ),
    ),
    "artifacts/tags.py:delete": (
        Row(lambda s, actor, _: tags.delete(actor, s.image, LATEST), DELETERS, "tag.delete"),
    ),
    "artifacts/tags.py:set_immutable": (
        Row(
            lambda s, actor, _: tags.set_immutable(actor, s.image, LATEST, immutable=True),
            MAINTAINERS,
            "tag.update",
        ),
    ),
    # The auditor reads what was done with a private project's images, not the images.
    "artifacts/listings.py:tags_of": (
        Row(lambda s, actor, _: list(listings.tags_of(actor, s.image)), MEMBERS, recorded=False),
        Row(
            lambda s, actor, _: list(listings.tags_of(actor, s.shown)), EVERYBODY - {"token"}, recorded=False
        ),
    ),
}

ROWS: Rows = {**UPLOADS, **BLOBS, **MANIFESTS, **TAGS}

"""The kinds of callers that services are asked by, and the thing they are asked about: one project and all that hangs on it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from access.principal import AuthMethod, Principal
from access.table import Role
from accounts.models import Group, User
from artifacts import manifests, repositories, uploads
from artifacts.manifests import Push
from artifacts.repositories import Target
from artifacts.tags import NO_CONDITIONS
from artifacts.uploads import Chunk
from core.oci.digest import Digest
from core.oci.manifest import parse_manifest
from core.oci.names import RepositoryName
from core.oci.reference import Tag
from projects.queries import ref
from tests import keys, people
from tests.people import SYSTEM
from tests.registry_api import documents

MEMBERS = ("limited_guest", "guest", "developer", "maintainer", "project_admin")
# `token`: a registry token of the project admin with all a token can carry. `stale`: the session of an administrator whose
# last proof is long ago.
KINDS = ("anonymous", "outsider", *MEMBERS, "auditor", "admin", *keys.KINDS, "token", "stale")


def principal_of(kind: str, scene: Scene) -> Principal:
    """Somebody of that kind, as seen from the scene's project."""
    if kind in keys.KINDS:
        return keys.KINDS[kind](scene.project).principal
    if kind == "anonymous":
        return people.ANONYMOUS
    if kind in MEMBERS:
        return people.principal(people.make_member(scene.project, Role[kind.upper()]))
    if kind == "token":
        user = people.make_member(scene.project, Role.PROJECT_ADMIN)
        carried = frozenset({"pull", "push", "delete"})
        proven = people.principal(user, auth=AuthMethod.TOKEN)
        carries = {str(each.name): carried for each in (scene.image, scene.fresh)}
        return replace(
            proven, token_id=uuid4().hex, grants=carries | {str(scene.shown.name): frozenset({"pull"})}
        )
    user = people.make_user(kind, is_admin=kind in ("admin", "stale"), is_auditor=kind == "auditor")
    return replace(people.principal(user), confirmed=kind != "stale")


@dataclass
class Scene:
    """A private project with an image `latest`, a name for a repository that is not there yet, people and a group.

    `public`: another project, for everybody to see, with an image of its own.
    """

    project: Any = field(default_factory=people.make_project)
    public: Any = field(default_factory=lambda: people.make_project(public=True))
    image: Target = field(init=False)
    fresh: Target = field(init=False)
    shown: Target = field(init=False)
    user: User = field(init=False)
    group: Group = field(init=False)

    def __post_init__(self) -> None:
        self.image = target(self.project, "app")
        self.fresh = target(self.project, "fresh")
        self.shown = target(self.public, "app")
        # Made at another time than what is done to them: also two administrators who have a password, so that one may go.
        self.user = people.make_user("subject")
        for name in ("first", "second"):
            people.make_user(name, password="correct horse battery staple", is_admin=True)
        for each in (self.image, self.shown):
            push_image(each, "latest")


def target(project: Any, path: str) -> Target:
    return Target(RepositoryName.parse(f"{project.name}/{path}"), ref(project))


def push_blob(where: Target, content: bytes = b"") -> Digest:
    """A blob of its own in the repository."""
    content = content or uuid4().bytes
    digest = Digest.of(content)
    uploads.push(SYSTEM, where, digest, chunk(content))
    return digest


def chunk(content: bytes) -> Chunk:
    return Chunk([memoryview(content)])


def image_of(where: Target, tag: str) -> Push:
    """The manifest of a new image whose blobs are there."""
    config = b'{"x":"%s"}' % uuid4().hex.encode()
    push_blob(where, config)
    manifest = parse_manifest(documents.manifest(config), None)
    return Push.of(manifest, Tag.parse(tag), (), NO_CONDITIONS)


def push_image(where: Target, tag: str) -> Digest:
    push = image_of(where, tag)
    manifests.put(SYSTEM, where, push)
    return push.digest


def empty(scene: Scene) -> None:
    """The project has no repositories any more."""
    repositories.delete(SYSTEM, scene.image)

"""Every route of the distribution API x every kind of caller -> status. A route that is not listed here fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from core.oci.digest import Digest
from registry_api.v2.urls import ROUTES
from tests import keys
from tests.registry_api import documents
from tests.registry_api.client import Repository, World

MEMBERS = ("limited_guest", "guest", "developer", "maintainer", "project_admin")
STRANGERS = ("anonymous", "outsider", "auditor")
EVERYBODY = (*STRANGERS, *MEMBERS, "admin", *keys.KINDS)

# Written out by hand from the role table of the specification, not read from the product.
ALLOWED = {
    "search": {*EVERYBODY},
    "ping": {"outsider", "auditor", *MEMBERS, "admin", *keys.KINDS},
    "pull": {
        *MEMBERS,
        "admin",
        *("pull_robot", "push_robot", "project_robot", "system_robot"),
        *("developer_pat", "project_admin_pat", "admin_pat"),
    },
    "push": {"developer", "maintainer", "project_admin", "admin", "push_robot", "project_robot", "admin_pat"},
    "delete": {"maintainer", "project_admin", "admin", "project_robot", "admin_pat"},
}


@dataclass(frozen=True)
class Row:
    """One method of one route: what it takes, the status when allowed, and the request, made by a caller of that kind."""

    takes: str
    status: int
    path: Callable[[Repository, World], tuple[str, dict[str, Any]]]


def _content() -> bytes:
    return uuid4().bytes


def _image(world: World, name: str) -> str:
    return world.maintainer.repository(name).push_image(config=b'{"x":"%s"}' % uuid4().hex.encode(), tag="t")


def _manifest(repository: Repository, world: World) -> tuple[str, dict[str, Any]]:
    return f"manifests/{_image(world, repository.name)}", {}


def _blob(repository: Repository, world: World) -> tuple[str, dict[str, Any]]:
    return f"blobs/{world.maintainer.repository(repository.name).push_blob(_content())}", {}


def _session(repository: Repository, world: World) -> tuple[str, dict[str, Any]]:
    """The caller's own session where he may have one, else anybody's."""
    kind = next(kind for kind, client in world.clients.items() if client is repository.client)
    owner = repository if kind in ALLOWED["push"] else world.maintainer.repository(repository.name)
    return owner.start(), {}


def _finish(repository: Repository, world: World) -> tuple[str, dict[str, Any]]:
    location, _ = _session(repository, world)
    content = _content()
    return location, {"params": {"digest": str(Digest.of(content))}, "content": content}


def _append(repository: Repository, world: World) -> tuple[str, dict[str, Any]]:
    return _session(repository, world)[0], {"content": b"x"}


def _put(repository: Repository, world: World) -> tuple[str, dict[str, Any]]:
    owner = world.maintainer.repository(repository.name)
    config = _content()
    owner.push_blob(config)
    headers = {"Content-Type": documents.MANIFEST}
    return "manifests/new", {"content": documents.manifest(config), "headers": headers}


def _fixed(path: str) -> Callable[[Repository, World], tuple[str, dict[str, Any]]]:
    def make(repository: Repository, world: World) -> tuple[str, dict[str, Any]]:
        _image(world, repository.name)
        return path, {}

    return make


SESSION = r"v2/(?P<name>.+)/blobs/uploads/(?P<upload>[^/]+)"
ODD_SESSION = r"v2/(?P<name>.+?)/blobs/uploads/(?P<upload>.+)"
METHODS = ("GET", "HEAD", "PATCH", "PUT", "DELETE")
BLOB = r"v2/(?P<name>.+)/blobs/(?P<digest>[^/]+)"
MANIFEST = r"v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)"
TAGS = r"v2/(?P<name>.+)/tags/list"
REFERRERS = r"v2/(?P<name>.+)/referrers/(?P<digest>[^/]+)"
SUBJECT = f"referrers/sha256:{'0' * 64}"

MATRIX: dict[tuple[str, str], Row] = {
    **{(r"v1/_ping/?", method): Row("search", 200, _fixed("/v1/_ping")) for method in ("GET", "HEAD")},
    **{(r"v1/search/?", method): Row("search", 200, _fixed("/v1/search?q=x")) for method in ("GET", "HEAD")},
    (r"v2/?", "GET"): Row("ping", 200, _fixed("/v2/")),
    (r"v2/?", "HEAD"): Row("ping", 200, _fixed("/v2/")),
    (r"v2/_catalog", "GET"): Row("ping", 200, _fixed("/v2/_catalog")),
    (r"v2/_catalog", "HEAD"): Row("ping", 200, _fixed("/v2/_catalog")),
    (r"v2/(?P<name>.+)/blobs/uploads/?", "POST"): Row("push", 202, _fixed("blobs/uploads/")),
    # A session is seen by its own actor alone, whatever rights others have.
    (SESSION, "GET"): Row("pull", 204, _session),
    (SESSION, "HEAD"): Row("pull", 204, _session),
    (SESSION, "PATCH"): Row("push", 202, _append),
    (SESSION, "PUT"): Row("push", 201, _finish),
    (SESSION, "DELETE"): Row("push", 204, _session),
    **{(ODD_SESSION, method): Row("nobody", 404, _fixed("blobs/uploads/no/session")) for method in METHODS},
    (BLOB, "GET"): Row("pull", 200, _blob),
    (BLOB, "HEAD"): Row("pull", 200, _blob),
    (BLOB, "DELETE"): Row("delete", 202, _blob),
    (MANIFEST, "GET"): Row("pull", 200, _manifest),
    (MANIFEST, "HEAD"): Row("pull", 200, _manifest),
    (MANIFEST, "PUT"): Row("push", 201, _put),
    (MANIFEST, "DELETE"): Row("delete", 202, _manifest),
    (TAGS, "GET"): Row("pull", 200, _fixed("tags/list")),
    (TAGS, "HEAD"): Row("pull", 200, _fixed("tags/list")),
    (REFERRERS, "GET"): Row("pull", 200, _fixed(SUBJECT)),
    (REFERRERS, "HEAD"): Row("pull", 200, _fixed(SUBJECT)),
}


def test_every_method_of_every_route_has_its_row() -> None:
    served = {(pattern, method) for pattern, operations in ROUTES.items() for method in operations}
    assert served == set(MATRIX)


def _cells() -> Iterator[Any]:
    for (pattern, method), row in MATRIX.items():
        for kind in EVERYBODY:
            yield pytest.param(pattern, method, row, kind, id=f"{method} {pattern} {kind}")


@pytest.mark.parametrize(("pattern", "method", "row", "kind"), list(_cells()))
def test_a_caller_gets_what_the_role_table_gives(
    world: World, pattern: str, method: str, row: Row, kind: str
) -> None:
    repository = getattr(world, kind).repository(world.name())
    path, options = row.path(repository, world)
    if path.startswith("/"):
        answer = repository.client.call(method, path, scope="registry:catalog:*", **options)
    else:
        answer = repository.call(method, path, **options)
    assert answer.status_code == _expected(pattern, row, kind), answer.text
    if answer.status_code == 401:
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"] or kind == "anonymous"


DIRECT = [("GET", "pull"), ("HEAD", "pull"), ("PUT", "push"), ("DELETE", "delete")]


@pytest.mark.parametrize("kind", EVERYBODY)
@pytest.mark.parametrize(("method", "takes"), DIRECT)
def test_credentials_without_a_token_give_the_same(world: World, method: str, takes: str, kind: str) -> None:
    """Of the rights of the moment, which a token only carries."""
    row = MATRIX[(MANIFEST, method)]
    repository = getattr(world, kind).repository(world.name())
    path, options = row.path(repository, world)
    client = repository.client
    headers = {"Authorization": client.basic} if client.basic else {}
    headers |= options.pop("headers", {})
    answer = world.registry.request(method, f"/v2/{repository.name}/{path}", headers=headers, **options)
    refused = 401 if kind == "anonymous" else 403
    assert answer.status_code == (row.status if kind in ALLOWED[takes] else refused), answer.text


def _expected(pattern: str, row: Row, kind: str) -> int:
    if row.takes == "nobody":
        return row.status
    if kind not in ALLOWED[row.takes]:
        # The anonymous holds a token too, which passes the ping as any valid one does.
        return 200 if (pattern, kind) == (r"v2/?", "anonymous") else 401
    may_not_have_a_session = pattern == SESSION and kind not in ALLOWED["push"]
    return 404 if may_not_have_a_session else row.status

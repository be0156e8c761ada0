"""Faults of ours: a database that is away is a 503 that passes, anything unforeseen a 500 that tells nothing but its id."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx2
import pytest
from django.db import InterfaceError, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from artifacts import links, queries
from artifacts.storage import store
from core.errors import StorageFailed
from core.oci.digest import Digest
from projects import registry_access
from tests.registry_api import documents
from tests.registry_api.answers import refused
from tests.registry_api.client import Repository, World
from tests.registry_api.files import broken, files_of, set_upload, staged, upload
from tests.registry_api.wire import Body, bearer, send

ID = "5f0a4f9e-3c1f-4f0e-9d5b-7b0c6a1f2e3d"
DIGEST = f"sha256:{'a' * 64}"
LEASE_OVER = "lease_until = now() - interval '1 second'"


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Take the database away, and give it back at the end or by `monkeypatch.undo()`."""

    def away(*_arguments: object, **_options: object) -> None:
        raise OperationalError("connection to server failed: Connection refused")

    def act() -> None:
        connection.close()
        registry_access.forget()
        monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", away)

    yield act
    monkeypatch.undo()


def every_route(repository: Repository) -> list[tuple[str, str]]:
    name = repository.name
    return [
        ("GET", "/v2/"),
        ("GET", "/v2/_catalog"),
        ("GET", "/service/token?scope=repository:a/b:pull"),
        ("GET", f"/v2/{name}/tags/list"),
        ("GET", f"/v2/{name}/manifests/latest"),
        ("HEAD", f"/v2/{name}/manifests/{DIGEST}"),
        ("PUT", f"/v2/{name}/manifests/latest"),
        ("DELETE", f"/v2/{name}/manifests/latest"),
        ("GET", f"/v2/{name}/blobs/{DIGEST}"),
        ("HEAD", f"/v2/{name}/blobs/{DIGEST}"),
        ("DELETE", f"/v2/{name}/blobs/{DIGEST}"),
        ("GET", f"/v2/{name}/referrers/{DIGEST}"),
        ("POST", f"/v2/{name}/blobs/uploads/"),
        ("POST", f"/v2/{name}/blobs/uploads/?digest={DIGEST}"),
        ("POST", f"/v2/{name}/blobs/uploads/?mount={DIGEST}"),
        *(
            (method, f"/v2/{name}/blobs/uploads/{ID}?digest={DIGEST}")
            for method in ("GET", "PATCH", "PUT", "DELETE")
        ),
    ]


@pytest.mark.parametrize("credentials", ["token", "basic"])
def test_every_route_says_that_the_database_is_away_and_when_to_come_back(
    world: World, cut: Callable[[], None], credentials: str
) -> None:
    repository = world.repository()
    basic = {"Authorization": world.maintainer.basic or ""}
    headers = bearer(repository) if credentials == "token" else basic
    cut()
    for method, target in every_route(repository):
        given = basic if target.startswith("/service") else headers
        answer = send(world.registry, method, target, body=documents.manifest(b"{}"), headers=given)
        assert answer.status_code == 503, target
        assert int(answer.headers["Retry-After"]) > 0
        if method != "HEAD":
            assert refused(answer) == (503, "UNAVAILABLE")
            assert "refused" not in answer.text


class Push:
    """A session of 100 bytes of which the database will hear no more at a chosen moment."""

    def __init__(self, world: World) -> None:
        self.repository = world.repository()
        self.content = (uuid4().bytes * 7)[:100]
        self.digest = Digest.of(self.content)
        self.location = self.repository.start()
        self.headers = bearer(self.repository)

    def send(self, method: str, *steps: bytes | Callable[[], object]) -> httpx2.Response:
        path = f"/v2/{self.repository.name}/{self.location}?digest={self.digest}"
        registry = self.repository.client.registry
        return send(registry, method, path, body=Body(*steps), headers=self.headers)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_database_lost_while_bytes_arrive_acknowledges_nothing_and_the_push_goes_on_later(
    world: World, cut: Callable[[], None], monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    push = Push(world)
    answer = push.send(method, push.content[:50], cut, push.content[50:])
    assert refused(answer) == (503, "UNAVAILABLE")
    monkeypatch.undo()
    assert (upload(push.location) or {})["received"] == 0
    assert push.repository.call("GET", push.location).headers["Range"] == "0-0"
    set_upload(push.location, LEASE_OVER)
    assert push.send("PUT", push.content).status_code == 201
    assert push.repository.call("GET", f"blobs/{push.digest}").content == push.content


def test_a_database_lost_before_the_commit_keeps_the_file_for_the_repeated_put(
    world: World, cut: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    push = Push(world)
    commit = store().commit

    def and_then_the_database_goes(*arguments: object, **options: object) -> str:
        key = commit(*arguments, **options)  # type: ignore[arg-type]
        cut()
        return key

    monkeypatch.setattr(store(), "commit", and_then_the_database_goes)
    assert refused(push.send("PUT", push.content)) == (503, "UNAVAILABLE")
    monkeypatch.undo()
    assert len(files_of(push.digest)) == 1
    assert not staged(push.location).exists()
    set_upload(push.location, LEASE_OVER)
    assert push.send("PUT", push.content).status_code == 201
    assert push.repository.call("GET", f"blobs/{push.digest}").content == push.content
    assert broken(push.digest.hex, push.location.rpartition("/")[2]) == []


@pytest.mark.parametrize("happened", [True, False])
@pytest.mark.parametrize("failure", [OperationalError, InterfaceError])
def test_a_commit_of_unknown_outcome_never_costs_the_file_and_the_repeated_put_ends_well(
    world: World, monkeypatch: pytest.MonkeyPatch, happened: bool, failure: type[Exception]
) -> None:
    push = Push(world)
    commit = links.commit

    def lose_the_reply(*arguments: object, **named: object) -> None:
        if happened:
            commit(*arguments, **named)  # type: ignore[arg-type]
        raise failure("server closed the connection unexpectedly")

    monkeypatch.setattr(links, "commit", lose_the_reply)
    assert refused(push.send("PUT", push.content)) == (503, "UNAVAILABLE")
    monkeypatch.undo()
    assert len(files_of(push.digest)) == 1
    if failure is InterfaceError:
        set_upload(push.location, LEASE_OVER)
    assert push.send("PUT", push.content).status_code == 201
    assert push.repository.call("GET", f"blobs/{push.digest}").content == push.content
    assert broken(push.digest.hex, push.location.rpartition("/")[2]) == []


def test_a_storage_that_is_away_is_a_503_and_no_blob_is_called_missing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = world.repository()
    digest = repository.push_blob(b"still there")

    def away(*_arguments: object, **_options: object) -> None:
        raise StorageFailed("the blob storage has no mark: it is not mounted, or was never set up")

    monkeypatch.setattr(store(), "open", away)
    assert refused(repository.call("GET", f"blobs/{digest}")) == (503, "UNAVAILABLE")
    monkeypatch.undo()
    assert repository.call("GET", f"blobs/{digest}").content == b"still there"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_unforeseen_fault_is_told_with_its_request_id_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """Case 73."""
    repository = world.repository()

    def broken_lookup(*_arguments: object) -> None:
        raise RuntimeError("canary-secret in /srv/registry/queries.py")

    for module, name in (
        (queries, "manifest"),
        (queries, "tags_page"),
        (queries, "referrers"),
        (queries, "blob"),
    ):
        monkeypatch.setattr(module, name, broken_lookup)
    for path in ("manifests/latest", "tags/list", f"blobs/{DIGEST}"):
        answer = repository.call(method, path, headers={"X-Request-Id": "the-id-of-this-request"})
        assert answer.status_code == 500
        assert answer.headers["X-Request-Id"] == "the-id-of-this-request"
        if method == "GET":
            (entry,) = answer.json()["errors"]
            assert entry["code"] == "UNKNOWN"
            assert entry["detail"] == {"request_id": "the-id-of-this-request"}
        assert "canary" not in answer.text
        assert "Traceback" not in answer.text


def test_an_unforeseen_fault_of_the_token_service_is_told_alike(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 73."""

    def broken_grant(*_arguments: object) -> None:
        raise RuntimeError("canary-secret")

    monkeypatch.setattr(registry_access, "grant", broken_grant)
    answer = world.registry.request("GET", "/service/token?scope=repository:a/b:pull")
    (entry,) = answer.json()["errors"]
    assert (answer.status_code, entry["code"]) == (500, "UNKNOWN")
    assert entry["detail"] == {"request_id": answer.headers["X-Request-Id"]}
    assert "canary" not in answer.text

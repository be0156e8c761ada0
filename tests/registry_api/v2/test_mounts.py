"""Mounting blobs from another repository: never more than the caller could pull anyway, and no answer tells what exists."""

from __future__ import annotations

from uuid import uuid4

import httpx2
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.oci.digest import Digest
from database import sql
from tests.registry_api.answers import refused
from tests.registry_api.client import Registry, Repository, World


def content() -> bytes:
    return f"mounted {uuid4()}".encode()


def mount(target: Repository, digest: str, source: str | None = None, **parameters: str) -> httpx2.Response:
    """A mount as clients ask for it, with a token that was asked for the source too."""
    query = {"mount": digest, **({"from": source} if source is not None else {}), **parameters}
    also = f"{source}:pull" if source else ""
    return target.call("POST", "blobs/uploads/", params=query, also=also)


def is_session(answer: httpx2.Response) -> bool:
    """A mount that found nothing goes on as an ordinary upload."""
    return answer.status_code == 202 and answer.headers["Range"] == "0-0" and "Location" in answer.headers


@pytest.fixture
def stranger(registry: Registry) -> World:
    """Somebody else's private project."""
    return World.make(registry)


def test_a_blob_is_mounted_from_a_repository_the_caller_may_pull(world: World) -> None:
    source, target = world.repository("developer"), world.repository("developer")
    blob = content()
    digest = source.push_blob(blob)
    answer = mount(target, digest, source.name)
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v2/{target.name}/blobs/{digest}"
    assert answer.headers["Docker-Content-Digest"] == digest
    assert target.call("GET", f"blobs/{digest}").content == blob


def test_a_private_repository_is_no_source_without_the_right_to_pull_it(
    world: World, stranger: World
) -> None:
    """Case 34."""
    hidden = stranger.repository("developer")
    digest = hidden.push_blob(content())
    target = world.repository("developer")
    assert is_session(mount(target, digest, hidden.name))
    assert target.call("HEAD", f"blobs/{digest}").status_code == 404


def test_a_sibling_of_the_named_source_is_not_looked_at(world: World) -> None:
    """Case 34."""
    named, sibling = world.repository("developer"), world.repository("developer")
    named.push_blob(content())
    digest = sibling.push_blob(content())
    target = world.repository("developer")
    assert is_session(mount(target, digest, named.name))
    assert target.call("HEAD", f"blobs/{digest}").status_code == 404


def test_a_source_in_another_registry_is_a_plain_upload_after_one_challenge(world: World) -> None:
    """Case 35."""
    target = world.repository("developer")
    query = {"mount": str(Digest.of(content())), "from": "library/alpine", "origin": "docker.io"}
    answer = target.call("POST", "blobs/uploads/", params=query)
    assert refused(answer) == (401, "UNAUTHORIZED")
    answer = target.call("POST", "blobs/uploads/", params=query, also="library/alpine:pull")
    assert is_session(answer)


@pytest.mark.parametrize("source", ["", "Not/A/Name", "-", "bare", "a/../b", "\0", "é", "own"])
def test_a_source_that_cannot_be_one_is_a_plain_upload(world: World, source: str) -> None:
    """Case 35."""
    target, sibling = world.repository("developer"), world.repository("developer")
    digest = sibling.push_blob(content())
    given = target.name if source == "own" else source
    answer = target.call("POST", "blobs/uploads/", params={"mount": digest, "from": given})
    assert is_session(answer)


def test_a_mount_of_a_broken_digest_is_refused(world: World) -> None:
    """Case 35."""
    target = world.repository("developer")
    for digest in ("garbage", "", "sha256:short", "sha256:" + "A" * 64):
        assert refused(mount(target, digest)) == (400, "DIGEST_INVALID")


def test_bytes_in_another_repository_are_not_seen_in_this_one(world: World) -> None:
    """Case 35."""
    digest = world.repository("developer").push_blob(content())
    other = world.repository("developer")
    other.push_blob(content())
    answer = other.call("HEAD", f"blobs/{digest}")
    assert (answer.status_code, answer.content) == (404, b"")
    assert refused(other.call("GET", f"blobs/{digest}")) == (404, "BLOB_UNKNOWN")


def test_without_a_source_only_what_the_caller_may_pull_is_looked_at(
    world: World, stranger: World, registry: Registry
) -> None:
    """Case 36."""
    hidden = stranger.repository("developer").push_blob(content())
    target = world.repository("developer")
    assert is_session(mount(target, hidden))
    sibling = world.repository("developer").push_blob(content())
    assert mount(target, sibling).status_code == 201
    public = World.make(registry, public=True).repository("developer").push_blob(content())
    assert mount(target, public).status_code == 201


def test_a_hidden_blob_costs_the_same_statements_as_one_that_never_was(world: World, stranger: World) -> None:
    """Case 36."""
    hidden = stranger.repository("developer").push_blob(content())
    target = world.repository("developer")
    mount(target, str(Digest.of(content())))
    seen = []
    for digest in (hidden, str(Digest.of(content()))):
        with CaptureQueriesContext(connection) as queries:
            assert is_session(mount(target, digest))
        seen.append([query["sql"][:60] for query in queries.captured_queries])
    assert seen[0] == seen[1]


def link_everywhere(hidden: World, digest: str, count: int) -> None:
    """That many more repositories of the hidden project link the blob."""
    sql.execute(
        """
        WITH made AS (INSERT INTO repository (project_id, name) SELECT %s::bigint, %s || '/many-' || n
                      FROM generate_series(1, %s::int) AS n RETURNING id)
        INSERT INTO repository_blob (repository_id, blob_id, pinned_until)
        SELECT made.id, b.id, now() FROM made, blob b WHERE b.digest = %s
        """,
        [hidden.project.pk, hidden.project.name, count, Digest.parse(digest).raw],
    )


def test_a_hidden_blob_costs_the_same_work_however_often_it_is_linked(world: World, stranger: World) -> None:
    """Case 36."""
    hidden = stranger.repository("developer").push_blob(content())
    link_everywhere(stranger, hidden, 3000)
    target = world.repository("developer")
    with CaptureQueriesContext(connection) as queries:
        assert is_session(mount(target, hidden))
    # One line a project tells that there is nothing to mount: no statement comes near the links.
    assert len([query for query in queries if "project_blob" in query["sql"]]) == 1
    assert not [query for query in queries if "repository_blob" in query["sql"]]


def test_a_push_token_that_was_never_asked_for_the_source_is_sent_back_once(
    world: World, stranger: World
) -> None:
    """Case 36."""
    target, hidden = world.repository("developer"), stranger.repository("developer")
    query = {"mount": hidden.push_blob(content()), "from": hidden.name}
    answer = target.call("POST", "blobs/uploads/", params=query)
    challenge = answer.headers["WWW-Authenticate"]
    assert answer.status_code == 401
    assert f'scope="repository:{target.name}:pull,push repository:{hidden.name}:pull"' in challenge
    assert 'error="insufficient_scope"' in challenge
    # Asked again, the token names the source with no actions: that is an answer, not a reason to ask once more.
    assert is_session(target.call("POST", "blobs/uploads/", params=query, also=f"{hidden.name}:pull"))


def test_a_denied_source_does_not_turn_into_a_search(world: World, stranger: World) -> None:
    target = world.repository("developer")
    digest = world.repository("developer").push_blob(content())
    hidden = stranger.name("app")
    assert is_session(mount(target, digest, hidden))
    basic = target.client.basic or ""
    answer = target.client.registry.request(
        "POST",
        f"/v2/{target.name}/blobs/uploads/",
        params={"mount": digest, "from": hidden},
        headers={"Authorization": basic},
    )
    assert is_session(answer)

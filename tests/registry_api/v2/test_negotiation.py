"""Which manifest a GET serves, conditional requests, and answers to HEAD."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.oci.digest import Digest
from database import sql
from tests import plugin, session
from tests.registry_api import documents
from tests.registry_api.client import INDEX, MANIFEST, Repository, World
from tests.registry_api.plans import blocks_touched

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
CONFIG = b"{}"


def platform(architecture: str) -> dict[str, str]:
    return {"os": "linux", "architecture": architecture}


def push_index(repository: Repository, *architectures: str) -> tuple[bytes, list[bytes]]:
    """An index under the tag `multi` and its children."""
    repository.push_blob(CONFIG)
    children: list[bytes] = []
    listed: list[dict[str, Any]] = []
    for architecture in architectures:
        payload = documents.manifest(
            CONFIG, mediaType=DOCKER_MANIFEST, annotations={"a": architecture, "n": str(uuid4())}
        )
        digest = str(Digest.of(payload))
        assert repository.put_manifest(digest, payload, DOCKER_MANIFEST).status_code == 201
        children.append(payload)
        listed.append(documents.descriptor(payload, DOCKER_MANIFEST, platform=platform(architecture)))
    index = documents.index(listed)
    assert repository.put_manifest("multi", index, INDEX).status_code == 201
    return index, children


def test_a_client_without_indexes_gets_the_amd64_child_of_a_tag(world: World) -> None:
    """Case 59."""
    repository = world.repository("developer")
    _, (arm, amd) = push_index(repository, "arm64", "amd64")
    answer = repository.call("GET", "manifests/multi", headers={"Accept": DOCKER_MANIFEST})
    assert answer.content == amd != arm
    assert answer.headers["Docker-Content-Digest"] == str(Digest.of(amd))
    assert answer.headers["Content-Type"] == DOCKER_MANIFEST
    assert answer.headers["Vary"] == "Accept"
    head = repository.call("HEAD", "manifests/multi", headers={"Accept": DOCKER_MANIFEST})
    assert head.headers["Docker-Content-Digest"] == str(Digest.of(amd))
    assert head.headers["Content-Length"] == str(len(amd))


def test_without_an_amd64_child_it_gets_the_index(world: World) -> None:
    """Case 59."""
    repository = world.repository("developer")
    index, _ = push_index(repository, "arm64")
    answer = repository.call("GET", "manifests/multi", headers={"Accept": DOCKER_MANIFEST})
    assert (answer.content, answer.headers["Content-Type"]) == (index, INDEX)


def test_a_child_that_is_not_here_is_not_served(world: World) -> None:
    """Case 59."""
    repository = world.repository("developer")
    absent = documents.descriptor(b"absent", MANIFEST, platform=platform("amd64"))
    index = documents.index([absent])
    assert repository.put_manifest("sparse", index, INDEX).status_code == 201
    answer = repository.call("GET", "manifests/sparse", headers={"Accept": MANIFEST})
    assert (answer.status_code, answer.content) == (200, index)


def test_by_digest_the_index_is_served_whatever_is_accepted(world: World) -> None:
    """Case 59."""
    repository = world.repository("developer")
    index, _ = push_index(repository, "amd64")
    answer = repository.call("GET", f"manifests/{Digest.of(index)}", headers={"Accept": DOCKER_MANIFEST})
    assert (answer.content, answer.headers["Content-Type"]) == (index, INDEX)


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/*",
        INDEX,
        f"{DOCKER_MANIFEST}, {INDEX};q=0.5",
        f"{DOCKER_MANIFEST}, */*",
        f"{DOCKER_MANIFEST},{DOCKER_LIST}",
        "text/html",
        "",
    ],
)
def test_any_other_accept_gets_what_is_stored(world: World, accept: str) -> None:
    """Case 59."""
    repository = world.repository("developer")
    index, _ = push_index(repository, "amd64")
    answer = repository.call("GET", "manifests/multi", headers={"Accept": accept})
    assert (answer.status_code, answer.content) == (200, index)


def test_a_client_that_has_the_manifest_gets_no_body(world: World) -> None:
    """Case 60."""
    repository = world.repository("developer")
    digest = repository.push_image("latest")
    for reference in ("latest", digest):
        for condition in (f'"{digest}"', digest, f'W/"{digest}"', f'"other", "{digest}"'):
            answer = repository.call("GET", f"manifests/{reference}", headers={"If-None-Match": condition})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["ETag"] == f'"{digest}"'
            assert answer.headers["Docker-Content-Digest"] == digest
        for condition in (f'"{Digest.of(b"other")}"', '"latest"', "", "W/"):
            answer = repository.call("GET", f"manifests/{reference}", headers={"If-None-Match": condition})
            assert answer.status_code == 200


def test_a_head_of_a_missing_tag_has_the_headers_of_the_error_and_no_body(world: World) -> None:
    """Case 61."""
    repository = world.repository("developer")
    repository.push_image("latest")
    answer = repository.call("HEAD", "manifests/missing")
    assert (answer.status_code, answer.content) == (404, b"")
    assert answer.headers["Content-Type"] == "application/json"
    full = repository.call("GET", "manifests/missing")
    assert answer.headers["Content-Length"] == str(len(full.content))


def test_a_head_has_every_header_of_the_get(world: World) -> None:
    """Case 61."""
    repository = world.repository("developer")
    digest = repository.push_image("latest")
    head, full = (repository.call(method, "manifests/latest") for method in ("HEAD", "GET"))
    assert head.content == b""
    for header in ("Content-Type", "Content-Length", "Docker-Content-Digest", "ETag", "Vary"):
        assert head.headers[header] == full.headers[header]
    assert head.headers["Docker-Content-Digest"] == digest


def fill(repository: Repository, count: int) -> None:
    """That many tags of the repository's only artifact, put there in one statement."""
    sql.execute(
        """
        INSERT INTO tag (repository_id, name, artifact_id, version_key, platforms)
        SELECT r.id, 'bulk-' || n, a.id, '', '{}' FROM repository r JOIN artifact a ON a.repository_id = r.id,
               generate_series(1, %s::int) AS n WHERE r.name = %s
        """,
        [count, repository.name],
    )
    # As autovacuum does soon after; until then the planner takes the table for small, and any index for as good as another.
    with session.superuser(plugin.SERVICES, plugin.TEST_DATABASE) as server:
        server.execute("ANALYZE")


@pytest.mark.plain
def test_a_head_among_a_hundred_thousand_tags_does_the_work_of_one_among_few(world: World) -> None:
    """Case 61."""
    repository = world.repository("developer")
    repository.push_image("latest")
    fill(repository, 100_000)
    for tag, statements in (("latest", 1), ("bulk-77777", 1), ("missing", 2)):
        repository.call("HEAD", f"manifests/{tag}")
        token = world.registry.token(f"repository:{repository.name}:pull", basic=repository.client.basic)
        headers = {"Authorization": f"Bearer {token}"}
        with CaptureQueriesContext(connection) as queries:
            world.registry.request("HEAD", f"/v2/{repository.name}/manifests/{tag}", headers=headers)
        asked = [query["sql"] for query in queries]
        assert len(asked) == statements, asked
        assert {sql: blocks for sql in asked if (blocks := blocks_touched(sql)) >= 40} == {}

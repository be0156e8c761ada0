"""DELETE of tags and manifests, and who may."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from artifacts.models import Repository as Row
from artifacts.models import Tag
from core.oci.digest import Digest
from tests.registry_api import documents
from tests.registry_api.answers import refused
from tests.registry_api.client import MANIFEST, Repository, World

CONFIG = b"{}"


@pytest.fixture
def repository(world: World) -> Repository:
    made = world.repository("maintainer")
    made.push_blob(CONFIG)
    return made


def push(repository: Repository, *tags: str, **extra: Any) -> str:
    payload = documents.manifest(CONFIG, annotations={"n": str(uuid4())}, **extra)
    digest = str(Digest.of(payload))
    answer = repository.put_manifest(digest, payload, params=[("tag", tag) for tag in tags])
    assert answer.status_code == 201, answer.text
    return digest


def lock_tag(repository: Repository, name: str) -> None:
    row = Row.objects.get(name=repository.name)
    assert Tag.objects.filter(repository_id=row.pk, name=name).update(immutable=True) == 1


def test_a_manifest_goes_with_all_its_tags_at_once(world: World, repository: Repository) -> None:
    """Case 57."""
    tags = ["1", "1.2", "latest"]
    digest = push(repository, *tags)
    push(repository, "other")
    payload = repository.call("GET", f"manifests/{digest}").content
    elsewhere = world.repository("maintainer")
    elsewhere.push_blob(CONFIG)
    assert elsewhere.put_manifest("copy", payload).status_code == 201
    answer = repository.call("DELETE", f"manifests/{digest}")
    assert (answer.status_code, answer.headers["Content-Length"]) == (202, "0")
    for reference in (*tags, digest):
        assert refused(repository.call("GET", f"manifests/{reference}")) == (404, "MANIFEST_UNKNOWN")
    assert repository.call("GET", "tags/list").json()["tags"] == ["other"]
    assert elsewhere.call("GET", f"manifests/{digest}").content == payload
    assert refused(repository.call("DELETE", f"manifests/{digest}")) == (404, "MANIFEST_UNKNOWN")


def test_the_last_manifest_leaves_an_empty_list_of_tags(repository: Repository) -> None:
    """Case 57."""
    digest = push(repository, "only")
    assert repository.call("DELETE", f"manifests/{digest}").status_code == 202
    answer = repository.call("GET", "tags/list")
    assert (answer.status_code, answer.json()["tags"]) == (200, [])


def test_a_child_of_an_index_goes_only_after_the_index(repository: Repository) -> None:
    digest = push(repository, "child")
    payload = repository.call("GET", f"manifests/{digest}").content
    index = documents.index([documents.descriptor(payload, MANIFEST)])
    assert repository.put_manifest("index", index, documents.INDEX).status_code == 201
    answer = repository.call("DELETE", f"manifests/{digest}")
    assert refused(answer) == (405, "UNSUPPORTED")
    assert str(Digest.of(index)) in answer.json()["errors"][0]["message"]
    assert repository.call("HEAD", "manifests/child").status_code == 200
    assert repository.call("DELETE", f"manifests/{Digest.of(index)}").status_code == 202
    assert repository.call("DELETE", f"manifests/{digest}").status_code == 202


def test_a_child_pushed_after_its_index_is_held_by_it_as_well(repository: Repository) -> None:
    payload = documents.manifest(CONFIG, annotations={"n": str(uuid4())})
    index = documents.index([documents.descriptor(payload, MANIFEST)])
    assert repository.put_manifest("index", index, documents.INDEX).status_code == 201
    assert repository.put_manifest("child", payload).status_code == 201
    assert refused(repository.call("DELETE", f"manifests/{Digest.of(payload)}")) == (405, "UNSUPPORTED")


def test_a_deleted_tag_leaves_its_manifest(repository: Repository) -> None:
    """Case 58."""
    digest = push(repository, "gone", "stays")
    assert repository.call("DELETE", "manifests/gone").status_code == 202
    assert repository.call("GET", f"manifests/{digest}").status_code == 200
    assert repository.call("GET", "tags/list").json()["tags"] == ["stays"]
    assert refused(repository.call("DELETE", "manifests/gone")) == (404, "MANIFEST_UNKNOWN")
    assert refused(repository.call("DELETE", "manifests/never")) == (404, "MANIFEST_UNKNOWN")


def test_deleting_needs_more_than_pushing(world: World) -> None:
    """Case 58."""
    repository = world.repository("developer")
    digest = repository.push_image("latest")
    for reference in ("latest", digest):
        answer = repository.call("DELETE", f"manifests/{reference}")
        assert refused(answer) == (401, "UNAUTHORIZED")
        challenge = answer.headers["WWW-Authenticate"]
        assert f'scope="repository:{repository.name}:delete"' in challenge
        assert 'error="insufficient_scope"' in challenge
    assert repository.call("HEAD", "manifests/latest").status_code == 200


def test_an_immutable_tag_takes_the_digest_it_has_and_no_other(repository: Repository) -> None:
    """Case 58."""
    digest = push(repository, "1.0")
    payload = repository.call("GET", f"manifests/{digest}").content
    lock_tag(repository, "1.0")
    assert repository.put_manifest("1.0", payload).status_code == 201
    other = documents.manifest(CONFIG, annotations={"n": str(uuid4())})
    assert refused(repository.put_manifest("1.0", other)) == (403, "DENIED")
    assert refused(repository.call("DELETE", "manifests/1.0")) == (403, "DENIED")
    assert refused(repository.call("DELETE", f"manifests/{digest}")) == (403, "DENIED")
    assert repository.call("GET", "manifests/1.0").content == payload


@pytest.mark.parametrize("suffix", [".sig", ".att", ".sbom", ""])
def test_tags_of_signatures_are_exempt_from_immutability(repository: Repository, suffix: str) -> None:
    """Case 58."""
    tag = f"sha256-{Digest.of(str(uuid4()).encode()).hex}{suffix}"
    push(repository, tag)
    lock_tag(repository, tag)
    second = push(repository, tag)
    assert repository.call("HEAD", f"manifests/{tag}").headers["Docker-Content-Digest"] == second
    assert repository.call("DELETE", f"manifests/{tag}").status_code == 202


def test_conditions_on_a_tag_are_honoured(repository: Repository) -> None:
    first, second = (documents.manifest(CONFIG, annotations={"n": str(uuid4())}) for _ in range(2))
    absent = {"If-None-Match": "*"}
    assert repository.put_manifest("new", first, headers=absent).status_code == 201
    assert repository.put_manifest("new", second, headers=absent).status_code == 412
    stale = {"If-Match": f'"{Digest.of(second)}"'}
    assert repository.put_manifest("new", second, headers=stale).status_code == 412
    current = {"If-Match": f'"{Digest.of(first)}"'}
    assert repository.put_manifest("new", second, headers=current).status_code == 201
    assert repository.call("GET", "manifests/new").content == second

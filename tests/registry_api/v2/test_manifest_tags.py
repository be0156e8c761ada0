"""PUT of manifests: by tag, by digest, with many tags at once, and by many clients at once."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from artifacts.models import Repository as Row
from artifacts.models import Tag
from core.oci.digest import Algorithm, Digest
from tests.registry_api import documents
from tests.registry_api.answers import refused
from tests.registry_api.client import MANIFEST, Repository, World
from tests.registry_api.crowd import at_once

CONFIG = b"{}"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def repository(world: World) -> Repository:
    made = world.repository("maintainer")
    made.push_blob(CONFIG)
    return made


def document(**extra: Any) -> bytes:
    """A manifest unlike any other."""
    return documents.manifest(CONFIG, annotations={"n": str(uuid4())}, **extra)


def put_with_tags(repository: Repository, payload: bytes, tags: list[str]) -> httpx2.Response:
    return repository.put_manifest(str(Digest.of(payload)), payload, params=[("tag", tag) for tag in tags])


def lock_tag(repository: Repository, name: str) -> None:
    row = Row.objects.get(name=repository.name)
    assert Tag.objects.filter(repository_id=row.pk, name=name).update(immutable=True) == 1


def test_bytes_that_do_not_hash_to_the_digest_are_refused(repository: Repository) -> None:
    """Case 53."""
    payload = document()
    digest = Digest.of(payload)
    answer = repository.put_manifest(str(digest), payload + b"  ")
    assert refused(answer) == (400, "DIGEST_INVALID")
    answer = repository.put_manifest("spaced", payload + b"  ")
    assert answer.status_code == 201
    assert answer.headers["Docker-Content-Digest"] == str(Digest.of(payload + b"  ")) != str(digest)
    assert repository.call("HEAD", f"manifests/{digest}").status_code == 404


def test_a_manifest_is_stored_under_the_algorithm_it_was_pushed_by(repository: Repository) -> None:
    """Case 53."""
    payload = document()
    long = str(Digest.of(payload, Algorithm.SHA512))
    answer = repository.put_manifest(long, payload, params={"tag": "long"})
    assert (answer.status_code, answer.headers["Docker-Content-Digest"]) == (201, long)
    pulled = repository.call("GET", "manifests/long")
    assert (pulled.content, pulled.headers["Docker-Content-Digest"]) == (payload, long)


def test_ten_tags_are_set_with_one_manifest(repository: Repository) -> None:
    """Case 54."""
    payload, tags = document(), [f"v1.{n}" for n in range(10)]
    answer = put_with_tags(repository, payload, tags)
    assert answer.status_code == 201
    assert [tag.strip() for tag in answer.headers["OCI-Tag"].split(",")] == tags
    for tag in tags:
        assert repository.call("GET", f"manifests/{tag}").content == payload


def test_thirty_three_tags_are_too_many(repository: Repository) -> None:
    """Case 54."""
    assert put_with_tags(repository, document(), [f"t{n}" for n in range(32)]).status_code == 201
    answer = put_with_tags(repository, document(), [f"u{n}" for n in range(33)])
    assert answer.status_code == 414
    assert len(repository.call("GET", "tags/list").json()["tags"]) == 32


@pytest.mark.parametrize("bad", ["", ".x", "a/b", "a:b", "é", "a" * 129, "a\n"])
def test_one_bad_tag_sets_none(repository: Repository, bad: str) -> None:
    """Case 54."""
    answer = put_with_tags(repository, document(), ["good", bad])
    assert refused(answer) == (400, "MANIFEST_INVALID")
    assert repository.call("HEAD", "manifests/good").status_code == 404


def test_one_immutable_tag_sets_none(repository: Repository) -> None:
    """Case 54."""
    first, second = document(), document()
    assert repository.put_manifest("fixed", first).status_code == 201
    lock_tag(repository, "fixed")
    answer = put_with_tags(repository, second, ["before", "fixed", "later"])
    assert refused(answer) == (403, "DENIED")
    assert "fixed" in answer.json()["errors"][0]["message"]
    assert repository.call("GET", "tags/list").json()["tags"] == ["fixed"]
    assert repository.call("HEAD", f"manifests/{Digest.of(second)}").status_code == 404


def test_a_tag_named_twice_is_set_and_told_once(repository: Repository) -> None:
    """Case 54."""
    answer = put_with_tags(repository, document(), ["twice", "twice", "once"])
    assert (answer.status_code, answer.headers["OCI-Tag"]) == (201, "twice, once")


def test_tag_parameters_do_not_go_with_a_tag_in_the_path(repository: Repository) -> None:
    """Case 54."""
    answer = repository.put_manifest("latest", document(), params={"tag": "other"})
    assert refused(answer) == (400, "MANIFEST_INVALID")


def test_a_subject_is_echoed_on_every_way_to_push(repository: Repository) -> None:
    """Case 55."""
    subject = document()
    descriptor = documents.descriptor(subject, MANIFEST)
    image = document(subject=descriptor)
    index = documents.index([], subject=descriptor, annotations={"n": str(uuid4())})
    # The subject is pushed last: it need not be here.
    for payload, media_type in ((image, MANIFEST), (index, documents.INDEX)):
        for reference in ("tagged", str(Digest.of(payload))):
            answer = repository.put_manifest(reference, payload, media_type)
            assert answer.status_code == 201
            assert answer.headers["OCI-Subject"] == str(Digest.of(subject))
    answer = repository.put_manifest("subject", subject)
    assert (answer.status_code, "OCI-Subject" in answer.headers) == (201, False)


def test_a_broken_subject_is_refused(repository: Repository) -> None:
    """Case 55."""
    good = documents.descriptor(b"x", MANIFEST)
    for subject in ({**good, "digest": "sha256:short"}, {**good, "size": -1}, "text", [good]):
        answer = repository.put_manifest("latest", document(subject=subject))
        assert refused(answer) == (400, "MANIFEST_INVALID")


def test_docker_manifests_have_no_subject_whatever_they_say(repository: Repository) -> None:
    """Case 55."""
    subject = documents.descriptor(b"subject", MANIFEST)
    payload = document(subject=subject, mediaType=DOCKER_MANIFEST)
    answer = repository.put_manifest("docker", payload, DOCKER_MANIFEST)
    assert (answer.status_code, "OCI-Subject" in answer.headers) == (201, False)
    assert repository.call("GET", f"referrers/{subject['digest']}").json()["manifests"] == []


def test_a_subject_told_by_the_second_push_is_listed(repository: Repository) -> None:
    subject = documents.descriptor(str(uuid4()).encode(), MANIFEST)
    # Without mediaType in the body the Content-Type decides whether these bytes have a subject.
    payload = document(subject=subject, mediaType=None)
    assert repository.put_manifest("note", payload, DOCKER_MANIFEST).status_code == 201
    answer = repository.put_manifest("note", payload, MANIFEST)
    assert (answer.status_code, answer.headers["OCI-Subject"]) == (201, subject["digest"])
    listed = repository.call("GET", f"referrers/{subject['digest']}").json()["manifests"]
    assert [each["digest"] for each in listed] == [str(Digest.of(payload))]


@pytest.mark.plain
def test_two_clients_moving_one_tag_never_leave_it_torn(repository: Repository) -> None:
    """Case 56."""
    payloads = [document(), document()]
    registry, path = repository.client.registry, f"/v2/{repository.name}/manifests/contested"
    scope = f"repository:{repository.name}:pull,push"
    headers = {"Authorization": f"Bearer {registry.token(scope, basic=repository.client.basic)}"}
    assert repository.put_manifest("contested", payloads[0]).status_code == 201

    def pusher(payload: bytes) -> list[int]:
        typed = {**headers, "Content-Type": MANIFEST}
        return [registry.request("PUT", path, headers=typed, content=payload).status_code for _ in range(100)]

    def puller() -> list[int]:
        seen = []
        for _ in range(100):
            answer = registry.request("GET", path, headers=headers)
            assert answer.headers["Docker-Content-Digest"] == str(Digest.of(answer.content))
            assert answer.content in payloads
            seen.append(answer.status_code)
        return seen

    acts = [lambda: pusher(payloads[0]), lambda: pusher(payloads[1]), puller]
    first, second, pulls = at_once(acts)
    assert set(first) == set(second) == {201}
    assert set(pulls) == {200}
    assert registry.request("GET", path, headers=headers).content in payloads


def test_moving_a_tag_while_its_old_manifest_is_deleted_leaves_no_dangling_tag(
    repository: Repository,
) -> None:
    """Case 56."""
    old, new = document(), document()
    for _ in range(10):
        assert repository.put_manifest("moving", old).status_code == 201
        answers = at_once(
            [
                lambda: repository.put_manifest("moving", new),
                lambda: repository.call("DELETE", f"manifests/{Digest.of(old)}"),
            ]
        )
        assert [answer.status_code for answer in answers] == [201, 202]
        answer = repository.call("GET", "manifests/moving")
        assert (answer.status_code, answer.content) == (200, new)
        assert repository.call("GET", "tags/list").json()["tags"] == ["moving"]

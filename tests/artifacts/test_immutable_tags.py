"""Immutable tags: who sets them, and that no race gets around them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import uuid4

import pytest
from django.db import transaction

from artifacts import manifests, tags
from core.errors import Denied, ManifestUnknown, TagImmutable
from core.oci.digest import Digest
from core.oci.reference import Tag
from database import sql
from tests.artifacts import rows
from tests.artifacts.actors import push_of, target
from tests.registry_api import documents
from tests.registry_api.client import Repository, World
from tests.registry_api.crowd import at_once, begun

CONFIG = b"{}"


@pytest.fixture
def repository(world: World) -> Repository:
    made = world.repository("maintainer")
    made.push_blob(CONFIG)
    return made


def document() -> bytes:
    return documents.manifest(CONFIG, annotations={"n": str(uuid4())})


def put(world: World, repository: Repository, payload: bytes, tag: str) -> None:
    manifests.put(repository.client.principal, target(world, repository), push_of(payload, tag))


def fix(
    world: World, repository: Repository, name: str, *, immutable: bool = True, by: str = "maintainer"
) -> None:
    actor = getattr(world, by).principal
    tags.set_immutable(actor, target(world, repository), Tag.parse(name), immutable=immutable)


def history(repository: Repository, name: str) -> list[tuple[str, bytes | None]]:
    found = sql.rows(
        "SELECT kind, old_digest FROM tag_event WHERE repository_id = %s AND name = %s ORDER BY id",
        [rows.row(repository).pk, name],
    )
    return [(kind, old and bytes(old)) for kind, old in found]


@pytest.mark.parametrize("kind", ["guest", "developer"])
def test_only_a_maintainer_makes_a_tag_immutable(world: World, repository: Repository, kind: str) -> None:
    repository.put_manifest("1.0", document())
    with pytest.raises(Denied):
        fix(world, repository, "1.0", by=kind)
    assert not rows.tag(repository, "1.0").immutable
    fix(world, repository, "1.0")
    assert rows.tag(repository, "1.0").immutable


def test_a_tag_can_be_freed_again_and_both_are_acts(world: World, repository: Repository) -> None:
    repository.put_manifest("1.0", document())
    for immutable in (True, True, False):
        fix(world, repository, "1.0", immutable=immutable)
    updates = [event for event in rows.acts(repository) if event.operation == "tag.update"]
    assert [(event.detail["before"], event.detail["after"]) for event in updates] == [
        ({"immutable": False}, {"immutable": True}),
        ({"immutable": True}, {"immutable": False}),
    ]
    assert {event.resource_name for event in updates} == {f"{repository.name}:1.0"}
    assert repository.put_manifest("1.0", document()).status_code == 201


def test_a_tag_that_is_not_there_cannot_be_fixed(world: World, repository: Repository) -> None:
    repository.put_manifest("1.0", document())
    with pytest.raises(ManifestUnknown):
        fix(world, repository, "2.0")


def test_a_move_that_waited_for_the_tag_to_become_immutable_is_refused(
    world: World, repository: Repository
) -> None:
    first = document()
    repository.put_manifest("1.0", first)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            fix(world, repository, "1.0")
            moving = begun(pool, lambda: put(world, repository, document(), "1.0"))
        with pytest.raises(TagImmutable, match=r"1\.0"):
            moving.result(30)
    assert repository.call("GET", "manifests/1.0").content == first


def test_a_deletion_that_waited_for_the_tag_to_become_immutable_is_refused(
    world: World, repository: Repository
) -> None:
    first = document()
    repository.put_manifest("1.0", first)
    actor, where = repository.client.principal, target(world, repository)
    for delete in (
        lambda: tags.delete(actor, where, Tag.parse("1.0")),
        lambda: manifests.delete(actor, where, Digest.of(first)),
    ):
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                fix(world, repository, "1.0")
                deleting = begun(pool, delete)
            with pytest.raises(TagImmutable):
                deleting.result(30)
        fix(world, repository, "1.0", immutable=False)
    assert repository.call("GET", "manifests/1.0").content == first


def test_the_second_of_two_creators_of_an_immutable_tag_is_refused(
    world: World, repository: Repository
) -> None:
    first = document()
    repository.put_manifest("other", document())
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            put(world, repository, first, "1.0")
            fix(world, repository, "1.0")
            # It finds no tag to lock, and meets the new one only when it writes.
            creating = begun(pool, lambda: put(world, repository, document(), "1.0"))
        with pytest.raises(TagImmutable):
            creating.result(30)
    assert repository.call("GET", "manifests/1.0").content == first
    assert history(repository, "1.0") == [("create", None)]


def test_the_second_of_two_creators_of_a_plain_tag_moves_it_on_record(
    world: World, repository: Repository
) -> None:
    first, second = document(), document()
    repository.put_manifest("other", document())
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            put(world, repository, first, "1.0")
            creating = begun(pool, lambda: put(world, repository, second, "1.0"))
        creating.result(30)
    assert repository.call("GET", "manifests/1.0").content == second
    # What it took the tag from is what the first creator had committed, not what was there when it began.
    assert history(repository, "1.0") == [("create", None), ("move", Digest.of(first).raw)]


def test_many_pushers_of_one_tag_leave_a_gapless_history(world: World, repository: Repository) -> None:
    payloads = [document() for _ in range(12)]
    answers = at_once([partial(repository.put_manifest, "hot", payload) for payload in payloads])
    assert {answer.status_code for answer in answers} == {201}
    told = sql.rows(
        "SELECT old_digest, new_digest FROM tag_event WHERE repository_id = %s AND name = 'hot' ORDER BY id",
        [rows.row(repository).pk],
    )
    chain = [(old and bytes(old), bytes(new)) for old, new in told]
    assert [old for old, _ in chain] == [None, *(new for _, new in chain[:-1])]
    assert {new for _, new in chain} == {Digest.of(payload).raw for payload in payloads}
    assert Digest.of(repository.call("GET", "manifests/hot").content).raw == chain[-1][1]

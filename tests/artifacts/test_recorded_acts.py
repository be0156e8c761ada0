"""Acts on record: one audit event each, pulls in the spool and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings

from audit.models import AuditEvent
from core.oci.digest import Digest
from tests.artifacts import rows
from tests.registry_api import documents
from tests.registry_api.client import Registry, Repository, World


def pulls(repository: Repository) -> list[dict[str, Any]]:
    """The spooled lines of pulls from this repository."""
    lines = [
        json.loads(line)
        for file in sorted((Path(settings.WHARF_SPOOL) / "pulls").glob("*.jsonl"))
        for line in file.read_text().splitlines()
    ]
    return [line for line in lines if line.get("repository") == repository.name]


def test_a_pull_of_a_manifest_is_one_line_in_the_spool(world: World) -> None:
    repository = world.repository("developer")
    layer = b"a layer"
    digest = repository.push_image("1.0", layers=[layer])
    row = rows.row(repository)
    assert repository.call("HEAD", "manifests/1.0").status_code == 200
    assert repository.call("GET", f"blobs/{Digest.of(layer)}").status_code == 200
    assert repository.call("GET", "manifests/missing").status_code == 404
    unchanged = repository.call("GET", "manifests/1.0", headers={"If-None-Match": f'"{digest}"'})
    assert unchanged.status_code == 304
    assert pulls(repository) == []
    assert repository.call("GET", "manifests/1.0").status_code == 200
    assert repository.call("GET", f"manifests/{digest}").status_code == 200
    by_tag, by_digest = pulls(repository)
    actor = repository.client.principal
    told = {"actor_kind": "user", "actor_id": actor.id, "actor_name": actor.name, "digest": digest, "n": 1}
    assert {key: by_tag[key] for key in told} == told
    assert (by_tag["tag"], by_digest["tag"]) == ("1.0", "")
    assert (by_tag["project_id"], by_tag["repository_id"]) == (row.project_id, row.pk)
    assert by_tag["ip"] == "127.0.0.1"
    assert by_tag["request_id"]


def test_a_pull_writes_no_row_anywhere(world: World) -> None:
    repository = world.repository("developer")
    repository.push_image("1.0")
    before = (len(rows.acts(repository)), rows.last_event())
    repository.call("GET", "manifests/1.0")
    assert (len(rows.acts(repository)), rows.last_event()) == before


def test_a_push_is_one_event_that_names_its_tags_before_and_after(world: World) -> None:
    repository = world.repository("developer")
    first = repository.push_image("1.0", layers=[b"one"])
    second = documents.manifest(b"{}", [b"one"], annotations={"n": "2"})
    digest = str(Digest.of(second))
    answer = repository.put_manifest(digest, second, params=[("tag", "1.0"), ("tag", "new")])
    assert answer.status_code == 201
    pushed = [event for event in rows.acts(repository) if event.operation == "artifact.push"]
    assert [(event.detail["before"]["tags"], event.detail["after"]["tags"]) for event in pushed] == [
        ([{"tag": "1.0", "digest": None}], ["1.0"]),
        ([{"tag": "1.0", "digest": first}, {"tag": "new", "digest": None}], ["1.0", "new"]),
    ]
    assert pushed[1].resource_name == f"{repository.name}@{digest}"
    assert (pushed[1].detail["after"]["digest"], pushed[1].detail["size"]) == (digest, len(second))
    assert pushed[1].permission == "repository:push"
    assert pushed[1].actor_name == repository.client.principal.name
    assert pushed[1].auth == "token"
    assert pushed[1].token_id
    # Blobs of an upload are no acts: the manifest is.
    assert {event.operation for event in rows.acts(repository)} == {"project.create", "artifact.push"}


def test_repeating_a_push_is_no_act(world: World) -> None:
    repository = world.repository("developer")
    digest = repository.push_image("1.0")
    payload = repository.call("GET", "manifests/1.0").content
    before = len(rows.acts(repository))
    for reference in ("1.0", digest):
        assert repository.put_manifest(reference, payload).status_code == 201
    assert len(rows.acts(repository)) == before
    assert repository.put_manifest("again", payload).status_code == 201
    assert len(rows.acts(repository)) == before + 1


def test_a_mount_across_projects_is_an_act_and_one_inside_a_project_is_none(
    world: World, registry: Registry
) -> None:
    public = World.make(registry, public=True).repository("developer")
    inside, target = world.repository("developer"), world.repository("developer")
    foreign = public.push_blob(f"foreign {uuid4()}".encode())
    own = inside.push_blob(f"own {uuid4()}".encode())
    for source, digest in ((public, foreign), (inside, own)):
        query = {"mount": digest, "from": source.name}
        answer = target.call("POST", "blobs/uploads/", params=query, also=f"{source.name}:pull")
        assert answer.status_code == 201
    (event,) = [event for event in rows.acts(target) if event.operation == "blob.mount"]
    after = event.detail["after"]
    mounted_from = rows.row(public)
    assert (after["digest"], after["source_project"], after["source_repository"]) == (
        foreign,
        mounted_from.project_id,
        mounted_from.pk,
    )
    # Those who read this project's log may not know the other one.
    assert public.name not in str(event.detail)
    assert event.resource_name == target.name


def test_deletions_are_acts(world: World) -> None:
    repository = world.repository("maintainer")
    digest = repository.push_image("one")
    payload = repository.call("GET", "manifests/one").content
    assert repository.put_manifest("two", payload).status_code == 201
    loose = repository.push_blob(f"loose {uuid4()}".encode())
    for path in ("manifests/one", f"manifests/{digest}", f"blobs/{loose}"):
        assert repository.call("DELETE", path).status_code == 202
    tag, artifact, blob = rows.acts(repository)[-3:]
    assert (tag.operation, tag.resource_name) == ("tag.delete", f"{repository.name}:one")
    assert tag.detail["before"] == {"digest": digest}
    assert (artifact.operation, artifact.detail["before"]["tags"]) == ("artifact.delete", ["two"])
    assert (blob.operation, blob.detail["before"]["digest"]) == ("blob.delete", loose)


def test_a_refused_move_of_an_immutable_tag_is_on_record(world: World) -> None:
    repository = world.repository("maintainer")
    repository.push_image("fixed")
    tag = rows.tag(repository, "fixed")
    tag.immutable = True
    tag.save(update_fields=["immutable"])
    other = documents.manifest(b"{}", [], annotations={"n": "2"})
    assert repository.put_manifest("fixed", other).status_code == 403
    project_id = rows.row(repository).project_id
    refusals = AuditEvent.objects.filter(project_id=project_id, result="denied", operation="artifact.push")
    assert [event.actor_name for event in refusals] == [repository.client.principal.name]

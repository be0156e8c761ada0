"""What a push records for pages that come later, so that none of them starts empty."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from artifacts.models import ArtifactLayer
from core.oci.digest import Digest
from core.oci.version_key import version_key
from database import sql
from tests.artifacts import rows
from tests.registry_api import documents
from tests.registry_api.client import INDEX, MANIFEST, Repository, World

CREATED = "2024-01-02T03:04:05Z"
HISTORY: list[dict[str, Any]] = [
    {"created": CREATED, "created_by": "ADD rootfs.tar /", "comment": "base"},
    {"created": CREATED, "created_by": "ENV A=b", "empty_layer": True},
    {"created": CREATED, "created_by": "COPY dist/ /app"},
]


def config(**extra: object) -> bytes:
    document = {"os": "linux", "architecture": "arm64", "variant": "v8", "created": CREATED, "author": "Ann"}
    return json.dumps({**document, "history": HISTORY, "n": str(uuid4()), **extra}).encode()


def layers_of(repository: Repository, digest: str) -> list[ArtifactLayer]:
    found = ArtifactLayer.objects.filter(artifact_id=rows.artifact(repository, digest).pk)
    return list(found.order_by("position"))


def test_layers_stand_beside_the_history_that_made_them(world: World) -> None:
    repository = world.repository("developer")
    base, app = b"base layer", b"app layer!"
    digest = repository.push_image("1.0", config=config(), layers=[base, app])
    first, empty, last = layers_of(repository, digest)
    assert [each.command for each in (first, empty, last)] == [line["created_by"] for line in HISTORY]
    assert [each.is_empty for each in (first, empty, last)] == [False, True, False]
    assert (bytes(first.digest or b""), first.size) == (Digest.of(base).raw, len(base))
    assert (empty.digest, empty.size) == (None, 0)
    assert bytes(last.digest or b"") == Digest.of(app).raw
    assert first.comment == "base"
    assert first.created_at == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert first.media_type == documents.LAYER


def test_layers_beyond_the_history_stand_alone(world: World) -> None:
    repository = world.repository("developer")
    parts = [f"layer {n}".encode() for n in range(3)]
    digest = repository.push_image("1.0", config=config(history=[]), layers=parts)
    assert [bytes(each.digest or b"") for each in layers_of(repository, digest)] == [
        Digest.of(part).raw for part in parts
    ]


def test_platform_and_build_time_stand_on_the_artifact_and_its_tag(world: World) -> None:
    repository = world.repository("developer")
    document, layer = config(), b"a layer"
    digest = repository.push_image("1.10.0-rc1", config=document, layers=[layer])
    artifact, tag = rows.artifact(repository, digest), rows.tag(repository, "1.10.0-rc1")
    built = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (artifact.os, artifact.architecture, artifact.variant) == ("linux", "arm64", "v8")
    assert (artifact.author, artifact.built_at) == ("Ann", built)
    assert bytes(artifact.config or b"") == document
    assert artifact.total_size == tag.size == len(document) + len(layer)
    assert (tag.platforms, tag.built_at) == (["linux/arm64/v8"], built)
    assert tag.version_key == version_key("1.10.0-rc1")
    assert tag.pushed_by == artifact.pushed_by == repository.client.principal.name


def test_versions_sort_by_number_in_the_table(world: World) -> None:
    repository = world.repository("developer")
    for name in ("1.9", "1.10", "1.10-rc1", "latest"):
        repository.push_image(name)
    ordered = sql.rows(
        "SELECT name FROM tag WHERE repository_id = %s ORDER BY version_key DESC", [rows.row(repository).pk]
    )
    assert [name for (name,) in ordered] == ["1.10", "1.10-rc1", "1.9", "latest"]


def test_an_index_has_the_platforms_of_its_children(world: World) -> None:
    repository = world.repository("developer")
    listed, sizes = [], 0
    for architecture in ("amd64", "arm64"):
        document = config(architecture=architecture, variant="")
        digest = repository.push_image(architecture, config=document, layers=[b"shared"])
        payload = repository.call("GET", f"manifests/{digest}").content
        platform = {"os": "linux", "architecture": architecture}
        listed.append(documents.descriptor(payload, MANIFEST, platform=platform))
        sizes += len(document) + len(b"shared")
    unknown = {"os": "unknown", "architecture": "unknown"}
    listed.append(documents.descriptor(b"attestation", MANIFEST, platform=unknown))
    assert repository.put_manifest("multi", documents.index(listed), INDEX).status_code == 201
    tag = rows.tag(repository, "multi")
    assert (tag.platforms, tag.size) == (["linux/amd64", "linux/arm64"], sizes)


def test_a_config_that_cannot_be_read_is_no_reason_to_refuse(world: World) -> None:
    repository = world.repository("developer")
    for number, broken in enumerate((b"not json", b"[]", b'{"history": 5, "os": 7}', b"\xff\0")):
        digest = repository.push_image(f"t{number}", config=broken + str(uuid4()).encode())
        assert rows.artifact(repository, digest).os == ""


def test_every_change_of_a_tag_is_on_record_with_its_actor(world: World) -> None:
    repository = world.repository("maintainer")
    first = repository.push_image("moving", config=config())
    repository.put_manifest("moving", repository.call("GET", f"manifests/{first}").content)
    second = repository.push_image("moving", config=config())
    assert repository.call("DELETE", "manifests/moving").status_code == 202
    third = repository.push_image("moving", config=config())
    assert repository.call("DELETE", f"manifests/{third}").status_code == 202
    told = sql.rows(
        "SELECT kind, old_digest, new_digest, actor_kind, actor_id, actor_name FROM tag_event"
        " WHERE repository_id = %s AND name = 'moving' ORDER BY id",
        [rows.row(repository).pk],
    )
    one, two, three = (Digest.parse(digest).raw for digest in (first, second, third))
    assert [(kind, old and bytes(old), new and bytes(new)) for kind, old, new, *_ in told] == [
        ("create", None, one),
        ("move", one, two),
        ("delete", two, None),
        ("create", None, three),
        ("delete", three, None),
    ]
    actor = repository.client.principal
    assert {tuple(event[3:]) for event in told} == {("user", actor.id, actor.name)}


def accessories(repository: Repository, subject: str) -> list[tuple[str, str]]:
    """(kind, digest) of what says something of `subject`: the one lookup behind "signed by"."""
    found = sql.rows(
        """
        SELECT x.kind, a.digest FROM artifact_accessory x JOIN artifact a ON a.id = x.artifact_id
        WHERE x.repository_id = %s AND x.subject_digest = %s ORDER BY x.kind
        """,
        [rows.row(repository).pk, Digest.parse(subject).raw],
    )
    return [(kind, str(Digest.from_bytes(bytes(digest)))) for kind, digest in found]


def test_signatures_by_subject_and_by_tag_are_found_by_what_they_sign(world: World) -> None:
    repository = world.repository("developer")
    signed = repository.push_image("app", config=config())
    subject = {"mediaType": MANIFEST, "digest": signed, "size": 1}
    notation = repository.push_image(
        "notation", subject=subject, artifactType="application/vnd.cncf.notary.signature"
    )
    cosign = repository.push_image(signed.replace(":", "-") + ".sig", layers=[b"a signature"])
    sbom = repository.push_image("sbom", subject=subject, artifactType="application/spdx+json")
    attested = repository.push_image(signed.replace(":", "-") + ".att", layers=[b"an attestation"])
    assert accessories(repository, signed) == [
        ("attestation", attested),
        ("sbom", sbom),
        ("signature.cosign", cosign),
        ("signature.notation", notation),
    ]


def test_a_signature_pushed_before_what_it_signs_is_found_too(world: World) -> None:
    repository = world.repository("developer")
    later = str(Digest.of(str(uuid4()).encode()))
    signature = repository.push_image(later.replace(":", "-") + ".sig", layers=[b"early"])
    assert accessories(repository, later) == [("signature.cosign", signature)]


def test_facts_of_an_artifact_leave_with_it(world: World) -> None:
    repository = world.repository("maintainer")
    gone = str(Digest.of(b"gone"))
    subject = {"mediaType": MANIFEST, "digest": gone, "size": 1}
    digest = repository.push_image("app", config=config(), layers=[b"1", b"2"], subject=subject)
    artifact_id = rows.artifact(repository, digest).pk
    assert repository.call("DELETE", f"manifests/{digest}").status_code == 202
    assert not ArtifactLayer.objects.filter(artifact_id=artifact_id).exists()
    assert accessories(repository, gone) == []

"""What is written by hand and what the OpenAPI document says of it are the same names, all the way down."""

from __future__ import annotations

import base64
from typing import Any

from rest_framework import serializers

from artifacts.models import ArtifactLabel
from projects.models import Label
from registry_api.rest.artifact_entries import ArtifactEntry, HistoryEntry, TagEntry
from registry_api.rest.labels import LabelEntry
from registry_api.rest.repositories import RepositoryEntry
from tests import images
from tests.registry_api.rest.api import World
from tests.registry_api.rest.shelf import at, push, shelf


def differing(shape: Any, shown: Any, path: str = "") -> list[str]:
    """Where a value and its serializer do not name the same fields."""
    if isinstance(shape, serializers.ListSerializer):
        return [found for each in shown or () for found in differing(shape.child, each, path)]
    if not isinstance(shape, serializers.Serializer) or shown is None:
        return []
    named, given = set(shape.fields), set(shown)
    deeper = (differing(shape.fields[name], shown[name], f"{path}.{name}") for name in named & given)
    return [f"{path}: {named ^ given}"] * (named != given) + [found for each in deeper for found in each]


def test_every_field_is_described_and_every_described_field_is_there(world: World) -> None:
    index = images.two_platforms()
    where = shelf(world.project, "app", index, "1")
    push(where, images.artifact(b"sbom", subject=index.manifest))
    label = Label.objects.create(project=world.project, name="one")
    path = at(where, "artifacts/1?with_label=true&with_accessory=true&with_immutable_status=true")
    ArtifactLabel.objects.create(artifact_id=world.guest.get(path).json()["id"], label=label)
    shown = world.guest.get(path).json()
    assert all(shown[name] for name in ("references", "tags", "labels", "accessories"))
    assert differing(ArtifactEntry(), shown) == []
    assert differing(LabelEntry(), shown["labels"][0]) == []
    assert differing(TagEntry(), world.guest.get(at(where, "artifacts/1/tags")).json()[0]) == []
    assert differing(RepositoryEntry(), world.guest.get(at(where)).json()) == []
    steps = world.guest.get(at(where, f"artifacts/{index.images[0].digest}/additions/build_history")).json()
    assert differing(HistoryEntry(), steps[0]) == []


def test_each_kind_of_artifact_has_a_picture_found_by_its_digest(world: World) -> None:
    image = images.image()
    where = shelf(world.project, "app", image, "1")
    push(where, images.artifact(b"n"), "note")
    push(where, images.artifact(b"s", artifact_type="application/spdx+json", subject=image.manifest))
    entries = world.guest.get(at(where, "artifacts?with_accessory=true")).json()
    icons = {entry["icon"] for entry in (*entries, *(entries[1]["accessories"]))}
    assert len(icons) == 3
    for digest in icons:
        answer = world.anonymous.get(f"/icons/{digest}").json()
        assert answer["content-type"] == "image/svg+xml"
        assert images.sha256(base64.b64decode(answer["content"])) == digest
    assert world.anonymous.refused("GET", f"/icons/{images.sha256(b'')}")[0] == 404
    assert world.anonymous.refused("GET", "/icons/latest")[0] == 400


def test_a_config_that_no_answer_can_hold_is_left_out(world: World) -> None:
    nested = b'{"config":{"Labels":%s1%s},"os":"linux","architecture":"amd64"}' % (b'{"a":' * 400, b"}" * 400)
    for config in (nested, b"\xff", b"[]", b'{"config":"\\ud800"}', b'{"a":NaN}'):
        blob = images.Content(images.OCI_CONFIG, config)
        layer = images.layer({"a": b"a"})
        document = {
            "schemaVersion": 2,
            "mediaType": images.OCI_MANIFEST,
            "config": blob.descriptor(),
            "layers": [layer.descriptor()],
        }
        manifest = images.Content(images.OCI_MANIFEST, images.encode(document))
        where = shelf(world.project, "app", images.Image(manifest, blob, (layer,)), "1")
        answer = world.guest.get(at(where, "artifacts/1"))
        assert answer.status_code == 200, config
        assert "config" not in answer.json()["extra_attrs"], config

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.errors import ManifestInvalid
from core.oci.manifest import Manifest, parse_manifest
from core.oci.media_types import MANIFESTS, OCI_MANIFEST
from tests.core.oci.documents import child, descriptor, docker_image, docker_list, encoded, image, index

SEEDS: list[dict[str, Any]] = [
    image(annotations={"a": "b"}, subject=descriptor("s"), artifactType="a/b"),
    docker_image(),
    index(child(1), child(2, "arm64"), descriptor("l"), subject=descriptor("s")),
    docker_list(child(1)),
]
KEYS = [
    "config",
    "layers",
    "manifests",
    "subject",
    "annotations",
    "mediaType",
    "Layers",
    "size",
    "digest",
    "platform",
    "",
]

any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=8)
junk = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), any_text),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(any_text, st.sampled_from(KEYS)), inner, max_size=3),
    ),
    max_leaves=8,
)
content_types = st.one_of(st.none(), st.text(max_size=30), st.sampled_from([*sorted(MANIFESTS), "", "a/b"]))


def parsed_or_none(payload: bytes, content_type: str | None) -> Manifest | None:
    try:
        return parse_manifest(payload, content_type)
    except ManifestInvalid as error:
        message = error.message
    assert message.isascii()
    assert message
    return None


def containers(value: object) -> list[Any]:
    found = [value] if isinstance(value, (dict, list)) else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found + [container for member in inner for container in containers(member)]


@given(st.sampled_from(SEEDS), content_types, st.data())
def test_a_manifest_bent_anywhere_is_accepted_or_refused_and_nothing_else(
    seed: dict[str, Any], content_type: str | None, data: st.DataObject
) -> None:
    document = copy.deepcopy(seed)
    target = data.draw(st.sampled_from(containers(document)))
    if isinstance(target, dict):
        target[
            data.draw(
                st.one_of(st.sampled_from(KEYS), st.sampled_from(sorted(target)) if target else any_text)
            )
        ] = data.draw(junk)
    else:
        target.append(data.draw(junk))
    payload = json.dumps(document).encode()
    manifest = parsed_or_none(payload, content_type)
    if manifest is not None:
        assert manifest.media_type in MANIFESTS
        assert manifest.payload == payload
        assert manifest.referrer_type.isprintable()
        assert str(manifest.accessory_kind).isascii()
        assert all(0 <= reference.size < 2**63 for reference in manifest.required_blobs)


@given(st.binary(max_size=100), content_types)
def test_any_body_is_a_manifest_or_invalid(payload: bytes, content_type: str | None) -> None:
    assert parsed_or_none(payload, content_type) is None


@given(st.integers(0, 10_000), st.binary(max_size=4))
def test_a_manifest_with_damaged_bytes_is_accepted_as_it_is_or_refused(at: int, damage: bytes) -> None:
    payload = encoded(SEEDS[0])
    at %= len(payload)
    damaged = payload[:at] + damage + payload[at + 1 :]
    manifest = parsed_or_none(damaged, OCI_MANIFEST)
    assert manifest is None or manifest.payload == damaged

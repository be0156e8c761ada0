from __future__ import annotations

import pytest

from core.errors import ManifestInvalid, ManifestTooLarge
from core.oci.manifest import MAX_DESCRIPTORS, parse_manifest
from core.oci.media_types import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from tests.core.oci.documents import Json, child, descriptor, docker_image, encoded, image, index

SCHEMA_1 = {"schemaVersion": 1, "name": "a/b", "tag": "latest", "fsLayers": [], "history": []}


def refusal_of(document: object, content_type: str | None) -> str:
    payload = document if isinstance(document, bytes) else encoded(document)
    with pytest.raises(ManifestInvalid) as caught:
        parse_manifest(payload, content_type)
    assert caught.value.message.isascii()
    assert len(caught.value.message) < 500
    return caught.value.message


def without(document: Json, *keys: str) -> Json:
    return {key: value for key, value in document.items() if key not in keys}


def with_layer(**members: object) -> Json:
    return image(layers=[descriptor(1), descriptor(2, **members)])


def test_one_byte_above_four_mebibytes_is_too_large() -> None:
    with pytest.raises(ManifestTooLarge, match="4194305 bytes, the limit is 4194304"):
        parse_manifest(b" " * 4_194_305, OCI_MANIFEST)


@pytest.mark.parametrize(
    "data", [b"", b"null", b"[]", b"2", b'"x"', b"true", b'{"schemaVersion":2', b"{}x", b"\xff"]
)
@pytest.mark.parametrize("content_type", [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, None])
def test_a_body_that_is_no_json_object_is_refused(data: bytes, content_type: str | None) -> None:
    refusal_of(data, content_type)


def test_a_document_of_another_kind_is_named() -> None:
    assert refusal_of([], OCI_MANIFEST) == "the document must be an object, not an array"
    assert refusal_of(None, OCI_MANIFEST) == "the document must be an object, not null"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws; charset=utf-8",
    ],
)
def test_schema_1_is_refused_by_name(content_type: str) -> None:
    assert "schema 1" in refusal_of(SCHEMA_1, content_type)
    assert refusal_of(SCHEMA_1, None).startswith("schemaVersion: Docker schema 1")


def test_the_oci_artifact_manifest_is_refused_by_name() -> None:
    media_type = "application/vnd.oci.artifact.manifest.v1+json"
    document = {"mediaType": media_type, "artifactType": "a/b", "blobs": []}
    assert "OCI artifact manifests were withdrawn" in refusal_of(document, media_type)
    assert "OCI artifact manifests were withdrawn" in refusal_of({**document, "schemaVersion": 2}, None)


@pytest.mark.parametrize(
    "content_type",
    ["text/html", "application/json", "application/octet-stream", "*/*", OCI_MANIFEST.upper(), "\ud800"],
)
def test_another_content_type_is_refused_even_for_a_good_body(content_type: str) -> None:
    assert refusal_of(image(), content_type).startswith("Content-Type: ")
    assert refusal_of(image(content_type), None).startswith("mediaType: ")


@pytest.mark.parametrize(
    ("document", "content_type", "because"),
    [
        (image(), DOCKER_MANIFEST, "contradicts the Content-Type"),
        (docker_image(), OCI_MANIFEST, "contradicts the Content-Type"),
        (index(), OCI_MANIFEST, "contradicts the Content-Type"),
        (image("text/html"), OCI_MANIFEST, "mediaType: 'text/html' contradicts"),
        (image(mediaType=5), OCI_MANIFEST, "mediaType: must be a string, not a number"),
        (without(index(), "mediaType"), OCI_MANIFEST, "manifests: does not belong in"),
        (without(image(), "mediaType"), OCI_INDEX, "config: does not belong in"),
        (without(image(), "mediaType", "config"), OCI_INDEX, "layers: does not belong in"),
        (image(manifests=[]), OCI_MANIFEST, "manifests: does not belong in"),
        (image(manifests=None), None, "manifests: does not belong in"),
        (index(layers=[]), OCI_INDEX, "layers: does not belong in"),
        (without(image(manifests=[]), "mediaType"), None, "config: does not belong in"),
        ({"schemaVersion": 2}, None, "nothing says what it is"),
        ({"schemaVersion": 2, "layers": []}, None, "nothing says what it is"),
        ({"schemaVersion": 2}, OCI_MANIFEST, "layers: is required"),
        ({"schemaVersion": 2}, OCI_INDEX, "manifests: is required"),
    ],
)
def test_a_body_that_contradicts_its_type_is_refused(
    document: Json, content_type: str | None, because: str
) -> None:
    assert because in refusal_of(document, content_type)


@pytest.mark.parametrize("version", [None, 0, 1, 3, -2, 2.0, "2", True, [2]])
def test_the_schema_version_is_the_number_two(version: object) -> None:
    assert refusal_of(image(schemaVersion=version), OCI_MANIFEST).startswith("schemaVersion: ")
    assert (
        refusal_of(without(image(), "schemaVersion"), OCI_MANIFEST)
        == "schemaVersion: is required and must be 2"
    )


@pytest.mark.parametrize(
    ("document", "because"),
    [
        (image(Layers=[]), "key 'Layers' differs from 'layers' by case alone"),
        (without(image(CONFIG={}), "config"), "key 'CONFIG' differs from 'config'"),
        (image(Manifests=[]), "key 'Manifests' differs from 'manifests'"),
        (image(schemaversion=2), "key 'schemaversion' differs"),
        (image(mediatype="x"), "key 'mediatype' differs"),
        (image(Subject={}), "key 'Subject' differs"),
        ({**image(), "layer\u017f": []}, r"key 'layer\u017f' differs from 'layers'"),
        (with_layer(Digest="x"), "layers[1]: key 'Digest' differs from 'digest'"),
        (with_layer(SIZE=1), "layers[1]: key 'SIZE' differs"),
        (
            image(layers=[descriptor(), {**descriptor(), "\u017fize": 1}]),
            r"layers[1]: key '\u017fize' differs from 'size'",
        ),
        (with_layer(Platform={}), "layers[1]: key 'Platform' differs"),
        (image(config=descriptor(URLs=[])), "config: key 'URLs' differs from 'urls'"),
        (image(subject=descriptor(Data="")), "subject: key 'Data' differs"),
        (with_layer(platform={"OS": "linux"}), "layers[1].platform: key 'OS' differs from 'os'"),
        (with_layer(platform={"OS.Version": ""}), "layers[1].platform: key 'OS.Version' differs"),
    ],
)
def test_a_key_that_differs_by_case_from_a_known_one_is_refused(document: Json, because: str) -> None:
    assert because in refusal_of(document, OCI_MANIFEST)


def test_case_means_nothing_where_no_go_struct_stands() -> None:
    document = image(annotations={"Layers": "", "layers": "", "DIGEST": ""}, extra={"Layers": 1, "layers": 2})
    assert parse_manifest(encoded(document), OCI_MANIFEST).annotations["Layers"] == ""


def test_a_repeated_key_is_refused() -> None:
    payload = encoded(image())[:-1] + b',"layers":[]}'
    assert "key 'layers' appears more than once" in refusal_of(payload, OCI_MANIFEST)


@pytest.mark.parametrize(
    ("members", "because"),
    [
        ({"size": True}, "layers[1].size: must be an integer, not a boolean"),
        ({"size": -1}, "layers[1].size: must be from 0 to 9223372036854775807"),
        ({"size": 1.5}, "layers[1].size: must be an integer, not 1.5"),
        ({"size": 1e3}, "layers[1].size: must be an integer, not 1000.0"),
        ({"size": "10"}, "layers[1].size: must be an integer, not a string"),
        ({"size": None}, "layers[1].size: is required"),
        ({"size": 2**63}, "layers[1].size: must be from 0"),
        ({"size": 10**300}, "layers[1].size: must be from 0"),
        ({"mediaType": None}, "layers[1].mediaType: is required"),
        ({"mediaType": ""}, "layers[1].mediaType: may not be empty"),
        ({"mediaType": 5}, "layers[1].mediaType: must be a string, not a number"),
        (
            {"mediaType": "a/b\0"},
            "layers[1].mediaType: 'a/b\\x00' holds characters other than printable ASCII",
        ),
        ({"mediaType": "\ud800"}, "layers[1].mediaType: '\\ud800' holds"),
        ({"mediaType": "a/b\n"}, "layers[1].mediaType: 'a/b\\n' holds"),
        ({"mediaType": "a" * 256}, "layers[1].mediaType: has 256 characters, the limit is 255"),
        ({"artifactType": "\u00e9"}, "layers[1].artifactType: '\\xe9' holds"),
        ({"digest": None}, "layers[1].digest: is required"),
        ({"digest": 5}, "layers[1].digest: must be a string, not a number"),
        ({"digest": "sha256:short"}, "layers[1].digest: digest 'sha256:short': sha256 takes 64 hex digits"),
        ({"digest": "md5:" + "a" * 32}, "layers[1].digest: digest 'md5:"),
        ({"urls": "x"}, "layers[1].urls: must be an array, not a string"),
        ({"urls": ["x", 5]}, "layers[1].urls[1]: must be a string, not a number"),
        ({"data": 5}, "layers[1].data: must be a string, not a number"),
        ({"annotations": []}, "layers[1].annotations: must be an object, not an array"),
        ({"annotations": {"a.b": 5}}, "layers[1].annotations['a.b']: must be a string, not a number"),
        ({"annotations": {"a": None}}, "layers[1].annotations.a: must be a string, not null"),
        ({"platform": []}, "layers[1].platform: must be an object, not an array"),
        ({"platform": {"os": 5}}, "layers[1].platform.os: must be a string, not a number"),
        ({"platform": {"architecture": "\0"}}, "layers[1].platform.architecture: '\\x00' holds"),
        ({"platform": {"os.features": "x"}}, "layers[1].platform['os.features']: must be an array"),
    ],
)
def test_what_is_wrong_with_a_descriptor_is_said_with_its_path(members: Json, because: str) -> None:
    assert because in refusal_of(with_layer(**members), OCI_MANIFEST)


@pytest.mark.parametrize(
    ("document", "because"),
    [
        (without(image(), "config"), "config: is required in application/vnd.oci.image.manifest.v1+json"),
        (image(config=None), "config: is required"),
        (image(config=[]), "config: must be an object, not an array"),
        (image(layers={}), "layers: must be an array, not an object"),
        (image(layers=[None]), "layers[0]: must be an object, not null"),
        (image(layers=["x"]), "layers[0]: must be an object, not a string"),
        (image(annotations=[]), "annotations: must be an object"),
        (image(annotations={"a": {}}), "annotations.a: must be a string, not an object"),
        (image(artifactType=5), "artifactType: must be a string"),
        (image(artifactType="a\0"), "artifactType: 'a\\x00' holds"),
        (image(subject="x"), "subject: must be an object, not a string"),
        (image(subject=descriptor(digest="sha256:bad")), "subject.digest: digest 'sha256:bad'"),
        (image(subject=without(descriptor(), "size")), "subject.size: is required"),
    ],
)
def test_what_is_wrong_with_an_image_is_said_with_its_path(document: Json, because: str) -> None:
    assert because in refusal_of(document, OCI_MANIFEST)


def test_what_is_wrong_with_an_index_is_said_with_its_path() -> None:
    assert "manifests: must be an array" in refusal_of(index() | {"manifests": {}}, OCI_INDEX)
    assert "manifests[1].size: is required" in refusal_of(
        index(child(1), without(child(2), "size")), OCI_INDEX
    )
    assert "subject.digest" in refusal_of(index(subject=descriptor(digest="x")), OCI_INDEX)


def test_the_number_of_descriptors_is_bounded() -> None:
    entry = descriptor(1, "a/b")
    assert (
        len(parse_manifest(encoded(index(*[entry] * MAX_DESCRIPTORS)), OCI_INDEX).children) == MAX_DESCRIPTORS
    )
    assert "manifests: has 10001 entries" in refusal_of(index(*[entry] * (MAX_DESCRIPTORS + 1)), OCI_INDEX)


def test_the_path_of_a_refusal_is_there_for_programs_too() -> None:
    with pytest.raises(ManifestInvalid) as caught:
        parse_manifest(encoded(with_layer(size=-1)), OCI_MANIFEST)
    assert caught.value.detail == {"path": "layers[1].size"}

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.oci.media_types import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    INDEXES,
    MANIFESTS,
    OCI_INDEX,
    OCI_MANIFEST,
    AcceptList,
    accepts,
    strip_parameters,
)

DOCKER_CLIENT = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json;q=0.5",
]


def test_the_four_manifest_types_are_the_specified_ones() -> None:
    assert sorted(MANIFESTS) == [
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
    ]
    assert {OCI_INDEX, DOCKER_LIST} == INDEXES


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (f"{OCI_MANIFEST}; charset=utf-8", OCI_MANIFEST),
        (f" {OCI_MANIFEST} ;a=b;c=d", OCI_MANIFEST),
        (OCI_MANIFEST, OCI_MANIFEST),
        ("", ""),
        (";x", ""),
    ],
)
def test_parameters_of_a_media_type_are_ignored(content_type: str, expected: str) -> None:
    assert strip_parameters(content_type) == expected


@pytest.mark.parametrize("media_type", sorted(MANIFESTS))
@pytest.mark.parametrize(
    "headers", [[], [""], ["*/*"], ["application/*"], ["text/html, */*;q=0.1"], [" , ,"], DOCKER_CLIENT]
)
def test_no_accept_a_wildcard_or_a_match_takes_what_is_stored(headers: list[str], media_type: str) -> None:
    assert accepts(headers, media_type)


@pytest.mark.parametrize(
    "headers", [["text/html"], [OCI_MANIFEST], ["text/*"], [f"{OCI_INDEX}x"], ["image/*, a"]]
)
def test_an_accept_that_names_other_types_does_not_take_it(headers: list[str]) -> None:
    assert not accepts(headers, OCI_INDEX)


def test_repeated_and_joined_headers_are_one_list_without_parameters() -> None:
    joined = AcceptList.parse([",".join(DOCKER_CLIENT)])
    assert AcceptList.parse(DOCKER_CLIENT) == joined
    assert joined.ranges == MANIFESTS


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([DOCKER_MANIFEST], True),
        ([OCI_MANIFEST, DOCKER_MANIFEST], True),
        ([f"{DOCKER_MANIFEST}, application/vnd.docker.distribution.manifest.v1+prettyjws"], True),
        ([f"{DOCKER_MANIFEST}, {OCI_INDEX}"], False),
        ([f"{DOCKER_MANIFEST}, */*;q=0.1"], False),
        ([OCI_INDEX], False),
        (["text/html"], False),
        ([], False),
    ],
)
def test_only_images_means_image_types_and_neither_index_nor_wildcard(
    headers: list[str], expected: bool
) -> None:
    assert AcceptList.parse(headers).only_images is expected


@given(st.lists(st.text(max_size=200), max_size=5), st.sampled_from(sorted(MANIFESTS)))
def test_no_accept_header_is_an_error(headers: list[str], media_type: str) -> None:
    accept = AcceptList.parse(headers)
    assert accept.accepts(media_type) in (True, False)
    assert "" not in accept.ranges


def test_an_endless_accept_header_is_cut() -> None:
    assert len(AcceptList.parse([",".join(f"a/{number}" for number in range(100_000))]).ranges) <= 201

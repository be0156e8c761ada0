"""The test images themselves: always the same bytes, and layouts that name what they hold."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from tests import images

pytestmark = pytest.mark.unit


def test_the_same_arguments_give_the_same_digest() -> None:
    files = {"b": b"2", "a": b"1"}
    assert images.image(files).digest == images.image(dict(sorted(files.items()))).digest
    assert images.two_platforms().digest == images.two_platforms().digest
    assert images.image({"a": b"1"}).digest != images.image({"a": b"2"}).digest


def test_an_oci_layout_holds_every_blob_under_its_digest(tmp_path: Path) -> None:
    made = images.two_platforms()
    images.write_oci_layout(tmp_path / "layout", {"v1": made})
    files = {path.name: path.read_bytes() for path in (tmp_path / "layout/blobs/sha256").iterdir()}
    assert all(images.sha256(data) == f"sha256:{name}" for name, data in files.items())
    assert len(files) == 1 + 2 + 2 + 3  # index, manifests, configs, and three layers of which one is shared
    [root] = json.loads((tmp_path / "layout/index.json").read_bytes())["manifests"]
    assert root["digest"] == made.digest


def test_a_docker_archive_names_its_image(tmp_path: Path) -> None:
    made = images.image({"a": b"1"}, {"b": b"2"})
    with tarfile.open(images.write_docker_archive(tmp_path / "a.tar", made, "host/repo:1")) as archive:
        archive.extractall(tmp_path / "out", filter="data")
    [entry] = json.loads((tmp_path / "out/manifest.json").read_bytes())
    assert entry["RepoTags"] == ["host/repo:1"]
    assert [(tmp_path / "out" / name).read_bytes() for name in entry["Layers"]] == list(made.diff_tars)


def test_an_artifact_names_its_subject() -> None:
    subject = images.image()
    document = json.loads(images.artifact(subject=subject.manifest).manifest.data)
    assert document["subject"]["digest"] == subject.digest
    assert document["config"]["mediaType"] == images.OCI_EMPTY

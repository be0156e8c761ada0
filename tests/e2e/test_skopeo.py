"""skopeo: multi-platform copies, listing, deletion and synchronisation in both directions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.clients import Skopeo
from tests.e2e.conftest import Project
from tests.images import Index, two_platforms, write_oci_layout

PLAIN = "--tls-verify=false"


@pytest.fixture
def pushed(skopeo: Skopeo, project: Project, tmp_path: Path) -> Index:
    """A two-platform index as tag v1 of the project's repository `multi`; the maintainer is logged in."""
    made = two_platforms(project.name)
    layout = write_oci_layout(tmp_path / "layout", {"v1": made})
    skopeo.login(project.maintainer)
    skopeo.copy(f"oci:{layout}:v1", skopeo.docker(f"{project.name}/multi:v1"), "--all")
    return made


def raw(skopeo: Skopeo, repository: str) -> str:
    return skopeo.run("inspect", PLAIN, "--raw", skopeo.docker(repository))


def test_an_index_is_copied_with_both_platforms_byte_for_byte(
    skopeo: Skopeo, project: Project, pushed: Index
) -> None:
    assert raw(skopeo, f"{project.name}/multi:v1").encode() == pushed.manifest.data
    for child in pushed.images:
        assert raw(skopeo, f"{project.name}/multi@{child.digest}").encode() == child.manifest.data


def test_inspect_shows_the_digest_the_platform_and_the_tags(
    skopeo: Skopeo, project: Project, pushed: Index
) -> None:
    shown = json.loads(
        skopeo.run("--override-arch=arm64", "inspect", PLAIN, skopeo.docker(f"{project.name}/multi:v1"))
    )
    assert shown["Digest"] == pushed.digest
    assert shown["Architecture"] == "arm64"
    assert shown["RepoTags"] == ["v1"]
    assert shown["Layers"] == [layer.digest for layer in pushed.images[1].layers]


def test_list_tags_shows_every_tag_in_byte_order(skopeo: Skopeo, project: Project, pushed: Index) -> None:
    source = skopeo.docker(f"{project.name}/multi:v1")
    for tag in ("latest", "B", "a.1"):
        skopeo.copy(source, skopeo.docker(f"{project.name}/multi:{tag}"), "--all")
    shown = json.loads(skopeo.run("list-tags", PLAIN, skopeo.docker(f"{project.name}/multi")))
    assert shown["Tags"] == ["B", "a.1", "latest", "v1"]


def test_a_copy_between_two_repositories_mounts_the_blobs(
    skopeo: Skopeo, project: Project, pushed: Index
) -> None:
    target = skopeo.docker(f"{project.name}/copy:v1")
    said = skopeo.run(
        "--debug", "copy", "--all", "--src-tls-verify=false", "--dest-tls-verify=false",
        skopeo.docker(f"{project.name}/multi:v1"), target,
    )  # fmt: skip
    assert said.count("... mount OK") >= 3
    assert raw(skopeo, f"{project.name}/copy:v1").encode() == pushed.manifest.data


def test_delete_removes_the_image_and_its_tag(skopeo: Skopeo, project: Project, pushed: Index) -> None:
    skopeo.run("delete", PLAIN, skopeo.docker(f"{project.name}/multi:v1"))
    message = skopeo.refused("inspect", PLAIN, skopeo.docker(f"{project.name}/multi:v1"))
    assert "manifest unknown" in message.lower() or "not found" in message.lower()


def test_a_guest_may_not_delete(skopeo: Skopeo, project: Project, pushed: Index) -> None:
    skopeo.login(project.guest)
    skopeo.refused("delete", PLAIN, skopeo.docker(f"{project.name}/multi:v1"))
    assert raw(skopeo, f"{project.name}/multi:v1").encode() == pushed.manifest.data


def test_sync_to_a_folder_and_back_keeps_the_digests(
    skopeo: Skopeo, project: Project, pushed: Index, tmp_path: Path
) -> None:
    folder = tmp_path / "mirror"
    folder.mkdir()
    out = ("sync", "--all", "--src-tls-verify=false", "--src", "docker", "--dest", "dir")
    skopeo.run(*out, skopeo.name(f"{project.name}/multi"), str(folder))
    assert json.loads((folder / "multi:v1" / "manifest.json").read_bytes()) == json.loads(
        pushed.manifest.data
    )
    back = ("sync", "--all", "--dest-tls-verify=false", "--src", "dir", "--dest", "docker")
    skopeo.run(*back, str(folder), skopeo.name(f"{project.name}/restored"))
    assert raw(skopeo, f"{project.name}/restored/multi:v1").encode() == pushed.manifest.data

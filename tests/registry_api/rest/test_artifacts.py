"""Artifacts over the wire: what a list holds, how an entry looks, filters, one by tag or digest, its end."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from harborapi.models import Artifact

from artifacts.models import Artifact as Row
from artifacts.models import ArtifactLabel
from core.oci.digest import Digest
from projects.models import Label
from tests import images
from tests.registry_api.rest.api import Caller, World
from tests.registry_api.rest.shelf import at, push, shelf

ALL = "with_tag=true&with_label=true&with_accessory=true&with_immutable_status=true&with_scan_overview=true"


def listed(caller: Caller, where: Any, query: str = "") -> list[dict[str, Any]]:
    answer = caller.get(at(where, f"artifacts?{query}"))
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["X-Total-Count"]) >= len(answer.json())
    found: list[dict[str, Any]] = answer.json()
    return found


def digests(caller: Caller, where: Any, query: str = "") -> list[str]:
    return [entry["digest"] for entry in listed(caller, where, query)]


def test_an_image_is_what_harbors_clients_read(world: World) -> None:
    image = images.image(annotations={"org.example": "yes"})
    where = shelf(world.project, "team/app", image, "1.0", "latest")
    (entry,) = listed(world.guest, where, ALL)
    shown = Artifact.model_validate(entry)
    assert (shown.type, shown.digest, shown.repository_name) == ("IMAGE", image.digest, str(where.name))
    assert (shown.media_type, shown.manifest_media_type) == (images.OCI_CONFIG, images.OCI_MANIFEST)
    assert shown.size == sum(len(blob.data) for blob in image.blobs)
    assert sorted(tag.name or "" for tag in shown.tags or []) == ["1.0", "latest"]
    assert entry["annotations"] == {"org.example": "yes"}
    assert entry["extra_attrs"]["config"] == {"Env": ["PATH=/bin"], "Cmd": ["/hello"]}
    assert {key: entry["extra_attrs"][key] for key in ("os", "architecture", "author", "created")} == {
        "os": "linux",
        "architecture": "amd64",
        "author": "Wharf tests",
        "created": images.CREATED,
    }
    href = entry["addition_links"]["build_history"]["href"]
    assert world.guest.get(href).status_code == 200


def test_an_index_stands_for_its_parts_and_names_them(world: World) -> None:
    index = images.two_platforms()
    where = shelf(world.project, "app", index, "1")
    (entry,) = listed(world.guest, where)
    shown = Artifact.model_validate(entry)
    assert (shown.type, shown.digest) == ("IMAGE", index.digest)
    parts = {part["child_digest"]: part for part in entry["references"]}
    assert list(parts) == [child.digest for child in index.images]
    assert [part["platform"]["architecture"] for part in parts.values()] == ["amd64", "arm64"]
    for child in index.images:
        one = world.guest.get(at(where, f"artifacts/{child.digest}")).json()
        assert (one["id"], one["references"]) == (parts[child.digest]["child_id"], None)


def test_a_tagged_part_of_an_index_stands_in_the_list_too(world: World) -> None:
    index = images.two_platforms()
    where = shelf(world.project, "app", index, "1")
    push(where, index.images[0], "amd64")
    assert set(digests(world.guest, where)) == {index.digest, index.images[0].digest}


def test_an_accessory_stands_with_its_subject_and_alone_when_that_is_not_there(world: World) -> None:
    image = images.image()
    where = shelf(world.project, "app", image, "1")
    note = images.artifact(b"sbom", artifact_type="application/spdx+json", subject=image.manifest)
    push(where, note)
    (entry,) = listed(world.guest, where, ALL)
    (accessory,) = entry["accessories"]
    assert (accessory["digest"], accessory["type"]) == (note.digest, "sbom.harbor")
    assert accessory["subject_artifact_digest"] == entry["digest"] == image.digest
    assert accessory["subject_artifact_id"] == entry["id"]
    elsewhere = shelf(world.project, "other", note)
    assert digests(world.guest, elsewhere) == [note.digest]


def test_what_was_not_asked_for_is_null(world: World) -> None:
    where = shelf(world.project, "app", images.image(), "1")
    (entry,) = listed(world.guest, where, "with_tag=false")
    assert [entry[name] for name in ("tags", "labels", "accessories")] == [None, None, None]
    assert world.guest.refused("GET", at(where, "artifacts?with_tag=maybe"))[0] == 400


def test_tags_tell_that_they_are_immutable_when_asked(world: World) -> None:
    where = shelf(world.project, "app", images.image(), "1")
    Row.objects.get(digest=Digest.parse(images.image().digest).raw, repository__name=str(where.name))
    world.maintainer.call(
        "POST",
        f"/projects/{world.project.name}/immutabletagrules",
        json={
            "tag_selectors": [{"kind": "doublestar", "decoration": "matches", "pattern": "1"}],
            "scope_selectors": {
                "repository": [{"kind": "doublestar", "decoration": "repoMatches", "pattern": "**"}]
            },
        },
    )
    for query, immutable in (("", False), ("with_immutable_status=true", True)):
        (entry,) = listed(world.guest, where, query)
        assert [tag["immutable"] for tag in entry["tags"]] == [immutable]


@pytest.fixture
def three(world: World) -> dict[str, Any]:
    """A tagged image, an untagged one and a tagged note in one repository, pushed in this order."""
    tagged, untagged, note = images.image(), images.image({"u": b"u"}), images.artifact(b"n")
    where = shelf(world.project, "app", tagged, "1.0", "latest")
    push(where, untagged)
    push(where, note, "note")
    return {"where": where, "tagged": tagged.digest, "untagged": untagged.digest, "note": note.digest}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["note", "untagged", "tagged"]),
        ("sort=push_time", ["tagged", "untagged", "note"]),
        ("q=tags=*", ["note", "tagged"]),
        ("q=tags=nil", ["untagged"]),
        ("q=tags=1.0", ["tagged"]),
        ("q=tags=~LAT", ["tagged"]),
        ("q=tags={note 1.0}", ["note", "tagged"]),
        ("q=tags=(latest 1.0)", ["tagged"]),
        ("q=tags=(latest note)", []),
        ("q=type=image", ["untagged", "tagged"]),
        ("q=type={CHART UNKNOWN}", ["note"]),
        ("q=type=CHART", []),
        (f"q=media_type={quote(images.OCI_EMPTY)}", ["note"]),
        ("q=push_time=[2100-01-01~]", []),
        ("q=push_time=[~2100-01-01]", ["note", "untagged", "tagged"]),
        ("q=digest={tagged}", ["tagged"]),
        ("page_size=1&page=2", ["untagged"]),
    ],
)
def test_filters_and_pages(world: World, three: dict[str, Any], query: str, found: list[str]) -> None:
    asked = query.replace("{tagged}", three["tagged"])
    assert digests(world.guest, three["where"], asked) == [three[name] for name in found]


def test_labels_filter_by_all_and_by_any(world: World, three: dict[str, Any]) -> None:
    one, two = (Label.objects.create(project=world.project, name=name) for name in ("one", "two"))
    rows = {name: Row.objects.get(digest=Digest.parse(three[name]).raw, repository__project=world.project)
            for name in ("tagged", "note")}  # fmt: skip
    for row, label in ((rows["tagged"], one), (rows["tagged"], two), (rows["note"], two)):
        ArtifactLabel.objects.create(artifact=row, label=label)
    where = three["where"]
    both = f"({one.pk} {two.pk})"
    assert digests(world.guest, where, f"q=labels={both}") == [three["tagged"]]
    assert digests(world.guest, where, f"q=labels={{{one.pk} {two.pk}}}") == [three["note"], three["tagged"]]
    assert digests(world.guest, where, f"q=labels={one.pk}") == [three["tagged"]]
    (entry,) = listed(world.guest, where, f"q=labels={both}&with_label=true")
    assert [(label["name"], label["scope"]) for label in entry["labels"]] == [("one", "p"), ("two", "p")]


@pytest.mark.parametrize(
    "query",
    ["q=tags=[a~b]", "q=labels=x", "q=labels=~1", "q=digest=sha256:1", "q=type=a'b", "q=payload=x", "sort=tags"],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(world: World, three: dict[str, Any], query: str) -> None:
    assert world.guest.refused("GET", at(three["where"], f"artifacts?{query}"))[0] == 400


def test_one_is_found_by_tag_and_by_digest(world: World, three: dict[str, Any]) -> None:
    where = three["where"]
    by_tag = world.guest.get(at(where, "artifacts/latest"))
    by_digest = world.guest.get(at(where, f"artifacts/{three['tagged'].replace(':', '%3A')}"))
    assert by_tag.json() == by_digest.json()
    assert by_tag.json()["digest"] == three["tagged"]
    for reference, status in (("nope", 404), (images.sha256(b"x"), 404), ("sha256:1", 400), ("-x", 400)):
        assert world.guest.refused("GET", at(where, f"artifacts/{reference}"))[0] == status


def test_an_artifact_goes_with_all_its_tags_and_a_part_of_an_index_not_at_all(world: World) -> None:
    index = images.two_platforms()
    where = shelf(world.project, "app", index, "1", "2")
    part = at(where, f"artifacts/{index.images[0].digest}")
    status, said = world.maintainer.refused("DELETE", part)
    assert (status, index.digest in said) == (412, True)
    assert world.developer.call("DELETE", at(where, "artifacts/1")).status_code == 403
    assert world.maintainer.call("DELETE", at(where, "artifacts/1")).status_code == 200
    assert world.guest.get(at(where, "artifacts/2")).status_code == 404


def test_a_project_lists_the_artifacts_of_all_its_repositories(world: World) -> None:
    first = shelf(world.project, "app", images.image(), "1")
    push(first, images.image({"b": b"b"}), "2")
    shelf(world.project, "web", images.image(), "1")
    path = f"/projects/{world.project.pk}/artifacts"
    answer = world.guest.get(path)
    assert [entry["repository_name"].partition("/")[2] for entry in answer.json()] == ["web", "app", "app"]
    latest = world.guest.get(f"{path}?latest_in_repository=true&sort=push_time").json()
    assert [(each["repository_name"], each["tags"][0]["name"]) for each in latest] == [
        (f"{world.project.name}/app", "2"),
        (f"{world.project.name}/web", "1"),
    ]
    assert world.outsider.get(path).status_code == 404

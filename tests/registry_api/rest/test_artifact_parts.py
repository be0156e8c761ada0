"""What hangs on an artifact over the wire: its tags, labels, accessories and the history of its build."""

from __future__ import annotations

from typing import Any

import pytest
from harborapi.models import Accessory, Tag
from harborapi.models.buildhistory import BuildHistoryEntry

from artifacts.repositories import Target
from audit.models import AuditEvent
from projects.models import Label
from tests import images, people
from tests.registry_api.rest.api import Caller, World
from tests.registry_api.rest.shelf import at, push, shelf


@pytest.fixture
def where(world: World) -> Target:
    """A repository with one image under two tags."""
    return shelf(world.project, "team/app", images.image({"a": b"a"}, {"b": b"b"}), "1.0", "latest")


def tags(caller: Caller, where: Target, query: str = "", reference: str = "latest") -> list[str]:
    answer = caller.get(at(where, f"artifacts/{reference}/tags?{query}"))
    assert answer.status_code == 200, answer.text
    return [Tag.model_validate(entry).name or "" for entry in answer.json()]


def last_act(world: World) -> AuditEvent:
    return AuditEvent.objects.filter(project_id=world.project.pk).latest("id")


def test_tags_are_listed_filtered_and_sorted(world: World, where: Target) -> None:
    assert tags(world.guest, where, "sort=name") == ["1.0", "latest"]
    assert tags(world.guest, where, "sort=-name&page_size=1") == ["latest"]
    assert tags(world.guest, where, "q=name=~LATE") == ["latest"]
    assert tags(world.guest, where, reference="1.0", query="q=name=1.0") == ["1.0"]
    assert world.guest.refused("GET", at(where, "artifacts/nope/tags"))[0] == 404


def test_a_tag_is_added_once(world: World, where: Target) -> None:
    path = at(where, "artifacts/latest/tags")
    answer = world.developer.call("POST", path, json={"name": "2.0", "id": 9, "immutable": True})
    assert answer.status_code == 201, answer.text
    assert (
        world.guest.get(answer.headers["Location"]).json()["digest"]
        == last_act(world).detail["after"]["digest"]
    )
    assert last_act(world).operation == "tag.create"
    assert world.developer.refused("POST", path, json={"name": "2.0"})[0] == 409
    push(where, images.image({"other": b"x"}), "other")
    assert world.developer.refused("POST", path, json={"name": "other"})[0] == 409
    assert tags(world.guest, where, "sort=name") == ["1.0", "2.0", "latest"]


@pytest.mark.parametrize(
    "name", ["", "-x", "a/b", "a b", "x" * 129, "x" * 10_000, "a\0b", "%", "a%", None, 7]
)
def test_a_tag_that_is_none_is_refused(world: World, where: Target, name: Any) -> None:
    if name == 7:
        name = {"name": 7}
    assert world.developer.refused("POST", at(where, "artifacts/latest/tags"), json={"name": name})[0] == 400
    assert tags(world.guest, where, "sort=name") == ["1.0", "latest"]


def test_a_tag_is_pointed_back_at_what_it_named_before(world: World, where: Target) -> None:
    old = world.guest.get(at(where, "artifacts/latest")).json()["digest"]
    new = push(where, images.image({"other": b"x"}), "latest")
    path = at(where, f"artifacts/{old}/tags/latest")
    assert world.maintainer.refused("PUT", path, json={})[0] == 412
    assert world.maintainer.refused("PUT", path, json={"replaces": "sha256:x"})[0] == 400
    assert world.maintainer.call("PUT", path, json={"replaces": new}).status_code == 200
    assert last_act(world).operation == "tag.restore"
    assert "latest" in tags(world.guest, where, reference=old)
    never = at(where, f"artifacts/{new}/tags/1.0")
    assert world.maintainer.refused("PUT", never, json={"replaces": old})[0] == 404
    world.maintainer.call("DELETE", at(where, "artifacts/latest/tags/1.0"))
    assert world.maintainer.call("PUT", at(where, f"artifacts/{old}/tags/1.0"), json={}).status_code == 200


def test_a_tag_is_removed_from_its_own_artifact_alone(world: World, where: Target) -> None:
    other = push(where, images.image({"other": b"x"}), "other")
    for reference in (other, "other"):
        assert world.maintainer.refused("DELETE", at(where, f"artifacts/{reference}/tags/1.0"))[0] == 404
    assert world.developer.refused("DELETE", at(where, "artifacts/latest/tags/1.0"))[0] == 403
    assert world.maintainer.call("DELETE", at(where, "artifacts/latest/tags/1.0")).status_code == 200
    assert tags(world.guest, where) == ["latest"]
    assert world.maintainer.refused("DELETE", at(where, "artifacts/latest/tags/1.0"))[0] == 404


def test_labels_are_put_on_and_taken_off(world: World, where: Target) -> None:
    label = Label.objects.create(project=world.project, name="stable", color="#112233")
    foreign = Label.objects.create(project=people.make_project(), name="foreign")
    path = at(where, "artifacts/1.0/labels")
    assert world.guest.refused("POST", path, json={"id": label.pk})[0] == 403
    assert world.developer.call("POST", path, json={"id": label.pk, "name": "x"}).status_code == 200
    for wrong, status in (({"id": foreign.pk}, 404), ({"id": 10**17}, 404), ({}, 400), ({"id": "x"}, 400)):
        assert world.developer.refused("POST", path, json=wrong)[0] == status
    (entry,) = world.guest.get(at(where, "artifacts?with_label=true")).json()
    assert [(each["name"], each["color"]) for each in entry["labels"]] == [("stable", "#112233")]
    assert world.developer.call("DELETE", f"{path}/{label.pk}").status_code == 200
    assert world.developer.refused("DELETE", f"{path}/{label.pk}")[0] == 404
    assert world.developer.refused("DELETE", f"{path}/{foreign.pk}")[0] == 404


def test_accessories_are_listed_with_their_subject(world: World, where: Target) -> None:
    subject = images.image({"a": b"a"}, {"b": b"b"})
    sbom = push(where, images.artifact(b"s", artifact_type="application/spdx+json", subject=subject.manifest))
    note = push(where, images.artifact(b"n", subject=subject.manifest))
    path = at(where, "artifacts/latest/accessories")
    answer = world.guest.get(path)
    shown = [Accessory.model_validate(entry) for entry in answer.json()]
    assert [(each.digest, each.type) for each in shown] == [
        (sbom, "sbom.harbor"),
        (note, "subject.accessory"),
    ]
    assert {each.subject_artifact_digest for each in shown} == {subject.digest}
    assert {each.subject_artifact_repo for each in shown} == {str(where.name)}
    assert answer.headers["X-Total-Count"] == "2"
    assert [each["digest"] for each in world.guest.get(f"{path}?q=type=sbom.harbor").json()] == [sbom]
    assert [each["digest"] for each in world.guest.get(f"{path}?sort=-creation_time").json()] == [note, sbom]
    (entry,) = world.guest.get(at(where, "artifacts?with_accessory=true")).json()
    assert [each["digest"] for each in entry["accessories"]] == [sbom, note]


def test_the_history_of_an_image_is_told_and_an_index_has_none(world: World, where: Target) -> None:
    answer = world.guest.get(at(where, "artifacts/latest/additions/build_history"))
    steps = [BuildHistoryEntry.model_validate(entry) for entry in answer.json()]
    assert [step.created_by for step in steps] == ["COPY layer-0 /", "COPY layer-1 /"]
    assert {(step.author, step.empty_layer) for step in steps} == {("Wharf tests", False)}
    index = push(where, images.two_platforms(), "index")
    note = push(where, images.artifact(b"n"), "note")
    for reference in (index, note):
        path = at(where, f"artifacts/{reference}/additions/build_history")
        assert world.guest.refused("GET", path)[0] == 400
    assert world.guest.refused("GET", at(where, "artifacts/latest/additions/readme.md"))[0] == 404


def test_nothing_of_another_project_is_reached_through_this_one(world: World, where: Target) -> None:
    hidden = shelf(people.make_project(), "app", images.image(), "1.0")
    for below in ("1.0", "1.0/tags", "1.0/accessories", "1.0/additions/build_history"):
        assert world.project_admin.refused("GET", at(hidden, f"artifacts/{below}"))[0] == 404
    digest = images.image().digest
    assert world.project_admin.refused("GET", at(where, f"artifacts/{digest}"))[0] == 404
    assert world.project_admin.refused("DELETE", at(hidden, "artifacts/1.0/tags/1.0"))[0] == 404

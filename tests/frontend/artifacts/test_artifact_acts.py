"""What is done to one artifact: each form, who is offered it, and what is wrong with what was typed."""

from __future__ import annotations

import pytest

from access.models import Member
from access.table import Role
from artifacts.models import Artifact, ArtifactLabel
from artifacts.models import Tag as TagRow
from projects.models import Label, Project
from tests import images
from tests.frontend.shelf import push, shelf
from tests.frontend.visitor import Page, Visitor
from tests.people import make_project, unique


@pytest.fixture
def project(ann: Visitor) -> Project:
    made = make_project("acts")
    Member.objects.create(project=made, user=ann.user, role_id=Role.MAINTAINER)
    return made


@pytest.fixture
def image() -> images.Image:
    return images.image({"x": unique("a").encode()})


@pytest.fixture
def place(project: Project, image: images.Image) -> str:
    """A repository with an image "1.0"."""
    return str(shelf(project, "app", image, "1.0").name)


def menu(page: Page) -> set[str]:
    """Where the page of an artifact leads to."""
    return {link.partition("/-/")[2].partition("?")[0] for link in page.links if "/-/" in link}


def test_a_further_tag(ann: Visitor, place: str, image: images.Image) -> None:
    path = f"/r/{place}/-/add-tag?digest={image.digest}"
    answer = ann.send(path, {"name": "stable"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/r/{place}/-/t/stable?done=tag-added")
    assert "stable" in ann.page(f"/r/{place}/-/t/1.0").text
    for typed, mistake in (("stable", "There is a tag of that name already"), ("-x y", "Up to 128 letters")):
        again = ann.send(path, {"name": typed})
        assert again.status_code == 422
        assert mistake in Page(again.text).text


def test_labels_are_put_on_and_taken_off(
    ann: Visitor, project: Project, place: str, image: images.Image
) -> None:
    ours = Label.objects.create(project=project, name=unique("ours"), color="#C8372D")
    foreign = Label.objects.create(project=make_project("other"), name=unique("foreign"))
    path = f"/r/{place}/-/labels?digest={image.digest}"
    page = ann.page(path)
    assert ours.name in page.text
    assert foreign.name not in page.text
    sent = {"csrfmiddlewaretoken": ann.token, "digest": image.digest}
    origin = {"Origin": str(ann.http.base_url).rstrip("/")}
    ann.http.post(path, data={**sent, "label": [ours.pk, foreign.pk]}, headers=origin)
    worn = ArtifactLabel.objects.filter(artifact__repository__name=place)
    assert [each.label_id for each in worn] == [ours.pk]
    assert ours.name in ann.page(f"/r/{place}/-/t/1.0").text
    ann.http.post(path, data=sent, headers=origin)
    assert not worn.all().exists()


def test_a_copy_goes_to_where_its_maker_may_push(ann: Visitor, project: Project, place: str) -> None:
    path = f"/r/{place}/-/copy?reference=1.0"
    answer = ann.send(path, {"repository": f"{project.name}/twin"})
    assert answer.status_code == 303
    assert ann.get(answer.headers["Location"]).status_code == 200
    assert TagRow.objects.filter(repository__name=f"{project.name}/twin", name="1.0").exists()
    assert ann.send(path, {"repository": "No Name"}).status_code == 422
    hidden = make_project("hidden")
    assert ann.send(path, {"repository": f"{hidden.name}/twin"}).status_code == 404


def test_a_tag_is_made_immutable_and_mutable_again(ann: Visitor, place: str) -> None:
    path = f"/r/{place}/-/immutable?tag=1.0"
    assert "Make the tag 1.0 immutable?" in ann.page(path).text
    ann.send(path, {})
    assert TagRow.objects.get(repository__name=place).immutable
    assert "Immutable" in ann.page(f"/r/{place}/-/t/1.0").text
    ann.send(path, {})
    assert not TagRow.objects.get(repository__name=place).immutable


def test_an_artifact_is_deleted_after_its_tags_were_named(
    ann: Visitor, place: str, image: images.Image
) -> None:
    path = f"/r/{place}/-/delete-artifact?digest={image.digest}"
    page = ann.page(path)
    assert "It is deleted with its 1 tag. 1.0" in page.text
    assert Artifact.objects.filter(repository__name=place).exists()
    assert ann.send(path, {}).status_code == 303
    assert not Artifact.objects.filter(repository__name=place).exists()
    assert ann.get(f"/r/{place}/-/t/1.0").status_code == 410


def test_a_tag_that_was_set_after_somebody_looked_is_not_deleted_with_its_artifact(
    ann: Visitor, place: str, image: images.Image
) -> None:
    path = f"/r/{place}/-/delete-artifact"
    fields = ann.page(f"{path}?digest={image.digest}").form(path).fields
    ann.send(f"/r/{place}/-/add-tag?digest={image.digest}", {"name": "latest"})
    origin = str(ann.http.base_url).rstrip("/")
    late = ann.http.post(path, data=fields, headers={"Origin": origin})
    assert late.status_code == 409
    assert "A tag was set to it meanwhile" in late.text
    assert Artifact.objects.filter(repository__name=place).exists()
    for seen in ("", "yesterday", "2020-01-01T00:00:00+00:00", "2020-01-01"):
        assert (
            ann.http.post(path, data={**fields, "seen": seen}, headers={"Origin": origin}).status_code == 400
        )


def test_a_part_of_an_index_is_not_offered_to_be_deleted(ann: Visitor, project: Project) -> None:
    index = images.two_platforms(unique("i"))
    where = shelf(project, "many", index, "1")
    part = ann.page(f"/r/{where.name}/-/delete-artifact?digest={index.images[0].digest}")
    assert "Delete the index first" in part.text
    assert "Delete the artifact" not in part.text


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        (Role.LIMITED_GUEST, {"copy"}),
        (Role.DEVELOPER, {"copy", "add-tag", "labels"}),
        (
            Role.MAINTAINER,
            {"copy", "add-tag", "labels", "immutable", "delete-tags", "delete-artifact"},
        ),
    ],
)
def test_everybody_is_offered_what_he_may_do_and_refused_the_rest(
    ann: Visitor, place: str, image: images.Image, role: Role, offered: set[str]
) -> None:
    Member.objects.filter(user=ann.user).update(role_id=role)
    known = {"copy", "add-tag", "labels", "immutable", "delete-tags", "delete-artifact"}
    assert menu(ann.page(f"/r/{place}/-/t/1.0")) & known == offered
    asked = f"?digest={image.digest}&tag=1.0&reference=1.0&selected=1.0"
    got = {act for act in known if ann.get(f"/r/{place}/-/{act}{asked}").status_code == 200}
    assert got == offered


def test_the_menu_of_a_row_has_the_same_and_the_command(ann: Visitor, project: Project, place: str) -> None:
    where = shelf(project, "mixed", images.image({"y": unique("b").encode()}), "2.0")
    push(where, images.artifact(unique("n").encode()), "note")
    page = ann.page(f"/r/{where.name}")
    assert {"add-tag", "immutable", "delete-tags", "compare"} <= menu(page)
    copied = [found["data-copy"] for tag, found in page.tags if tag == "button" and "data-copy" in found]
    assert any(text.startswith("docker pull") and text.endswith("/mixed:2.0") for text in copied)


def test_the_tool_that_was_chosen_is_remembered(ann: Visitor, place: str) -> None:
    page = ann.page(f"/r/{place}/-/t/1.0?tool=podman")
    assert "podman pull --tls-verify=false" in page.text
    answer = ann.send(f"/r/{place}/-/t/1.0?tool=podman", {"tool": "podman"}, form="/preferences/tool")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/r/{place}/-/t/1.0")
    assert "podman pull" in ann.page(f"/r/{place}/-/t/1.0").text
    assert "podman pull" in ann.page(f"/r/{place}").text or "podman pull" in ann.get(f"/r/{place}").text

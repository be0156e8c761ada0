"""Labels and immutability of several tags at once: seen before, then done, each an act of its own."""

from __future__ import annotations

from typing import Any

import pytest

from access.models import Member
from access.table import Role
from artifacts.models import ArtifactLabel
from artifacts.models import Tag as TagRow
from audit.models import AuditEvent
from projects.models import Label, Project
from tests import images
from tests.frontend.shelf import push, shelf
from tests.frontend.visitor import Page, Visitor
from tests.people import make_project, unique

TWO, ONE = (images.image({"x": word.encode()}) for word in ("two", "one"))


@pytest.fixture
def project(ann: Visitor) -> Project:
    made = make_project("several")
    Member.objects.create(project=made, user=ann.user, role_id=Role.MAINTAINER)
    return made


@pytest.fixture
def place(ann: Visitor, project: Project) -> str:
    """ "1.0" and "latest" are one artifact, "2.0" is the other."""
    where = shelf(project, "app", TWO, "1.0", "latest")
    push(where, ONE, "2.0")
    ann.page(f"/r/{where.name}")
    return str(where.name)


def post(visitor: Visitor, path: str, **sent: Any) -> Any:
    typed = {"csrfmiddlewaretoken": visitor.token, **sent}
    return visitor.http.post(path, data=typed, headers={"Origin": str(visitor.http.base_url).rstrip("/")})


def sent_by(page: Page, name: str) -> list[str]:
    return [found["value"] for tag, found in page.tags if tag == "input" and found.get("name") == name]


def test_labels_go_on_and_off_what_the_tags_name(ann: Visitor, project: Project, place: str) -> None:
    label = Label.objects.create(project=project, name=unique("ours"))
    foreign = Label.objects.create(project=make_project("other"), name=unique("foreign"))
    path = f"/r/{place}/-/label-tags"
    page = Page(post(ann, path, selected=["1.0", "latest", "2.0", "none", "\0"]).text)
    assert "Labels of what 3 tags name" in page.text
    assert foreign.name not in page.text
    digests = sent_by(page, "digest")
    assert sorted(digests) == sorted([TWO.digest, ONE.digest])
    sent = {"selected": ["1.0", "2.0"], "digest": digests, "label": [str(label.pk), str(foreign.pk)]}
    wearing = ArtifactLabel.objects.filter(artifact__repository__name=place).values_list(
        "label_id", flat=True
    )
    for put, worn in (("yes", 2), ("yes", 2), ("no", 0)):
        assert post(ann, path, **sent, put=put).headers["Location"] == f"/r/{place}?done=labels"
        assert list(wearing.all()) == [label.pk] * worn
    events = AuditEvent.objects.filter(project_id=project.pk, result="ok").values_list("operation", flat=True)
    assert (list(events).count("artifact.label"), list(events).count("artifact.unlabel")) == (2, 2)
    again = post(ann, path, **sent | {"label": []}, put="yes")
    assert (again.status_code, "Choose a label." in again.text) == (422, True)


def test_tags_are_made_immutable_and_mutable_again(ann: Visitor, place: str) -> None:
    path = f"/r/{place}/-/fix-tags"
    page = Page(post(ann, path, selected=["1.0", "2.0"]).text)
    assert "Make 2 tags immutable" in page.text
    assert "mutable again until" not in page.text
    fixed = TagRow.objects.filter(repository__name=place, immutable=True).values_list("name", flat=True)
    assert post(ann, path, selected=sent_by(page, "selected"), immutable="yes").status_code == 303
    assert sorted(fixed.all()) == ["1.0", "2.0"]
    both = ann.page(f"{path}?selected=2.0&selected=latest").text
    assert "Make 1 tag immutable" in both
    assert "Make 1 tag mutable again" in both
    post(ann, path, selected=["2.0", "none"], immutable="no")
    assert sorted(fixed.all()) == ["1.0"]


def test_everybody_is_offered_what_he_may_do(ann: Visitor, place: str) -> None:
    for role, offered in (
        (Role.GUEST, {"compare"}),
        (Role.DEVELOPER, {"compare", "label-tags"}),
        (Role.MAINTAINER, {"compare", "label-tags", "fix-tags", "delete-tags"}),
    ):
        Member.objects.filter(user=ann.user).update(role_id=role)
        page = ann.page(f"/r/{place}")
        acts = [found["formaction"] for tag, found in page.tags if tag == "button" and "formaction" in found]
        assert {act.rpartition("/")[2] for act in acts} == offered
        for act in ("label-tags", "fix-tags"):
            assert (ann.get(f"/r/{place}/-/{act}?selected=1.0").status_code == 200) is (act in offered)

"""Labels themselves: who makes which, what they may be called, and who sees them."""

from __future__ import annotations

import pytest

from access.table import Role
from core.errors import AlreadyExists, Denied, InvalidInput, LabelUnknown, ProjectUnknown
from projects import labels
from projects.models import Label, Project
from projects.services.labels import LabelText, change_label, create_label, delete_label
from projects.services.projects import delete_project
from tests import people
from tests.people import ANONYMOUS, SYSTEM, People, unique

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return people.make_project()


@pytest.fixture
def crowd(project: Project) -> People:
    return people.people_of(project)


def test_a_name_is_taken_once_a_project_and_once_globally(project: Project, crowd: People) -> None:
    other, name = people.make_project(), unique("label")
    for place in (None, project, other):
        create_label(SYSTEM, place, LabelText(name))
        with pytest.raises(AlreadyExists):
            create_label(SYSTEM, place, LabelText(name))
    another = create_label(SYSTEM, project, LabelText(unique("another")))
    with pytest.raises(AlreadyExists):
        change_label(SYSTEM, another, LabelText(name))


@pytest.mark.parametrize(
    "text",
    [
        LabelText(""),
        LabelText("  "),
        LabelText("a\nb"),
        LabelText("a\0"),
        LabelText("x" * 129),
        LabelText("x", color="red"),
        LabelText("x", color="#12345"),
        LabelText("x", color="#12345g"),
        LabelText("x", color='#123456;"'),
        LabelText("x", description="y" * 1025),
        LabelText("x", description="\0"),
    ],
)
def test_a_label_that_cannot_be_shown_is_not_made(project: Project, text: LabelText) -> None:
    with pytest.raises(InvalidInput):
        create_label(SYSTEM, project, text)
    assert not Label.objects.filter(project=project).exists()


@pytest.mark.parametrize("color", ["", "#fff", "#A1b2C3"])
def test_a_color_is_kept_as_it_was_written(project: Project, color: str) -> None:
    made = create_label(SYSTEM, project, LabelText("50 %_ ünïcode", color, "what for"))
    assert (made.name, made.color, made.description) == ("50 %_ ünïcode", color, "what for")


def test_maintainers_make_labels_of_their_project_and_only_administrators_global_ones(
    project: Project, crowd: People
) -> None:
    create_label(crowd.maintainer, project, LabelText("mine"))
    for kind in (crowd.developer, crowd.guest, crowd.auditor):
        with pytest.raises(Denied):
            create_label(kind, project, LabelText("x"))
    with pytest.raises(ProjectUnknown):
        create_label(crowd.outsider, project, LabelText("x"))
    for kind in (crowd.project_admin, crowd.auditor, ANONYMOUS):
        with pytest.raises(Denied):
            create_label(kind, None, LabelText(unique("x")))
    create_label(crowd.admin, None, LabelText(unique("x")))


def test_nobody_but_an_administrator_changes_a_global_label(project: Project, crowd: People) -> None:
    label = create_label(SYSTEM, None, LabelText(unique("fixed")))
    for kind in (crowd.project_admin, crowd.guest):
        with pytest.raises(Denied):
            change_label(kind, label, LabelText("x"))
        with pytest.raises(Denied):
            delete_label(kind, label)
    label.refresh_from_db()
    assert label.name.startswith("fixed")


def test_a_label_that_is_gone_meanwhile_is_unknown(project: Project) -> None:
    label = create_label(SYSTEM, project, LabelText("gone"))
    delete_label(SYSTEM, label)
    label.pk = label.pk or 1
    for act in (lambda: change_label(SYSTEM, label, LabelText("x")), lambda: delete_label(SYSTEM, label)):
        with pytest.raises(LabelUnknown):
            act()


def test_who_sees_a_label(project: Project, crowd: People) -> None:
    shared = create_label(SYSTEM, None, LabelText(unique("shared")))
    own = create_label(SYSTEM, project, LabelText("own"))
    seen = {
        kind: {row.pk for row in labels.visible_labels(actor).filter(pk__in=[shared.pk, own.pk])}
        for kind, actor in crowd.all().items()
    }
    both, only_shared = {shared.pk, own.pk}, {shared.pk}
    assert seen == {
        "admin": both,
        "project_admin": both,
        "maintainer": both,
        "developer": both,
        "guest": both,
        "limited_guest": only_shared,
        "auditor": only_shared,
        "outsider": only_shared,
        "anonymous": set(),
    }
    with pytest.raises(LabelUnknown):
        labels.label_of(crowd.outsider, own.pk)


def test_labels_of_a_deleted_project_are_seen_by_nobody(project: Project) -> None:
    label = create_label(SYSTEM, project, LabelText("own"))
    delete_project(SYSTEM, project)
    with pytest.raises(LabelUnknown):
        labels.label_of(SYSTEM, label.pk)
    with pytest.raises(ProjectUnknown):
        create_label(SYSTEM, project, LabelText("late"))


def test_anybody_lists_the_labels_of_a_public_project() -> None:
    project = people.make_project(public=True)
    create_label(SYSTEM, project, LabelText("open"))
    member = people.principal(people.make_member(project, Role.LIMITED_GUEST))
    for actor in (ANONYMOUS, member):
        assert [row.name for row in labels.project_labels(actor, project)] == ["open"]
    with pytest.raises(Denied):
        labels.global_labels(ANONYMOUS)

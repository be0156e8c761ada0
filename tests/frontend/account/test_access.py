"""The page of one's own roles, and why one may do something or may not; and the profile."""

from __future__ import annotations

from access.models import Member
from access.table import Role
from accounts.models import Group, GroupMember, User
from accounts.own_roles import own_roles
from tests.frontend.account.test_security import unconfirm
from tests.frontend.visitor import Page, Visitor
from tests.people import make_member, make_project, make_user, principal, unique
from tests.registry_api.client import PASSWORD


def test_roles_are_listed_with_where_they_come_from(ann: Visitor):
    direct, through, other = make_project(), make_project(), make_project()
    Member.objects.create(project=direct, user=ann.user, role_id=Role.MAINTAINER)
    group = Group.objects.create(name=unique("engineers"))
    GroupMember.objects.create(group=group, user=ann.user)
    Member.objects.create(project=through, group=group, role_id=Role.GUEST)
    make_member(other, Role.PROJECT_ADMIN)
    words = ann.page("/me/access").text
    assert f"{direct.name} Maintainer given to you" in words
    assert f"{through.name} Guest group {group.name}" in words
    assert other.name not in words


def test_the_answer_says_which_line_decides(ann: Visitor):
    project = make_project()
    Member.objects.create(project=project, user=ann.user, role_id=Role.DEVELOPER)
    pushed = ann.page(f"/me/access?ref=127.0.0.1:5000/{project.name}/app:1.2&action=push").text
    assert "Allowed repository:push" in pushed
    assert "developer of the project since" in pushed
    deleted = ann.page(f"/me/access?ref={project.name}&action=tag:delete").text
    assert "Not allowed tag:delete" in deleted
    assert "nothing above gives it: tag:delete needs the role maintainer in the project decides" in deleted


def test_a_hidden_project_is_as_one_that_is_not_there(ann: Visitor):
    hidden = make_project()
    for name in (hidden.name, unique("nothing")):
        answer = ann.get(f"/me/access?ref={name}&action=pull")
        assert answer.status_code == 404
        assert f"No project '{name}'" in Page(answer.text).text


def test_what_cannot_be_asked_is_told_in_the_form(ann: Visitor):
    project = make_project(public=True)
    for query in (f"ref={project.name}&action=fly", "ref=../etc&action=pull", "ref=A%00&action=pull"):
        answer = ann.get(f"/me/access?{query}")
        assert answer.status_code == 422, query
        assert 'id="ref-mistake"' in answer.text


def test_a_group_and_a_role_of_ones_own_are_two_ways_and_a_deleted_project_is_none():
    user, project, gone = make_user(), make_project(), make_project()
    group = Group.objects.create(name=unique("engineers"))
    GroupMember.objects.create(group=group, user=user)
    for place in (project, gone):
        Member.objects.create(project=place, user=user, role_id=Role.GUEST)
        Member.objects.create(project=place, group=group, role_id=Role.DEVELOPER)
    type(gone).objects.filter(pk=gone.pk).update(deleted_at="2026-01-01T00:00:00Z")
    ways = own_roles(principal(user))
    assert [(way.project, way.role_id, way.group) for way in ways] == [
        (project.name, Role.GUEST, ""),
        (project.name, Role.DEVELOPER, group.name),
    ]


def test_the_profile_is_changed_by_its_owner(ann: Visitor):
    typed = {"full_name": "Ann <b>Example</b>", "email": "ann@corp.example"}
    assert ann.send("/me/profile", typed).headers["Location"] == "/me/profile?done=saved"
    row = User.objects.get(pk=ann.user.pk)
    assert (row.full_name, row.email) == (typed["full_name"], typed["email"])
    assert "<b>Example" not in ann.get("/me/profile").text
    wrong = ann.send("/me/profile", {"email": "nonsense"})
    assert (wrong.status_code, "That is not an e-mail address." in Page(wrong.text).text) == (422, True)


def test_what_another_system_keeps_is_shown_and_not_asked_for(ann: Visitor):
    User.objects.filter(pk=ann.user.pk).update(source="ldap", full_name="Ann of the Directory")
    page = ann.page("/me/profile")
    assert "Ann of the Directory" in page.text
    assert "/me/profile" not in [form.action for form in page.forms]


def test_who_proved_himself_long_ago_sees_his_profile_and_confirms_to_change_it(ann: Visitor):
    unconfirm(ann.user)
    page = ann.page("/me/profile")
    assert "/auth/confirm?next=%2Fme%2Fprofile" in page.links
    assert "/me/profile" not in [form.action for form in page.forms]


def test_a_name_for_what_was_done_is_none_of_a_link_s(ann: Visitor):
    assert "evil" not in ann.page("/me/security?done=evil").text


def test_an_administrator_is_told_that_he_may_everything(visitor: Visitor):
    user = make_user(password=PASSWORD, is_admin=True)
    visitor.sign_in(user.username, PASSWORD)
    assert "System administrator: you may do everything, in all projects." in visitor.page("/me/access").text

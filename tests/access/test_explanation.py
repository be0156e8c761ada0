"""Why, line by line: every line that has a say, and the one that decides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db.models.functions import Now

from access.explanation import GATES, Explanation, Question, explain, needed
from access.holders import holders
from access.principal import Principal
from access.steps import Step, StepKind
from access.table import P, Permissions, Role
from accounts.models import Group, User
from core.errors import Denied, InvalidInput, ProjectUnknown
from projects import explanations
from projects.models import Project
from projects.queries import ref
from projects.services.projects import delete_project
from tests.groups import give, make_directory_group, make_group
from tests.people import ANONYMOUS, SYSTEM, make_member, make_project, make_user, people_of, principal

pytestmark = pytest.mark.django_db
PUSH = needed("push")


@pytest.fixture
def project() -> Project:
    return make_project()


def why(who: User | Principal, project: Project, wanted: Permissions = PUSH) -> Explanation:
    actor = principal(who) if isinstance(who, User) else who
    return explain(Question(actor, wanted, ref(project)))


def deciding(found: Explanation) -> tuple[bool, StepKind, str]:
    """(allowed, kind, text) of the one line that decides."""
    (step,) = [step for step in found.steps if step.decides]
    return found.allowed, step.kind, step.text


def test_the_chain_is_told_whole_and_in_order(project: Project):
    user = make_user()
    group = make_directory_group(user)
    Group.objects.filter(pk=group.pk).update(synced_at=Now())
    give(project, group, Role.DEVELOPER)
    give(project, user, Role.GUEST)
    found = why(user, project)
    assert [(step.kind.value, step.allows, step.decides) for step in found.steps] == [
        ("account", None, False),
        ("administrator", False, False),
        ("auditor", False, False),
        ("public", False, False),
        ("role", False, False),
        ("group", True, True),
    ]
    last = found.steps[-1]
    assert last.text == f"in group '{group.name}', which is developer of the project"
    assert last.since is not None
    assert (last.synced_at, last.source) == (Group.objects.get(pk=group.pk).synced_at, "ldap")


def test_the_first_line_that_gives_everything_decides(project: Project):
    user = make_member(project, Role.MAINTAINER)
    give(project, make_group(user), Role.PROJECT_ADMIN)
    assert deciding(why(user, project)) == (True, StepKind.ROLE, "maintainer of the project")
    admin = make_user(is_admin=True)
    assert deciding(why(admin, project)) == (True, StepKind.SYSTEM_ADMIN, "a system administrator")
    auditor = make_user(is_auditor=True)
    reads = deciding(why(auditor, project, needed("log:list")))
    assert reads == (True, StepKind.AUDITOR, "an auditor")


def test_the_public_line_decides_for_who_has_nothing_else():
    public = make_project(public=True)
    for who in (ANONYMOUS, make_user()):
        found = deciding(why(who, public, needed("pull")))
        assert found == (True, StepKind.PUBLIC, "the project is public")


def test_who_may_not_is_told_which_role_it_needs(project: Project):
    allowed, kind, text = deciding(why(make_member(project, Role.GUEST), project))
    assert (allowed, kind) == (False, StepKind.NOTHING)
    assert text == "nothing above gives it: repository:push needs the role developer in the project"
    _, _, text = deciding(why(make_user(), project, needed("user:create")))
    assert text == "nothing above gives it: user:create needs a system administrator"


def test_a_disabled_account_decides_before_any_right(project: Project):
    user = make_member(project, Role.PROJECT_ADMIN)
    User.objects.filter(pk=user.pk).update(is_active=False, disabled_by="directory", is_admin=True)
    user.refresh_from_db()
    assert deciding(why(user, project)) == (
        False,
        StepKind.ACCOUNT,
        "the account is disabled because the directory has this person no more",
    )
    User.objects.filter(pk=user.pk).delete()
    assert deciding(why(principal(user), project)) == (False, StepKind.ACCOUNT, "the account is deleted")


def test_of_a_token_only_its_scopes_count(project: Project):
    admin = principal(make_user(is_admin=True))
    name = f"{project.name}/app"
    token = replace(admin, grants={name: frozenset({"pull", "push"})})
    for wanted, allowed in (("pull", True), ("push", True), ("delete", False), ("tag:delete", False)):
        found = explain(Question(token, needed(wanted), ref(project), name))
        assert found.allowed is allowed, wanted
        assert found.steps[1].text == f"the token allows pull, push on '{name}'"
    other = explain(Question(token, needed("pull"), ref(project), f"{project.name}/other"))
    assert deciding(other)[0] is False


def test_a_deleted_project_is_closed_to_all_and_so_is_what_a_further_gate_closes(project: Project):
    admin = principal(make_user(is_admin=True))
    question = Question(admin, PUSH, ref(project))
    closed = Step(StepKind.GATE, "read-only until noon", allows=False)
    found = explain(question, gates=(*GATES, lambda _question: closed))
    assert deciding(found) == (False, StepKind.GATE, "read-only until noon")
    delete_project(SYSTEM, project)
    assert deciding(explain(question)) == (False, StepKind.GATE, f"project '{project.name}' is deleted")


def test_parts_given_by_several_lines_are_each_marked(project: Project):
    """No two roles of today share out one action, so the question is made of two permissions."""
    Project.objects.filter(pk=project.pk).update(public=True)
    project.refresh_from_db()
    user = make_member(project, Role.LIMITED_GUEST)
    found = why(user, project, frozenset({P.LABEL_LIST, P.QUOTA_READ}))
    assert found.allowed
    assert [step.kind for step in found.steps if step.decides] == [StepKind.PUBLIC, StepKind.ROLE]


def test_what_is_asked_is_an_action_or_a_permission():
    assert needed("delete") == {P.TAG_DELETE, P.ARTIFACT_DELETE}
    assert needed("member:create") == {P.MEMBER_CREATE}
    with pytest.raises(InvalidInput, match="write pull, push, delete"):
        needed("destroy")


def test_project_admins_auditors_and_administrators_ask_of_everybody_each_member_of_himself(project: Project):
    subject = make_member(project, Role.GUEST)
    may = set()
    for name, actor in people_of(project).all().items():
        try:
            explanations.explain(actor, subject, PUSH, project)
            explanations.who_may(actor, PUSH, project)
            may.add(name)
        except (Denied, ProjectUnknown):
            continue
    assert may == {"admin", "auditor", "project_admin"}
    assert not explanations.explain(principal(subject), subject, PUSH, project).allowed
    outsider = make_user()
    with pytest.raises(ProjectUnknown):
        explanations.explain(principal(outsider), outsider, PUSH, project)


def test_who_may_names_users_groups_and_everybody_once(project: Project):
    User.objects.filter(is_admin=True).update(is_admin=False)
    both, admin, disabled = make_user("both"), make_user("admin", is_admin=True), make_user(is_active=False)
    group = make_group(both, make_user(), disabled)
    give(project, group, Role.MAINTAINER)
    give(project, both, Role.DEVELOPER)
    give(project, disabled, Role.DEVELOPER)
    give(project, make_user(), Role.GUEST)
    found = holders(PUSH, ref(project))
    assert [(each.name, each.role) for each in found.users] == [(both.username, "developer")]
    assert [(each.name, each.role, each.people) for each in found.groups] == [(group.name, "maintainer", 2)]
    assert (found.administrators, found.auditors, found.public, found.number) == (
        (admin.username,),
        (),
        False,
        3,
    )


def test_who_may_pull_a_public_project_is_anybody():
    public = make_project(public=True)
    member = make_member(public, Role.LIMITED_GUEST)
    found = holders(needed("pull"), ref(public))
    assert found.public
    assert [each.name for each in found.users] == [member.username]


def test_who_may_and_why_agree_about_everybody(project: Project):
    people = people_of(project).all()
    for wanted in ("pull", "push", "delete", "log:list", "member:list", "tag-retention:operate"):
        found = holders(needed(wanted), ref(project))
        named = {each.name for each in found.users} | set(found.administrators) | set(found.auditors)
        allowed = {actor.name for actor in people.values() if why(actor, project, needed(wanted)).allowed}
        assert {actor.name for actor in people.values()} & named == allowed, wanted

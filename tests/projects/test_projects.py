from __future__ import annotations

import pytest

from access.table import Role
from audit.models import AuditEvent
from core.errors import AlreadyExists, Denied, InvalidInput, NameInvalid, ProjectUnknown
from projects.models import Project, Quota
from projects.queries import find_ref, project_as_typed, project_by_name, ref, visible_projects
from projects.services.projects import Changes, change_project, create_project, delete_project, set_quota
from tests.people import SYSTEM, make_project, make_user, people_of, principal, unique

pytestmark = pytest.mark.django_db


def operations(project: Project) -> list[str]:
    return list(
        AuditEvent.objects.filter(project_id=project.pk, result="ok").values_list("operation", flat=True)
    )


def test_a_new_project_has_a_quota_an_owner_and_an_event():
    owner, name = make_user(), unique("team")
    project = create_project(SYSTEM, name, public=True, quota=1000, owner=owner)
    assert (project.name, project.public, project.owner, project.auth_epoch) == (name, True, owner, 1)
    assert (project.quota.used, project.quota.hard_limit) == (0, 1000)
    assert [(member.user, member.role_id) for member in project.members.all()] == [
        (owner, Role.PROJECT_ADMIN)
    ]
    assert operations(project) == ["project.create"]


def test_who_creates_a_project_becomes_its_admin():
    creator = make_user(is_admin=True)
    project = create_project(principal(creator), unique("team"))
    assert project.owner == creator
    assert project.members.get().role_id == Role.PROJECT_ADMIN


def test_the_command_line_creates_a_project_without_members():
    assert make_project().members.count() == 0


def test_a_name_is_taken_once_and_free_again_after_deletion_as_another_project():
    project = make_project()
    with pytest.raises(AlreadyExists):
        make_project(name=project.name)
    delete_project(SYSTEM, project)
    assert make_project(name=project.name).pk != project.pk


@pytest.mark.parametrize("name", ["", "Team", "a/b", "-a", "a..b", "a" * 256, "a\n", "a\0"])
def test_a_name_outside_the_grammar_creates_nothing(name: str):
    with pytest.raises(NameInvalid):
        create_project(SYSTEM, name)


@pytest.mark.parametrize("quota", [-2, 2**63])
def test_a_quota_is_bytes_or_minus_one(quota: int):
    with pytest.raises(InvalidInput):
        make_project(quota=quota)
    with pytest.raises(InvalidInput):
        set_quota(SYSTEM, make_project(), quota)


def test_making_a_project_private_ends_its_tokens_and_making_it_public_does_not():
    project = make_project(public=True)
    assert change_project(SYSTEM, project, Changes(public=False)).auth_epoch == 2
    assert change_project(SYSTEM, project, Changes(public=True)).auth_epoch == 2
    event = AuditEvent.objects.filter(project_id=project.pk, operation="project.update").order_by("id")[0]
    assert event.detail == {"before": {"public": True}, "after": {"public": False}}


def test_a_change_to_what_is_already_so_is_no_act():
    project = make_project(public=True)
    changed = change_project(SYSTEM, project, Changes(public=True, sparse_indexes=True))
    assert (changed.auth_epoch, changed.updated_at) == (1, Project.objects.get(pk=project.pk).updated_at)
    assert operations(project) == ["project.create"]


def test_only_project_admins_change_a_project_and_only_system_admins_its_quota():
    project = make_project()
    for name, actor in people_of(project).all().items():
        allowed = name in ("admin", "project_admin")
        if allowed:
            change_project(actor, project, Changes(sparse_indexes=name == "admin"))
        else:
            with pytest.raises((Denied, ProjectUnknown)):
                change_project(actor, project, Changes(public=True))
        if name == "admin":
            set_quota(actor, project, 5)
        else:
            with pytest.raises(Denied):
                set_quota(actor, project, 7)
    assert Quota.objects.get(project=project).hard_limit == 5


def test_only_administrators_create_projects():
    for name, actor in people_of(make_project()).all().items():
        if name == "admin":
            create_project(actor, unique("team"))
        else:
            with pytest.raises(Denied):
                create_project(actor, unique("team"))


def test_a_deleted_project_is_gone_for_everybody_and_its_tokens_end():
    project = make_project()
    delete_project(people_of(project).project_admin, project)
    row = Project.objects.get(pk=project.pk)
    assert row.deleted_at is not None
    assert row.auth_epoch == 2
    assert find_ref(project.name) is None
    assert not visible_projects(SYSTEM).filter(pk=project.pk).exists()
    for act in (
        lambda: delete_project(SYSTEM, project),
        lambda: change_project(SYSTEM, project, Changes(public=True)),
        lambda: set_quota(SYSTEM, project, 1),
        lambda: project_by_name(SYSTEM, project.name),
    ):
        with pytest.raises(ProjectUnknown):
            act()


def test_a_maintainer_does_not_delete_a_project():
    project = make_project()
    with pytest.raises(Denied):
        delete_project(people_of(project).maintainer, project)


def test_a_hidden_project_and_none_are_told_alike_and_visible_names_are_suggested():
    hidden = make_project(name=unique("team") + "-hidden")
    mine = make_project(name=hidden.name.removesuffix("-hidden"))
    developer = people_of(mine).developer
    with pytest.raises(ProjectUnknown) as refusal:
        project_as_typed(developer, hidden.name)
    assert refusal.value.message == f"no project '{hidden.name}'. Did you mean '{mine.name}'?"
    with pytest.raises(ProjectUnknown) as nothing:
        project_as_typed(developer, unique("zzz"))
    assert "Did you mean" not in nothing.value.message
    with pytest.raises(NameInvalid):
        project_by_name(developer, "Team")


def test_lists_are_limited_to_what_the_actor_may_see():
    private, public = make_project(), make_project(public=True)
    both = {private.pk, public.pk}
    people = people_of(private)
    seen = {
        name: set(visible_projects(actor).filter(pk__in=both).values_list("pk", flat=True))
        for name, actor in people.all().items()
    }
    assert seen.pop("outsider") == seen.pop("anonymous") == {public.pk}
    assert all(found == both for found in seen.values()), seen


def test_the_reference_of_a_project_is_found_in_one_query(django_assert_num_queries):
    project = make_project(public=True)
    with django_assert_num_queries(1):
        assert find_ref(project.name) == ref(project)
    assert find_ref("no-such-project-anywhere") is None

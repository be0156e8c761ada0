"""Rows of the services of projects: the project itself, its members, and who may ask why."""

from __future__ import annotations

from access.models import Member
from access.principal import Principal
from access.table import P, Role
from core.errors import DirectoryUnused
from projects import browsing, explanations, metadata, queries
from projects.services import members, projects
from projects.services.directory_members import add_directory_group
from projects.services.projects import Changes
from tests.arch.callers import Scene, empty
from tests.arch.services.row import (
    EVERYBODY,
    GUESTS,
    MAINTAINERS,
    MEMBERS,
    PROJECT_ADMINS,
    Refusal,
    Row,
    Rows,
    system,
)
from tests.people import unique

PULL = frozenset({P.REPOSITORY_PULL})
# The log of a project is read by its admins and by auditors, and who reads what was done may know who can do it.
LOG_READERS = PROJECT_ADMINS | {"auditor"}


def a_member(scene: Scene, _actor: Principal) -> None:
    Member.objects.create(project=scene.project, user=scene.user, role_id=Role.DEVELOPER)


PROJECTS: Rows = {
    "projects/services/projects.py:create_project": system(
        lambda _s, actor, _: projects.create_project(actor, unique("made")), "project.create"
    ),
    "projects/services/projects.py:change_project": (
        Row(
            lambda s, actor, _: projects.change_project(actor, s.project, Changes(public=True)),
            PROJECT_ADMINS,
            "project.update",
            confirmed=True,
        ),
        *(
            Row(
                lambda s, actor, _, by=by: projects.change_project(
                    actor, s.project, Changes(public=True), by=by
                ),  # type: ignore[misc]
                PROJECT_ADMINS,
                "project.update",
                confirmed=True,
            )
            for by in (P.METADATA_CREATE, P.METADATA_UPDATE, P.METADATA_DELETE)
        ),
    ),
    "projects/services/projects.py:set_quota": system(
        lambda s, actor, _: projects.set_quota(actor, s.project, 2**40), "quota.update"
    ),
    "projects/services/projects.py:delete_project": (
        Row(
            lambda s, actor, _: projects.delete_project(actor, s.project),
            PROJECT_ADMINS,
            "project.delete",
            given=lambda scene, _actor: empty(scene),
            confirmed=True,
        ),
    ),
}
SOMEBODY: Rows = {
    "projects/services/members.py:add_member": (
        Row(
            lambda s, actor, _: members.add_member(actor, s.project, s.user, Role.GUEST),
            PROJECT_ADMINS,
            "member.create",
            confirmed=True,
        ),
        # It would hold what no robot and no key with these bounds may have.
        Row(
            lambda s, actor, _: members.add_member(actor, s.project, s.user, Role.PROJECT_ADMIN),
            PROJECT_ADMINS - {"project_robot"},
            "member.create",
            confirmed=True,
        ),
    ),
    "projects/services/directory_members.py:add_directory_group": (
        Row(
            lambda s, actor, _: add_directory_group(actor, s.project, "cn=none,dc=example", Role.GUEST),
            PROJECT_ADMINS,
            # Nobody has set a directory up: who may add a group gets as far as that.
            "member.create",
            confirmed=True,
            ends=DirectoryUnused,
        ),
    ),
    "projects/services/members.py:change_role": (
        Row(
            lambda s, actor, _: members.change_role(actor, s.project, s.user, Role.GUEST),
            PROJECT_ADMINS,
            "member.update",
            given=a_member,
            confirmed=True,
        ),
    ),
    "projects/services/members.py:remove_member": (
        Row(
            lambda s, actor, _: members.remove_member(actor, s.project, s.user),
            PROJECT_ADMINS,
            "member.delete",
            given=a_member,
            confirmed=True,
        ),
    ),
}


def a_membership(scene: Scene, _actor: Principal) -> Member:
    return Member.objects.create(project=scene.project, user=scene.user, role_id=Role.DEVELOPER)


READS: Rows = {
    "projects/browsing.py:summary": (
        Row(
            lambda s, actor, _: browsing.summary(actor, s.project),
            MEMBERS | {"auditor"},
            recorded=False,
        ),
    ),
    "projects/browsing.py:hindrance": (
        # Nothing is changed, so that no session needs a fresh proof.
        Row(lambda s, actor, _: browsing.hindrance(actor, s.project), PROJECT_ADMINS, recorded=False),
    ),
    "projects/browsing.py:member_of": (
        Row(
            lambda s, actor, member: browsing.member_of(actor, s.project, member.pk),
            GUESTS | {"auditor"},
            given=a_membership,
            recorded=False,
        ),
    ),
    "projects/metadata.py:all_of": (
        Row(
            lambda s, actor, _: metadata.all_of(actor, s.project),
            MAINTAINERS | {"auditor"},
            recorded=False,
        ),
    ),
    "projects/metadata.py:one_of": (
        Row(
            lambda s, actor, _: metadata.one_of(actor, s.project, "public"),
            MAINTAINERS | {"auditor"},
            recorded=False,
        ),
    ),
    "projects/queries.py:members_of": (
        Row(
            lambda s, actor, _: list(queries.members_of(actor, s.project)),
            GUESTS | {"auditor"},
            recorded=False,
        ),
    ),
    "projects/queries.py:project_by_name": (
        Row(
            lambda s, actor, _: queries.project_by_name(actor, s.project.name),
            # Lists look at no token: whoever lists for one has asked it before.
            MEMBERS | {"auditor", "token"},
            refusal=Refusal.HIDDEN_PROJECT,
        ),
        Row(lambda s, actor, _: queries.project_by_name(actor, s.public.name), EVERYBODY),
    ),
    "projects/explanations.py:explain": (
        Row(
            lambda s, actor, _: explanations.explain(actor, s.user, PULL, s.project),
            LOG_READERS,
            recorded=False,
        ),
    ),
    "projects/explanations.py:who_may": (
        Row(lambda s, actor, _: explanations.who_may(actor, PULL, s.project), LOG_READERS, recorded=False),
    ),
}

ROWS: Rows = {**PROJECTS, **SOMEBODY, **READS}

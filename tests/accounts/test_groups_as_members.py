"""A group of the directory becomes a member of a project by its DN, by whoever may make members, imported or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from access.allowances import Allowance, Place
from access.check import permissions_of
from access.table import TABLE, P, Role
from accounts.models import Group
from audit.models import AuditEvent
from core.errors import AlreadyExists, Denied, DirectoryUnused, GroupUnknown, ProjectUnknown, Unavailable
from projects.queries import ref
from projects.services.directory_members import add_directory_group
from tests.accounts.directories import names_in, person
from tests.ldap.slapd import Slapd
from tests.people import SYSTEM, make_member, make_project, people_of, principal, unique

pytestmark = [pytest.mark.django_db, pytest.mark.services]


def test_a_group_nobody_knew_is_imported_with_its_people_and_gets_the_role(directory: Slapd) -> None:
    project, (user, user_dn) = make_project(), person(directory)
    name = unique("devs")
    dn = directory.add_group(name, [user_dn])
    actor = principal(make_member(project, Role.PROJECT_ADMIN))
    member = add_directory_group(actor, project, dn, Role.DEVELOPER)
    assert member.group is not None
    assert (member.group.name, member.role_id, names_in(member.group)) == (
        name,
        Role.DEVELOPER,
        {user.username},
    )
    assert permissions_of(principal(user), ref(project)) == TABLE[Role.DEVELOPER]
    events = AuditEvent.objects.filter(result="ok", operation__in=["group.import", "member.create"])
    assert [(event.operation, event.actor_name) for event in events.order_by("id")][-2:] == [
        ("group.import", "directory"),
        ("member.create", actor.name),
    ]


def test_a_group_that_is_known_is_found_however_its_dn_is_written_and_keeps_its_name(
    directory: Slapd,
) -> None:
    first, second = make_project(), make_project()
    dn = directory.add_group(unique("devs"), [person(directory)[1]])
    ours = unique("ours")
    add_directory_group(SYSTEM, first, dn, Role.GUEST, name=ours)
    member = add_directory_group(SYSTEM, second, dn.upper().replace(",", " , "), Role.GUEST, name="other")
    assert (member.group.name if member.group else "", Group.objects.filter(name="other").count()) == (
        ours,
        0,
    )
    with pytest.raises(AlreadyExists):
        add_directory_group(SYSTEM, second, dn, Role.MAINTAINER)


def test_what_the_directory_does_not_have_is_no_group(directory: Slapd) -> None:
    project = make_project()
    assert directory.settings
    for dn in ("cn=nothing,dc=example,dc=org", "no name at all", ""):
        with pytest.raises(GroupUnknown):
            add_directory_group(SYSTEM, project, dn, Role.GUEST)


def test_only_who_may_make_members_has_the_directory_asked(directory: Slapd) -> None:
    project, dn = make_project(), directory.add_group(unique("devs"), [person(directory)[1]])
    before = Group.objects.count()
    for kind, actor in people_of(project).all().items():
        if kind not in ("admin", "project_admin"):
            with pytest.raises((Denied, ProjectUnknown)):
                add_directory_group(actor, project, dn, Role.GUEST)
    assert Group.objects.count() == before


def test_nothing_is_imported_for_a_role_that_the_key_may_not_give(directory: Slapd) -> None:
    project, dn = make_project(), directory.add_group(unique("devs"), [person(directory)[1]])
    allowance = Allowance(Place.PROJECT, frozenset({P.MEMBER_CREATE}), project.pk)
    actor = replace(principal(make_member(project, Role.PROJECT_ADMIN)), allowances=(allowance,))
    before = Group.objects.count()
    with pytest.raises(Denied, match="holds more than this key does"):
        add_directory_group(actor, project, dn, Role.PROJECT_ADMIN)
    assert Group.objects.count() == before


def test_that_no_directory_is_in_use_is_told_to_whoever_may_make_members() -> None:
    project = make_project()
    for actor in (principal(make_member(project, Role.PROJECT_ADMIN)), SYSTEM):
        with pytest.raises(DirectoryUnused, match="no directory is in use"):
            add_directory_group(actor, project, "cn=devs,dc=example,dc=org", Role.GUEST)


def test_why_the_directory_does_not_answer_is_for_administrators(configure: Callable[..., None]) -> None:
    """At this port there is none."""
    configure(auth_mode="ldap_auth", ldap_url="ldap://127.0.0.1:1", ldap_base_dn="dc=example,dc=org")
    project = make_project()
    actor = principal(make_member(project, Role.PROJECT_ADMIN))
    with pytest.raises(Unavailable, match="ask an administrator"):
        add_directory_group(actor, project, "cn=devs,dc=example,dc=org", Role.GUEST)
    with pytest.raises(Unavailable, match="the directory could not be asked: "):
        add_directory_group(SYSTEM, project, "cn=devs,dc=example,dc=org", Role.GUEST)

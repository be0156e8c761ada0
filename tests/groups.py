"""Groups for tests: local ones, a directory's without a directory, and roles for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

from django.db.models import Q

from access.models import Member
from access.table import Role
from accounts.models import Group, GroupMember, User
from accounts.services.groups import create_group, import_group
from projects.models import Project
from tests.people import SYSTEM, unique


@dataclass(frozen=True)
class Entry:
    """A group as a directory tells it."""

    name: str
    subject: str = field(default_factory=lambda: str(uuid4()))
    dn: str = "cn=group,dc=example,dc=org"


def make_group(*people: User, name: str = "") -> Group:
    """A local group of these people."""
    return _filled(create_group(SYSTEM, name or unique("group")), people)


def make_directory_group(*people: User, name: str = "") -> Group:
    """A group of the directory, with these people read from it."""
    return _filled(import_group(SYSTEM, Entry(name or unique("Group"))), people)


def give(project: Project, subject: User | Group, role: Role) -> Member:
    """A row in the table, whatever the services would say."""
    if isinstance(subject, User):
        return Member.objects.create(project=project, user=subject, role_id=role)
    return Member.objects.create(project=project, group=subject, role_id=role)


def roles_in(project: Project) -> set[tuple[str, int]]:
    """(name of user or group, role) of every member."""
    rows = Member.objects.filter(Q(project=project)).select_related("user", "group")
    return {((row.user.username if row.user else row.group.name), row.role_id) for row in rows}  # type: ignore[union-attr]  # one of the two


def names_in(group: Group) -> set[str]:
    """The user names of the group's people."""
    return set(GroupMember.objects.filter(group=group).values_list("user__username", flat=True))


def epoch(user: User) -> int:
    return User.objects.get(pk=user.pk).auth_epoch


def _filled(group: Group, people: tuple[User, ...]) -> Group:
    for user in people:
        GroupMember.objects.create(group=group, user=user)
    return group

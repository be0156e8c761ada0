"""Users and groups as a client names them: looked up inside the act on a project's members, after its right was checked.

So who may not make members learns from no answer which accounts there are.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Value
from django.db.models.functions import Lower

from access.models import Member
from accounts.models import Group, User
from accounts.names import GroupName, UserName
from accounts.queries import find_user
from core.errors import GroupUnknown, MemberUnknown, UserUnknown
from projects.models import Project

Subject = User | Group


@dataclass(frozen=True, slots=True)
class UserNamed:
    """By his id where there is one, else by his name in any case of letters."""

    id: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class GroupNamed:
    """By its id where there is one, else by its name in any case of letters."""

    id: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class MemberNumbered:
    """Who is a member already, by the id of the membership."""

    id: int


Named = UserNamed | GroupNamed | MemberNumbered


def found(project: Project, who: Subject | Named) -> Subject:
    """Raises UserUnknown, GroupUnknown, MemberUnknown (also for a member of another project), NameInvalid."""
    match who:
        case UserNamed():
            return _user(who)
        case GroupNamed():
            return _group(who)
        case MemberNumbered():
            return _member(project, who)
    return who


def _user(who: UserNamed) -> User:
    if who.id:
        user, told = User.objects.filter(pk=who.id).first(), str(who.id)
    else:
        name = UserName.parse(who.name)
        user, told = find_user(name), f"'{name}'"
    if user is None:
        raise UserUnknown(f"no user {told}", user=told)
    return user


def _group(who: GroupNamed) -> Group:
    if who.id:
        group, told = Group.objects.filter(pk=who.id).first(), str(who.id)
    else:
        name = str(GroupName.parse(who.name))
        group = Group.objects.alias(lower=Lower("name")).filter(lower=Lower(Value(name))).first()
        told = f"'{name}'"
    if group is None:
        raise GroupUnknown(f"no group {told}", group=told)
    return group


def _member(project: Project, who: MemberNumbered) -> Subject:
    member = Member.objects.filter(project=project, pk=who.id).select_related("user", "group").first()
    subject = None if member is None else member.user or member.group
    if subject is None:
        raise MemberUnknown(f"'{project.name}' has no member {who.id}", project=project.name)
    return subject

"""Members of a project: users and groups with a role. Harbor's names; the id is that of the membership."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Q
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from access.models import Member
from access.principal import Principal
from access.table import P, Role, label
from accounts.models.people import MAX_DN
from core.errors import InvalidInput
from projects import browsing
from projects.models import Project
from projects.services import members as services
from projects.services.directory_members import add_directory_group
from projects.services.subjects import GroupNamed, MemberNumbered, UserNamed
from registry_api.rest import answers, body
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.filters import Choice, Number, Text
from registry_api.rest.listing import Listing
from registry_api.rest.named import LARGEST_ID, project_of
from registry_api.rest.schema import DONE, LOCATION, MADE, parameter

ROLE_NAMES: Final = {
    Role.PROJECT_ADMIN: "projectAdmin",
    Role.MAINTAINER: "maintainer",
    Role.DEVELOPER: "developer",
    Role.GUEST: "guest",
    Role.LIMITED_GUEST: "limitedGuest",
}
ROLES: Final = "1 project admin, 2 developer, 3 guest, 4 maintainer, 5 limited guest"


class MemberEntry(serializers.Serializer[Member]):
    """`shown` writes it."""

    id = serializers.IntegerField()
    project_id = serializers.IntegerField()
    entity_name = serializers.CharField(help_text="The user's name, or the group's.")
    entity_id = serializers.IntegerField(help_text="The user's id, or the group's.")
    entity_type = serializers.ChoiceField(("u", "g"), help_text="u: a user, g: a group.")
    role_id = serializers.IntegerField(help_text=ROLES)
    role_name = serializers.CharField()


class UserGiven(serializers.Serializer[dict[str, Any]]):
    """By id, or by name."""

    user_id = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=LARGEST_ID, default=0
    )
    username = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, default="", trim_whitespace=False
    )


class GroupGiven(serializers.Serializer[dict[str, Any]]):
    """By id, by its name in the directory, which imports it, or by name. With a DN, the name is what it is called here."""

    id = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=LARGEST_ID, default=0
    )
    group_name = serializers.CharField(required=False, allow_null=True, allow_blank=True, default="")
    ldap_group_dn = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, max_length=MAX_DN, default=""
    )


class RoleGiven(serializers.Serializer[dict[str, Any]]):
    role_id = serializers.IntegerField(
        min_value=min(Role),
        max_value=max(Role),
        help_text=ROLES,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), f"must be one of {ROLES}"),
    )


class NewMember(RoleGiven):
    """One user or one group."""

    member_user = UserGiven(required=False, allow_null=True)
    member_group = GroupGiven(required=False, allow_null=True)


MEMBERS = Listing(
    MemberEntry,
    fields={
        "id": Number("id"),
        "entity_name": Text("entity_name"),
        "role_id": Number("role_id"),
        "entity_type": Choice("entity_type", ("u", "g")),
    },
    sorts={"id": "id", "entity_name": "entity_name", "role_id": "role_id", "creation_time": "created_at"},
    default="entity_name",
)


class Members(Endpoint):
    @extend_schema(parameters=[parameter("entityname", "A part of the name, whatever the case.")])
    @MEMBERS.documented("The members of a project")
    def get(self, _request: Request, project: str) -> HttpResponse:
        place = project_of(self.actor, project, self.http_request, P.MEMBER_LIST)
        rows = browsing.named_members(self.actor, place)
        if part := self.query.get("entityname"):
            # No name has a NUL, and PostgreSQL takes none.
            rows = rows.none() if "\0" in part else rows.filter(Q(entity_name__icontains=part))
        return MEMBERS.answer(self.http_request, self.query, rows, show=shown)

    @extend_schema(
        summary="Give a user or a group a role in a project",
        request=NewMember,
        parameters=[LOCATION],
        responses=MADE,
    )
    def post(self, _request: Request, project: str) -> HttpResponse:
        given = body.read(self.http_request, NewMember)
        place = project_of(self.actor, project, self.http_request, P.MEMBER_CREATE)
        made = _added(self.actor, place, given)
        return answers.created(f"/api/v2.0/projects/{place.pk}/members/{made.pk}")


class OneMember(Endpoint):
    @extend_schema(summary="A member of a project", responses=MemberEntry)
    def get(self, _request: Request, project: str, member_id: int) -> HttpResponse:
        place = project_of(self.actor, project, self.http_request, P.MEMBER_READ)
        return answers.data(shown([browsing.member_of(self.actor, place, member_id)])[0])

    @extend_schema(summary="Change the role of a member", request=RoleGiven, responses=DONE)
    def put(self, _request: Request, project: str, member_id: int) -> HttpResponse:
        role = Role(body.read(self.http_request, RoleGiven)["role_id"])
        place = project_of(self.actor, project, self.http_request, P.MEMBER_UPDATE)
        services.change_role(self.actor, place, MemberNumbered(member_id), role)
        return answers.done()

    @extend_schema(summary="Take the role of a member away", responses=DONE)
    def delete(self, _request: Request, project: str, member_id: int) -> HttpResponse:
        place = project_of(self.actor, project, self.http_request, P.MEMBER_DELETE)
        services.remove_member(self.actor, place, MemberNumbered(member_id))
        return answers.done()


def shown(rows: Sequence[Member]) -> list[dict[str, Any]]:
    """Members with their user and group as `MemberEntry` says."""
    return [_entry(row) for row in rows]


def _entry(row: Member) -> dict[str, Any]:
    name = row.user.username if row.user else row.group.name if row.group else ""
    return {
        "id": row.pk,
        "project_id": row.project_id,
        "entity_name": name,
        "entity_id": row.user_id or row.group_id,
        "entity_type": "u" if row.user_id else "g",
        "role_id": row.role_id,
        "role_name": ROLE_NAMES[Role(row.role_id)] if row.role_id in ROLE_NAMES else label(row.role_id),
    }


def _added(actor: Principal, place: Project, given: dict[str, Any]) -> Member:
    """Raises InvalidInput unless the body names one user or one group, and as the services."""
    role = Role(given["role_id"])
    user, group = (given.get(name) or {} for name in ("member_user", "member_group"))
    if any(user.values()) == any(group.values()):
        raise InvalidInput(
            "give either member_user (user_id or username) or member_group (id, ldap_group_dn or group_name)"
        )
    if any(user.values()):
        who = UserNamed(user["user_id"] or 0, user["username"] or "")
        return services.add_member(actor, place, who, role)
    if group["ldap_group_dn"] and not group["id"]:
        name = group["group_name"] or None
        return add_directory_group(actor, place, group["ldap_group_dn"], role, name=name)
    return services.add_member(actor, place, GroupNamed(group["id"] or 0, group["group_name"] or ""), role)

"""/usergroups: groups of people, as Harbor's clients list, make, rename and remove them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from access.principal import Principal
from accounts import finding_groups, queries
from accounts.models import Group, Source
from accounts.services import groups
from accounts.sync import requested
from core.errors import InvalidInput
from registry_api.rest import answers, body
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.filters import Number, Text
from registry_api.rest.lenient import Choice, Lenient
from registry_api.rest.listing import Listing
from registry_api.rest.schema import DONE, LOCATION, MADE, parameter

# Harbor's numbers; its groups of a proxy (2) do not exist here, and its own have none.
LOCAL, LDAP, OIDC = 0, 1, 3
TYPES: Final[Mapping[str, int]] = {Source.LOCAL: LOCAL, Source.LDAP: LDAP, Source.OIDC: OIDC}


class FoundGroup(serializers.Serializer[Group]):
    id = serializers.IntegerField()
    group_name = serializers.CharField(source="name")
    group_type = serializers.SerializerMethodField(
        help_text="0: of Wharf itself, 1: LDAP, 3: OpenID Connect."
    )

    def get_group_type(self, row: Group) -> int:
        return TYPES[row.source]


class GroupEntry(FoundGroup):
    ldap_group_dn = serializers.CharField(source="dn")


class NewGroup(Lenient):
    group_name = serializers.CharField(default="", allow_blank=True, trim_whitespace=False)
    group_type = Choice(
        (LOCAL, LDAP, OIDC), default=LOCAL, help_text="0: of Wharf itself, 1: LDAP, 3: OpenID Connect."
    )
    ldap_group_dn = serializers.CharField(default="", allow_blank=True, help_text="Of an LDAP group.")


class GroupChange(Lenient):
    """What is absent stays as it is. Where a group comes from does not change."""

    group_name = serializers.CharField(required=False, trim_whitespace=False)


GROUPS = Listing(
    GroupEntry,
    fields={"id": Number("id"), "group_name": Text("name"), "ldap_group_dn": Text("dn")},
    sorts={"id": "id", "group_name": "name"},
    default="group_name",
)
FOUND = Listing(FoundGroup, fields={}, sorts={"group_name": "name"}, default="group_name")


class UserGroups(Endpoint):
    @extend_schema(
        parameters=[
            parameter("ldap_group_dn", "The LDAP group of that name alone."),
            parameter("group_name", "A part of the name, whatever the case."),
        ]
    )
    @GROUPS.documented("All groups, for administrators")
    def get(self, _request: Request) -> HttpResponse:
        found = queries.visible_groups(self.actor)
        if dn := self.query.get("ldap_group_dn"):
            found = found.none() if "\0" in dn else found.filter(dn__iexact=dn)
        if part := self.query.get("group_name"):
            found = found.none() if "\0" in part else found.filter(name__icontains=part)
        return GROUPS.answer(self.http_request, self.query, found)

    @extend_schema(
        summary="Make a group, or take one over from the directory or the OpenID provider",
        request=NewGroup,
        parameters=[LOCATION],
        responses=MADE,
    )
    def post(self, _request: Request) -> HttpResponse:
        group = _made(self.actor, **body.read(self.http_request, NewGroup))
        return answers.created(f"/api/v2.0/usergroups/{group.pk}")


class UserGroupSearch(Endpoint):
    @extend_schema(
        parameters=[
            parameter(
                "groupname",
                "A part of the name; the whole name of a group that is in none of one's projects.",
            )
        ]
    )
    @FOUND.documented("Groups by part of their names, for who may add members somewhere")
    def get(self, _request: Request) -> HttpResponse:
        found = finding_groups.groups_named(self.actor, self.query.get("groupname", ""))
        return FOUND.answer(self.http_request, self.query, found)


class OneUserGroup(Endpoint):
    @extend_schema(summary="A group", responses=GroupEntry)
    def get(self, _request: Request, group_id: int) -> HttpResponse:
        return answers.one(GroupEntry, finding_groups.group_by_id(self.actor, group_id))

    @extend_schema(summary="Rename a group", request=GroupChange, responses=DONE)
    def put(self, _request: Request, group_id: int) -> HttpResponse:
        wanted = body.read(self.http_request, GroupChange)
        group = finding_groups.group_by_id(self.actor, group_id)
        groups.rename_group(self.actor, group, wanted.get("group_name", group.name))
        return answers.done()

    @extend_schema(summary="Remove a group, with its memberships", responses=DONE)
    def delete(self, _request: Request, group_id: int) -> HttpResponse:
        groups.delete_group(self.actor, finding_groups.group_by_id(self.actor, group_id))
        return answers.done()


def _made(actor: Principal, group_name: str, group_type: int, ldap_group_dn: str) -> Group:
    if group_type == LDAP:
        if not ldap_group_dn:
            raise InvalidInput("ldap_group_dn: an LDAP group is told by its DN")
        return requested.import_group(actor, ldap_group_dn, name=group_name or None)
    make = groups.create_provided_group if group_type == OIDC else groups.create_group
    return make(actor, group_name)

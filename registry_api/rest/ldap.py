"""/ldap and /system/oidc/ping: who signs in elsewhere, tried, looked for and taken over."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from accounts.sync import requested
from core.errors import InvalidInput
from registry_api.rest import answers, body
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.lenient import Lenient
from registry_api.rest.schema import DONE, parameter

MAX_IMPORTED = 50
LDAP_GROUP = 1


class LdapSettings(Lenient):
    """Harbor's names. What is absent is as the settings in force say."""

    ldap_url = serializers.CharField(required=False)
    ldap_search_dn = serializers.CharField(required=False, allow_blank=True)
    ldap_search_password = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    ldap_base_dn = serializers.CharField(required=False)
    ldap_filter = serializers.CharField(required=False, allow_blank=True)
    ldap_uid = serializers.CharField(required=False)
    ldap_scope = serializers.IntegerField(required=False)
    ldap_connection_timeout = serializers.IntegerField(required=False)
    ldap_verify_cert = serializers.BooleanField(required=False)


class PingResult(serializers.Serializer[dict[str, Any]]):
    success = serializers.BooleanField()
    message = serializers.CharField(help_text="What went wrong and what to do about it; empty for nothing.")


class LdapPerson(serializers.Serializer[Any]):
    username = serializers.CharField(source="name")
    realname = serializers.CharField(source="full_name")
    email = serializers.CharField()


class Names(Lenient):
    ldap_uid_list = serializers.ListField(
        child=serializers.CharField(), min_length=1, max_length=MAX_IMPORTED
    )


class NotImported(serializers.Serializer[dict[str, str]]):
    uid = serializers.CharField()
    error = serializers.CharField(help_text="Why there is no account.")


class LdapGroupEntry(serializers.Serializer[Any]):
    group_name = serializers.CharField(source="name")
    group_type = serializers.SerializerMethodField(help_text="1: LDAP.")
    ldap_group_dn = serializers.CharField(source="dn")

    def get_group_type(self, _found: Any) -> int:
        return LDAP_GROUP


class Provider(Lenient):
    url = serializers.CharField(required=False, help_text="The issuer; that of the settings where absent.")
    verify_cert = serializers.BooleanField(required=False)


class LdapPing(Endpoint):
    @extend_schema(
        summary="Try a directory before its settings are saved", request=LdapSettings, responses=PingResult
    )
    def post(self, _request: Request) -> HttpResponse:
        """With another address the password has to be sent too: the stored one goes to the servers it was given for alone."""
        # Harbor's clients send no body at all to try what is in force.
        is_empty = self.http_request.META.get("CONTENT_LENGTH") in (None, "", "0")
        wanted = {} if is_empty else body.read(self.http_request, LdapSettings)
        if (seconds := wanted.pop("ldap_connection_timeout", None)) is not None:
            wanted["ldap_connect_timeout"] = seconds
        failure = requested.try_directory(self.actor, wanted)
        return answers.data({"success": not failure, "message": failure})


class LdapUserSearch(Endpoint):
    @extend_schema(
        summary="People of the directory, at most 50",
        parameters=[parameter("username", "A part of the name, full name or mail.")],
        responses={200: LdapPerson(many=True), 412: None},
    )
    def get(self, _request: Request) -> HttpResponse:
        found = requested.search_people(self.actor, _text(self.query.get("username", "")))
        return answers.several(LdapPerson, found)


class LdapImport(Endpoint):
    @extend_schema(
        summary="Accounts for people of the directory who have not signed in yet",
        request=Names,
        responses=DONE | {404: NotImported(many=True)},
    )
    def post(self, _request: Request) -> HttpResponse:
        """404 lists those for whom there is none; the others are imported."""
        names = body.read(self.http_request, Names)["ldap_uid_list"]
        failed = requested.import_people(self.actor, names)
        if failed:
            return answers.data([{"uid": uid, "error": why} for uid, why in failed.items()], status=404)
        return answers.done()


class LdapGroupSearch(Endpoint):
    @extend_schema(
        summary="Groups of the directory, at most 50",
        parameters=[
            parameter("groupname", "A part of the name."),
            parameter("groupdn", "The group of that name alone."),
        ],
        responses={200: LdapGroupEntry(many=True), 412: None},
    )
    def get(self, _request: Request) -> HttpResponse:
        name, dn = (_text(self.query.get(each, "")) for each in ("groupname", "groupdn"))
        return answers.several(LdapGroupEntry, requested.search_groups(self.actor, name, dn))


class OidcPing(Endpoint):
    @extend_schema(
        summary="Try an OpenID provider before its settings are saved", request=Provider, responses=DONE
    )
    def post(self, _request: Request) -> HttpResponse:
        """400 says what went wrong. Of another provider than that of the settings the client is not tried."""
        given = body.read(self.http_request, Provider)
        failure = requested.try_provider(self.actor, given.get("url"), verify=given.get("verify_cert"))
        if failure:
            raise InvalidInput(failure)
        return answers.done()


def _text(given: str) -> str:
    if len(given) > 1024 or not given.isprintable():
        raise InvalidInput("a search is one line of at most 1024 characters")
    return given

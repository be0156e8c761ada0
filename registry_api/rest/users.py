"""/users: accounts of people, as Harbor's clients list, make, change and remove them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from accounts import finding, queries
from accounts.models import User
from accounts.services import access_tokens, own_account, users
from accounts.services.oneself import is_himself
from accounts.services.sessions import Session
from registry_api.rest import answers, body
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.filters import Flag, Number, Text, Time
from registry_api.rest.lenient import Lenient
from registry_api.rest.listing import Listing
from registry_api.rest.schema import DONE, LOCATION, MADE, parameter
from registry_api.rest.user_shapes import FoundUser, NewUser, Profile, UserEntry, shown

USERS = Listing(
    UserEntry,
    fields={
        "user_id": Number("id"),
        "username": Text("username"),
        "email": Text("email"),
        "realname": Text("full_name"),
        "sysadmin_flag": Flag("is_admin"),
        "creation_time": Time("created_at"),
    },
    sorts={"user_id": "id", "username": "username", "email": "email", "creation_time": "created_at"},
    default="username",
)
FOUND = Listing(FoundUser, fields={}, sorts={"username": "username"}, default="username")


class SysAdmin(serializers.Serializer[dict[str, bool]]):
    """Harbor's client in Go leaves out what is false."""

    sysadmin_flag = serializers.BooleanField(default=False)


class NewPassword(Lenient):
    old_password = serializers.CharField(default="", allow_blank=True, trim_whitespace=False)
    new_password = serializers.CharField(trim_whitespace=False)


class ChosenSecret(Lenient):
    secret = serializers.CharField(
        default="", allow_blank=True, trim_whitespace=False, help_text="Empty or absent: one is generated."
    )


class ShownSecret(serializers.Serializer[dict[str, Any]]):
    secret = serializers.CharField(help_text="Shown this once.")


class Users(Endpoint):
    @USERS.documented("All people, for administrators")
    def get(self, _request: Request) -> HttpResponse:
        return USERS.answer(self.http_request, self.query, queries.visible_users(self.actor))

    @extend_schema(
        summary="Make an account",
        request=NewUser,
        parameters=[LOCATION],
        responses=MADE,
    )
    def post(self, _request: Request) -> HttpResponse:
        wanted = body.read(self.http_request, NewUser)
        user = users.create_user(
            self.actor,
            wanted["username"],
            password=wanted["password"],
            email=wanted["email"],
            full_name=wanted["realname"],
        )
        return answers.created(f"/api/v2.0/users/{user.pk}")


class UserSearch(Endpoint):
    @extend_schema(
        parameters=[
            parameter("username", "A part of the name; the whole name of who is in none of one's projects.")
        ]
    )
    @FOUND.documented("People by part of their names, for who may add members somewhere")
    def get(self, _request: Request) -> HttpResponse:
        found = finding.people_named(self.actor, self.query.get("username", ""))
        return FOUND.answer(self.http_request, self.query, found)


class OneUser(Endpoint):
    @extend_schema(
        summary="A person's account: one's own, or anybody's for administrators", responses=UserEntry
    )
    def get(self, _request: Request, user_id: int) -> HttpResponse:
        return answers.data(shown(finding.user_by_id(self.actor, user_id)))

    @extend_schema(summary="Change mail and full name", request=Profile, responses=DONE)
    def put(self, _request: Request, user_id: int) -> HttpResponse:
        wanted = body.read(self.http_request, Profile)
        user = finding.user_to_change(self.actor, user_id, "user.update")
        change = own_account.change_profile if is_himself(self.actor, user) else users.change_user
        change(self.actor, user, email=wanted.get("email"), full_name=wanted.get("realname"))
        return answers.done()

    @extend_schema(summary="Remove an account, with its keys, sessions and memberships", responses=DONE)
    def delete(self, _request: Request, user_id: int) -> HttpResponse:
        users.remove_user(self.actor, finding.user_to_change(self.actor, user_id, "user.delete"))
        return answers.done()


class UserSysAdmin(Endpoint):
    @extend_schema(
        summary="Make somebody a system administrator, or no longer", request=SysAdmin, responses=DONE
    )
    def put(self, _request: Request, user_id: int) -> HttpResponse:
        wanted = body.read(self.http_request, SysAdmin)
        user = finding.user_to_change(self.actor, user_id, "user.admin")
        users.set_admin(self.actor, user, wanted["sysadmin_flag"])
        return answers.done()


class UserPassword(Endpoint):
    @extend_schema(
        summary="Another password: one's own with the old one, or anybody's as an administrator",
        request=NewPassword,
        responses=DONE,
    )
    def put(self, request: Request, user_id: int) -> HttpResponse:
        wanted = body.read(self.http_request, NewPassword)
        user = finding.user_to_change(self.actor, user_id, "user.password")
        if is_himself(self.actor, user):
            self._change(request, user, wanted)
        else:
            users.set_password(self.actor, user, wanted["new_password"])
        return answers.done()

    def _change(self, request: Request, user: User, wanted: dict[str, Any]) -> None:
        """Whoever sits at another's open session learns nothing of the old password, and needs it."""
        session: object = request.auth
        own_account.change_password(
            self.actor,
            user,
            wanted["old_password"],
            wanted["new_password"],
            session_id=session.id if isinstance(session, Session) else 0,
        )


class CliSecret(Endpoint):
    @extend_schema(
        summary="Another CLI secret of one's own, chosen or generated",
        request=ChosenSecret,
        responses=ShownSecret,
    )
    def put(self, _request: Request, user_id: int) -> HttpResponse:
        """A chosen one is not shown. The former one ends at once."""
        wanted = body.read(self.http_request, ChosenSecret)["secret"]
        user = finding.user_to_change(self.actor, user_id, "access-token.create")
        _, secret = access_tokens.new_cli_secret(self.actor, user, wanted or None)
        return answers.done() if wanted else answers.data({"secret": secret})

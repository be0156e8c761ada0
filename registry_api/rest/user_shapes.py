"""What /users shows and takes: Harbor's names."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts import finding
from accounts.models import Identity, User
from registry_api.rest.lenient import Lenient


class UserEntry(serializers.Serializer[User]):
    """`comment` is Harbor's and always empty."""

    user_id = serializers.IntegerField(source="pk")
    username = serializers.CharField()
    email = serializers.CharField()
    realname = serializers.CharField(source="full_name")
    comment = serializers.SerializerMethodField()
    sysadmin_flag = serializers.BooleanField(source="is_admin")
    admin_role_in_auth = serializers.BooleanField(
        source="admin_from_directory", help_text="Whether the directory made him an administrator."
    )
    creation_time = serializers.DateTimeField(source="created_at")
    oidc_user_meta = serializers.DictField(
        required=False, help_text="What the OpenID provider knows him by; of one account alone."
    )

    def get_comment(self, _row: User) -> str:
        return ""


class FoundUser(serializers.Serializer[User]):
    user_id = serializers.IntegerField(source="pk")
    username = serializers.CharField()


class NewUser(Lenient):
    """Nobody becomes an administrator by being made: PUT …/sysadmin does that."""

    username = serializers.CharField(trim_whitespace=False)
    password = serializers.CharField(trim_whitespace=False)
    email = serializers.CharField(default="", allow_blank=True)
    realname = serializers.CharField(default="", allow_blank=True)


class Profile(Lenient):
    """What is absent stays as it is."""

    email = serializers.CharField(required=False, allow_blank=True)
    realname = serializers.CharField(required=False, allow_blank=True)


def shown(user: User) -> dict[str, Any]:
    """One account with what the provider knows it by (one query)."""
    told: dict[str, Any] = dict(UserEntry(user).data)
    identity = finding.provided_identity(user)
    return told | ({"oidc_user_meta": _provided(identity)} if identity else {})


def _provided(identity: Identity) -> dict[str, Any]:
    """Harbor's OIDCUserInfo. No secret is among it: it is shown once, when it is made."""
    return {
        "id": identity.pk,
        "user_id": identity.user_id,
        "subiss": f"{identity.subject}{identity.issuer}",
        "creation_time": identity.linked_at,
        "update_time": identity.seen_at,
    }

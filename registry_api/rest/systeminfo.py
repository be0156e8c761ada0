"""GET /systeminfo: what clients need to know of this installation. The anonymous get what a sign-in page shows."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from access.origin import external_origin
from access.principal import ActorKind
from accounts import oidc
from accounts.services.own_account import may_register
from config import current
from config.catalogue.contents import BANNER_MESSAGE, READ_ONLY
from config.catalogue.sign_in import AUTH_MODE
from registry_api.rest import answers
from registry_api.rest.configurations import FIXED
from registry_api.rest.endpoint import Endpoint

# The release of Harbor whose API this one follows: clients compare it to know what they may ask for.
HARBOR = "v2.14.0"


class GeneralInfo(serializers.Serializer[dict[str, Any]]):
    """Harbor's names; what belongs to credentials is absent without them."""

    auth_mode = serializers.CharField(help_text="How people sign in first: db_auth, ldap_auth or oidc_auth.")
    primary_auth_mode = serializers.BooleanField()
    self_registration = serializers.BooleanField(help_text="Whether people may make accounts for themselves.")
    banner_message = serializers.CharField()
    oidc_provider_name = serializers.CharField()
    harbor_version = serializers.CharField(
        required=False, help_text="The release of Harbor whose API this follows, and Wharf's own."
    )
    registry_url = serializers.CharField(required=False, help_text="What stands after `docker login`.")
    external_url = serializers.CharField(required=False)
    project_creation_restriction = serializers.CharField(required=False, help_text="adminonly or everyone.")
    has_ca_root = serializers.BooleanField(required=False)
    read_only = serializers.BooleanField(required=False)  # type: ignore[assignment]  # a field of that name
    notification_enable = serializers.BooleanField(required=False)
    registry_storage_provider_name = serializers.CharField(required=False)
    current_time = serializers.DateTimeField(required=False)


class SystemInfo(Endpoint):
    anonymous = True

    @extend_schema(summary="What this installation is", responses=GeneralInfo)
    def get(self, _request: Request) -> HttpResponse:
        told: dict[str, Any] = {
            "auth_mode": str(current.get(AUTH_MODE)),
            "primary_auth_mode": False,
            "self_registration": may_register(),
            "banner_message": current.get(BANNER_MESSAGE),
            "oidc_provider_name": oidc.offered() or "",
        }
        if self.actor.kind is not ActorKind.ANONYMOUS:
            told |= _protected(external_origin(self.http_request))
        return answers.one(GeneralInfo, told)


def _protected(origin: str) -> dict[str, Any]:
    return {
        "harbor_version": f"{HARBOR}-wharf-{version('wharf')}",
        "registry_url": origin.partition("://")[2],
        "external_url": origin,
        "project_creation_restriction": FIXED["project_creation_restriction"],
        "has_ca_root": False,
        "read_only": current.get(READ_ONLY),
        "notification_enable": False,
        "registry_storage_provider_name": "filesystem",
        "current_time": timezone.now(),
    }

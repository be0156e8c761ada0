"""The audit log with all it holds, where Harbor's shapes are too narrow: a list, a histogram, one with what belongs to it."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from access.principal import ActorKind
from audit import operations
from audit.parts import Result
from audit.reading import single
from audit.reading.entry import Entry
from audit.reading.histogram import Bucket, histogram
from audit.reading.places import PLACES
from audit.reading.scope import scope_of
from audit.streams import Stream
from core import cron
from registry_api.rest import answers, audit_filters, audit_pages
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.schema import parameter

STATES: Final = frozenset({"before", "after"})


class AuditEvent(serializers.Serializer[Entry]):
    """Who did what to which thing, from where, and whether it was allowed. Names are those of the time."""

    id = serializers.IntegerField(help_text="Unique over both streams.")
    stream = serializers.ChoiceField([*Stream])
    time = serializers.DateTimeField(source="ts")
    operation = serializers.CharField(help_text="See docs/audit-events.md.")
    label = serializers.SerializerMethodField(  # type: ignore[assignment]  # what a serializer itself calls so is another
        help_text="The operation in English."
    )
    result = serializers.ChoiceField([*Result])
    actor_kind = serializers.ChoiceField([*ActorKind])
    actor_id = serializers.IntegerField()
    actor_name = serializers.CharField()
    auth = serializers.CharField(help_text="How the actor proved himself.")
    token_id = serializers.CharField()
    ip = serializers.CharField(allow_null=True)
    agent = serializers.CharField()
    request_id = serializers.CharField()
    permission = serializers.CharField(help_text="What it took.")
    resource_type = serializers.CharField()
    resource_id = serializers.CharField()
    resource_name = serializers.CharField()
    project_id = serializers.IntegerField(allow_null=True)
    before = serializers.SerializerMethodField(help_text="What it was, null where nothing is known of it.")
    after = serializers.SerializerMethodField(help_text="What it is since then.")
    detail = serializers.SerializerMethodField(
        help_text="All other facts; of pulls the manifest, and n of them."
    )

    def get_label(self, entry: Entry) -> str:
        return operations.find(entry.operation).label

    def get_before(self, entry: Entry) -> dict[str, Any] | None:
        return _state(entry, "before")

    def get_after(self, entry: Entry) -> dict[str, Any] | None:
        return _state(entry, "after")

    def get_detail(self, entry: Entry) -> dict[str, Any]:
        return {name: value for name, value in entry.detail.items() if name not in STATES}


class AuditEventWhole(AuditEvent):
    """An event with what belongs to it."""

    related = AuditEvent(
        many=True, help_text="Of the same request, or about the same thing within 5 minutes: the newest 50."
    )


class AuditBucket(serializers.Serializer[Bucket]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    n = serializers.IntegerField(help_text="Entries in it.")


class AuditEvents(Endpoint):
    @audit_pages.documented("The audit log with all it holds, the newest first", AuditEvent)
    def get(self, _request: Request) -> HttpResponse:
        return audit_pages.answer(self.http_request, self.actor, scope_of(self.actor), AuditEvent)


class Histogram(Endpoint):
    @extend_schema(
        summary="How many entries of the audit log there are in each stretch of time, at most 60 of them",
        parameters=[
            audit_pages.Q,
            parameter("time_zone", "Whose days and hours these are; UTC without.", type=OpenApiTypes.STR),
        ],
        responses=AuditBucket(many=True),
    )
    def get(self, _request: Request) -> HttpResponse:
        zone = cron.zone_named(self.query.get("time_zone") or "UTC")
        wanted = audit_filters.wanted(self.actor, self.query)
        scope = scope_of(self.actor)
        with PLACES.one(self.actor):
            buckets = histogram(scope, wanted, zone)
        return answers.several(AuditBucket, buckets)


class OneAuditEvent(Endpoint):
    @extend_schema(summary="An entry of the audit log, and what belongs to it", responses=AuditEventWhole)
    def get(self, _request: Request, event_id: int) -> HttpResponse:
        scope = scope_of(self.actor)
        with PLACES.one(self.actor):
            entry = single.entry(scope, event_id)
            related = single.related(scope, entry)
        whole = {**AuditEvent(entry).data, "related": _shown(related)}
        return answers.data(whole)


def _shown(entries: list[Entry]) -> list[dict[str, Any]]:
    return [AuditEvent(entry).data for entry in entries]


def _state(entry: Entry, name: str) -> dict[str, Any] | None:
    state: dict[str, Any] | None = entry.detail.get(name)
    return state

"""GET /health: which parts of the installation work, in Harbor's words. Says which failed, never why: anybody may ask."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.db.models.functions import Now
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from artifacts.storage import is_writable
from database import sql
from jobs.models import Worker
from jobs.queries import SILENT
from registry_api.rest import answers
from registry_api.rest.endpoint import Endpoint

REMEMBERED_SECONDS = 2.0
PATIENCE_SECONDS = 2.0

log = structlog.get_logger(__name__)


class Component(serializers.Serializer[dict[str, str]]):
    name = serializers.CharField()
    status = serializers.ChoiceField(["healthy", "unhealthy"])
    error = serializers.CharField(required=False)


class OverallHealth(serializers.Serializer[dict[str, object]]):
    status = serializers.ChoiceField(["healthy", "unhealthy"])
    components = Component(many=True)


def _database() -> bool:
    return bool(sql.value("SELECT 1") == 1)


def _redis() -> bool:
    client = redis.Redis.from_url(
        settings.WHARF_REDIS_URL,
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
    )
    try:
        return bool(client.ping())
    finally:
        client.close()


def _jobservice() -> bool:
    return Worker.objects.filter(heartbeat_at__gt=Now() - SILENT).exists()


# Harbor's names. core is whoever answers this; registry is the store of the blobs; jobservice the workers.
CHECKS: dict[str, tuple[Callable[[], bool], str]] = {
    "core": (lambda: True, ""),
    "database": (_database, "the database does not answer"),
    "jobservice": (_jobservice, "no worker has been heard of lately"),
    "redis": (_redis, "the broker does not answer"),
    "registry": (is_writable, "the blob store takes no write"),
}


@dataclass
class Checkup:
    """The last look at all parts, kept for two seconds: the checks write a file and open connections, and anybody may ask."""

    checks: dict[str, tuple[Callable[[], bool], str]]
    _looked_at: float = -REMEMBERED_SECONDS
    _found: list[dict[str, str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def components(self) -> list[dict[str, str]]:
        """One look at a time: while a part hangs, everybody else is told what was found before."""
        if not self._lock.acquire(blocking=not self._found):
            return self._found
        try:
            if time.monotonic() - self._looked_at >= REMEMBERED_SECONDS:
                self._found = [self._component(name) for name in self.checks]
                self._looked_at = time.monotonic()
            return self._found
        finally:
            self._lock.release()

    def _component(self, name: str) -> dict[str, str]:
        check, complaint = self.checks[name]
        try:
            good = check()
        except (DatabaseError, InterfaceError, redis.RedisError, OSError) as error:
            log.warning("unhealthy", component=name, error=str(error).strip())
            good = False
        told = {"name": name, "status": "healthy" if good else "unhealthy"}
        return told if good else told | {"error": complaint}


_checkup = Checkup(CHECKS)


class Health(Endpoint):
    anonymous = True

    @extend_schema(summary="Which parts work", responses=OverallHealth)
    def get(self, _request: Request) -> HttpResponse:
        """Always 200, as Harbor: whoever routes requests by health asks /readyz."""
        components = _checkup.components()
        good = all(component["status"] == "healthy" for component in components)
        told = {"status": "healthy" if good else "unhealthy", "components": components}
        return answers.one(OverallHealth, told)

"""How tests speak to the REST API: as any HTTP client; what every answer keeps to is asserted for each request of each test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from access.principal import Principal
from access.table import P, Role
from accounts.models import User
from audit.actions import action
from audit.models import AuditEvent
from jobs.models import Run, Schedule
from projects.queries import ref
from tests import keys, people
from tests.people import unique
from tests.registry_api.client import HOST, PASSWORD, basic

CODES = {
    "BAD_REQUEST",
    "UNAUTHORIZED",
    "FORBIDDEN",
    "NOT_FOUND",
    "CONFLICT",
    "PRECONDITION",
    "TOOMANYREQUESTS",
    "UNKNOWN",
    "METHOD_NOT_ALLOWED",
}
BASE = "/api/v2.0"
# Refuses by a list, as Harbor does: each whom it did not take over, and why.
REFUSES_BY_LIST = f"{BASE}/ldap/users/import"
FAR = "2100-01-01T00:00:00Z"


def conforms(answer: httpx2.Response) -> None:
    """Asserted of every answer."""
    headers, told = answer.headers, f"{answer.request.method} {answer.request.url}: {answer.status_code}"
    assert headers["X-Request-Id"], told
    assert headers["X-Content-Type-Options"] == "nosniff", told
    assert headers["Cache-Control"] == "private, no-store", told
    assert "default-src 'none'" in headers["Content-Security-Policy"], told
    assert "Set-Cookie" not in headers, told
    assert "html" not in headers.get("Content-Type", ""), told
    assert ("WWW-Authenticate" in headers) == (answer.status_code == 401), told
    assert headers.get("Location", "/api/v2.0/").startswith("/api/v2.0/"), told
    assert answer.status_code != 500, told
    content = answer.read()
    if answer.request.method == "HEAD" or answer.status_code in (204, 304):
        assert content == b"", told
    elif answer.status_code >= 400 and (answer.status_code, answer.request.url.path) != (
        404,
        REFUSES_BY_LIST,
    ):
        _is_a_refusal(answer, content)


def _is_a_refusal(answer: httpx2.Response, content: bytes) -> None:
    assert answer.headers["Content-Type"] == "application/json"
    body = json.loads(content)
    assert set(body) == {"errors"}
    (entry,) = body["errors"]
    assert set(entry) == {"code", "message"}
    assert entry["code"] in CODES
    assert entry["message"]


@dataclass
class Caller:
    """One person's view of the API."""

    http: httpx2.Client
    authorization: str | None
    principal: Principal

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> httpx2.Response:
        """`path` below /api/v2.0, or whole where it begins with /api."""
        own = {"Authorization": self.authorization} if self.authorization else {}
        whole = path if path.startswith("/api") else f"{BASE}{path}"
        return self.http.request(method, whole, headers={**own, **(headers or {})}, **options)

    def get(self, path: str, **options: Any) -> httpx2.Response:
        return self.call("GET", path, **options)

    def refused(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        """(status, message) of a refusal."""
        answer = self.call(method, path, **options)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()["errors"][0]["message"]


@dataclass
class World:
    """A private project, its people, and the API to meet them. `world.developer` is made when first asked for."""

    http: httpx2.Client
    project: Any = field(default_factory=people.make_project)
    callers: dict[str, Caller] = field(default_factory=dict)

    def __getattr__(self, kind: str) -> Caller:
        if kind.startswith("_"):
            raise AttributeError(kind)
        return self.caller(kind)

    def caller(self, kind: str) -> Caller:
        if kind not in self.callers:
            self.callers[kind] = self._made(kind)
        return self.callers[kind]

    def _made(self, kind: str) -> Caller:
        if kind == "anonymous":
            return Caller(self.http, None, people.ANONYMOUS)
        if kind in keys.KINDS:
            key = keys.KINDS[kind](self.project)
            return Caller(self.http, basic(key.username, key.secret), key.principal)
        user = self._user(kind)
        return Caller(self.http, basic(user.username, PASSWORD), people.principal(user))

    def _user(self, kind: str) -> User:
        if kind.upper() in Role.__members__:
            return people.make_member(self.project, Role[kind.upper()], password=PASSWORD)
        return people.make_user(
            kind, password=PASSWORD, is_admin=kind == "admin", is_auditor=kind == "auditor"
        )

    def run(self, by: str = "maintainer", **facts: Any) -> Run:
        """A run of the project, started by that person; `facts` are fields of the row."""
        actor = self.caller(by).principal
        row = {
            "kind": "test.kind",
            "queue": "test",
            "state": "succeeded",
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "actor_name": actor.name,
            "project_id": self.project.pk,
        }
        return Run.objects.create(**row | facts)

    def event(
        self, operation: str = "tag.delete", by: Principal = people.SYSTEM, **detail: Any
    ) -> AuditEvent:
        """What that actor did in the project: about a tag of a name of its own, with that detail."""
        name = f"{self.project.name}/app:{unique('t')}"
        with action(by, P.TAG_CREATE, ref(self.project), name=operation) as draft:
            draft.resource("tag", None, name)
            draft.detail.update(detail)
        return AuditEvent.objects.get(resource_name=name)

    def schedule(self, **facts: Any) -> Schedule:
        """A schedule of the project, about a subject of its own; one of the system where `facts` say so and there is none."""
        row = {"kind": "audit.partitions", "project_id": self.project.pk, "subject_type": "test"}
        row |= {"subject_id": unique("s"), "subject_name": "test", "next_at": FAR} | facts
        name = f"{row['kind']} {row['subject_type']} {row['subject_id']}".strip()
        known = {"kind": row["kind"], "subject_type": row["subject_type"], "subject_id": row["subject_id"]}
        if (found := Schedule.objects.filter(**known).first()) is not None:
            return found
        every = IntervalSchedule.objects.create(every=1, period="days")
        periodic = PeriodicTask.objects.create(name=name, task="wharf.schedule", interval=every)
        return Schedule.objects.create(periodic=periodic, **row)


def client(application: Any = None, url: str = f"http://{HOST}") -> httpx2.Client:
    """Of a WSGI callable, or of a server at that URL."""
    transport = httpx2.WSGITransport(application, raise_app_exceptions=True) if application else None
    hooks = {"response": [conforms]}
    return httpx2.Client(transport=transport, base_url=url, timeout=60, event_hooks=hooks)

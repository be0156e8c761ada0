"""Rows of the exports of the audit log: everybody exports what he may read, and downloads what he asked for himself."""

from __future__ import annotations

from access.principal import Principal
from audit.export import exporting
from audit.export.exporting import Wish
from audit.reading.filter import Filter
from audit.reading.scope import scope_of
from config import audit_export
from jobs.models import Run
from projects.queries import ref
from tests.arch.callers import MEMBERS as ROLES
from tests.arch.callers import Scene
from tests.arch.services.row import ADMINS, EVERYBODY, KEYS_OF_ALL, Refusal, Row, Rows

# Everybody has acts of his own. A registry token is for pulling and pushing.
READERS = EVERYBODY - {"anonymous", "token"}
PERSONS = frozenset({"outsider", *ROLES, "auditor"}) | ADMINS
LOG_READERS = ADMINS | KEYS_OF_ALL | {"project_admin", "auditor"}
NOWHERE = Wish(Filter(request_id="nobody made this request"))


def streamed(actor: Principal, wish: Wish) -> None:
    exporting.stream(actor, wish).close()


def none_under_way(_scene: Scene, _actor: Principal) -> None:
    Run.objects.filter(kind=audit_export.KIND).delete()


def somebody_elses(scene: Scene, actor: Principal) -> int:
    """A finished export that the scene's subject asked for."""
    none_under_way(scene, actor)
    made = Run.objects.create(
        kind=audit_export.KIND,
        queue="exports",
        state="succeeded",
        actor_kind="user",
        actor_id=scene.user.pk,
        actor_name=scene.user.username,
    )
    return int(made.pk)


ROWS: Rows = {
    "audit/export/exporting.py:stream": (
        Row(
            lambda _s, actor, _: streamed(actor, NOWHERE), READERS, "audit.export", refusal=Refusal.IN_SYSTEM
        ),
    ),
    "config/audit_export.py:start": (
        Row(
            lambda _s, actor, _: audit_export.start(actor, NOWHERE),
            PERSONS,
            "audit.export-start",
            given=none_under_way,
            refusal=Refusal.IN_SYSTEM,
        ),
    ),
    "config/audit_export.py:download": (
        Row(
            lambda _s, actor, run: audit_export.download(actor, run),
            frozenset(),
            "audit.export-download",
            given=somebody_elses,
            refusal=Refusal.HIDDEN,
        ),
    ),
    "audit/reading/scope.py:scope_of": (
        Row(lambda _s, actor, _: scope_of(actor), READERS, refusal=Refusal.IN_SYSTEM, recorded=False),
        Row(
            lambda scene, actor, _: scope_of(actor, ref(scene.project)),
            LOG_READERS,
            recorded=False,
            knowing=frozenset({"anonymous"}),
        ),
    ),
}

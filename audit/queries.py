"""Reading the audit log: everyone his own acts (with a key, where that is for), project admins their projects', auditors and
admins all."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from access.check import done_by, member_projects, system_permissions_of
from access.principal import ActorKind, Principal
from access.table import Permission
from audit.models import AuditEvent


def visible_events(actor: Principal) -> QuerySet[AuditEvent]:
    """The events the actor may see, newest first. Callers bound the time: old partitions stay unread."""
    return AuditEvent.objects.filter(_seen_by(actor)).order_by("-ts", "-id")


def _seen_by(actor: Principal) -> Q:
    if Permission.AUDIT_LOG_LIST in system_permissions_of(actor):
        return Q()
    if actor.kind is ActorKind.ANONYMOUS or actor.grants is not None:
        return Q(pk__in=[])
    return done_by(actor) | Q(project_id__in=member_projects(actor, Permission.LOG_LIST))

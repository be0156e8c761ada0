"""A project that comes to most of its quota: told in the audit log, once each time it gets there."""

from __future__ import annotations

from access.principal import Principal
from access.table import P
from audit.actions import action
from projects.models import Project
from projects.queries import ref
from projects.quotas import WARN_PERCENT


def warn(actor: Principal, project_id: int, *, used: int, hard_limit: int) -> None:
    """Record that `used` of `hard_limit` bytes are taken. Nothing for a project that is gone meanwhile. Raises Denied."""
    project = Project.objects.filter(pk=project_id, deleted_at__isnull=True).first()
    with action(actor, P.QUOTA_UPDATE, name="quota.warn") as draft:
        if project is None:
            draft.discard()
            return
        draft.about(ref(project))
        draft.resource("quota", project.pk, project.name)
        draft.detail.update(used=used, hard_limit=hard_limit, percent=WARN_PERCENT)

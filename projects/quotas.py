"""Reading storage quotas. A push is held to one by the statement that charges it (artifacts/links.py)."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet

from access.check import require
from access.principal import Principal
from access.table import P
from core.errors import QuotaUnknown
from projects.models import Quota

WARNING: Final = "quota.warning"
"""The event that a database trigger writes when a push brings a project to WARN_PERCENT of its quota."""
WARN_PERCENT: Final = 85


def quotas(actor: Principal) -> QuerySet[Quota]:
    """Those of all living projects. Raises Denied."""
    require(actor, P.QUOTA_LIST, None)
    return _living()


def quota_of(actor: Principal, quota_id: int) -> Quota:
    """A quota has the id of its project. Raises QuotaUnknown, Denied."""
    require(actor, P.QUOTA_READ, None)
    found = _living().filter(pk=quota_id).first()
    if found is None:
        raise QuotaUnknown(f"no quota {quota_id}", quota=quota_id)
    return found


def _living() -> QuerySet[Quota]:
    return Quota.objects.filter(project__deleted_at__isnull=True).select_related("project", "project__owner")

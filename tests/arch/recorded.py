"""What was done and put on record since a moment."""

from __future__ import annotations

from typing import Final

from audit.models import AuditEvent

MUTATING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SIGN_INS: Final = ("user.sign-in", "robot.sign-in")


def last() -> int:
    return AuditEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0


def done_since(event: int) -> list[str]:
    """But for who came."""
    found = (
        AuditEvent.objects.filter(id__gt=event, result="ok").exclude(operation__in=SIGN_INS).order_by("id")
    )
    return list(found.values_list("operation", flat=True))

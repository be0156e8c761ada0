"""How long the audit log is kept."""

from __future__ import annotations

from typing import Final

from config import kinds
from config.catalogue.setting import Section, Setting

AUDIT_RETENTION_DAYS: Final[Setting[int]] = Setting(
    "audit_retention_days",
    Section.AUDIT,
    kinds.whole(30, 36_500, "days"),
    400,
    "How long events of the audit log are kept. They are dropped a whole month (UTC) at a time, once its last day is so old.",
)
PULL_RETENTION_DAYS: Final[Setting[int]] = Setting(
    "pull_retention_days",
    Section.AUDIT,
    kinds.whole(30, 36_500, "days"),
    90,
    "How long single pulls are kept, a day at a time. Counts of pulls and the times of the last ones stay.",
)
AUDIT_LEGAL_HOLD: Final[Setting[bool]] = Setting(
    "audit_legal_hold",
    Section.AUDIT,
    kinds.boolean(),
    False,
    "While this is on, nothing of the audit log is dropped, however old it is.",
)
AUDIT_EXPORT_DAYS: Final[Setting[int]] = Setting(
    "audit_export_days",
    Section.AUDIT,
    kinds.whole(1, 365, "days"),
    7,
    "How long the file of a large export of the audit log can be downloaded by who asked for it. Then it is removed.",
)
AUDIT_EXPORT_BEFORE_PURGE: Final[Setting[bool]] = Setting(
    "audit_export_before_purge",
    Section.AUDIT,
    kinds.boolean(),
    False,
    "Whether each part of the audit log is written to the folder WHARF_AUDIT_ARCHIVE of the workers, and read back, before the "
    "purge drops it. What cannot be written is not dropped.",
)

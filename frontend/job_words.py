"""What jobs are called on pages: their kinds, their parts and why they were begun. The code of jobs speaks English."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _

from jobs import kinds

Words = str | Promise

KINDS: Final[dict[str, Words]] = {
    "uploads.reap": _("Remove unfinished uploads"),
    "repositories.purge": _("Remove deleted repositories"),
    "statistics.fold": _("Bring statistics up to date"),
    "statistics.age": _("Forget pulls older than 30 days in the counts"),
    "statistics.unique": _("Count the unique sizes of repositories"),
    "audit.partitions": _("Make room for the next months of the audit log"),
    "audit.purge": _("Purge the audit log"),
    "audit.export": _("Export the audit log"),
    "people.forget": _("Take a removed person's name out"),
    "quota.warn": _("Tell that a quota is nearly used up"),
    "ldap.sync": _("Read people and groups of the directory"),
    "jobs.housekeeping": _("Remove old jobs and ended sessions"),
    "tags.delete": _("Delete tags"),
}
# Parts of the work: the bodies name them, and here they are found by who translates.
_PHASES: Final = (
    gettext_noop("removing unfinished uploads"),
    gettext_noop("removing rows of deleted repositories"),
    gettext_noop("folding"),
    gettext_noop("counting the pulls of 30 days"),
    gettext_noop("counting unique sizes"),
    gettext_noop("taking a removed person's name out"),
    gettext_noop("telling that a quota is nearly used up"),
    gettext_noop("making partitions"),
    gettext_noop("removing sessions that are over"),
    gettext_noop("removing files whose time is over"),
    gettext_noop("writing the file"),
    gettext_noop("deleting tags"),
)
TRIGGERS: Final[dict[str, Words]] = {
    "manual": _("by hand"),
    "schedule": _("by the schedule"),
    "event": _("by an event"),
    "chain": _("by another job"),
}
# The state of a run -> the badge that shows it (components.states).
STATES: Final[dict[str, str]] = {
    "queued": "queued",
    "running": "running",
    "retrying": "retrying",
    "succeeded": "success",
    "partial": "partial",
    "failed": "failed",
    "stopped": "stopped",
}
LEVELS: Final[dict[str, Words]] = {
    "info": _("info"),
    "warning": _("warning"),
    "error": _("error"),
}


def kind(name: str) -> str:
    """What the kind of that name does; the name itself of one that is no longer installed."""
    if name in KINDS:
        return str(KINDS[name])
    return kinds.label_of(name)


def phase(name: str) -> str:
    return gettext(name) if name in _PHASES else name


def known_kinds() -> dict[str, str]:
    """What lists can be narrowed by, in the order of their words."""
    found = {each.name: kind(each.name) for each in kinds.kinds()}
    return dict(sorted(found.items(), key=lambda pair: pair[1].casefold()))


def span(seconds: float) -> str:
    """ "4 s", "3 min", "2 h 5 min", "9 d 1 h"."""
    whole = max(int(seconds), 0)
    if whole < 60:
        return gettext("%(number)s s") % {"number": whole}
    minutes, hours, days = whole // 60 % 60, whole // 3600 % 24, whole // 86400
    units = {"d": gettext("%(number)s d"), "h": gettext("%(number)s h"), "min": gettext("%(number)s min")}
    parts = ((days, "d"), (hours, "h")) if days else ((hours, "h"), (minutes, "min"))
    return " ".join(units[unit] % {"number": number} for number, unit in parts if number)


def failed(number: int) -> str:
    told = ngettext("%(count)s item failed", "%(count)s items failed", number)
    return told % {"count": f"{number:,}"}

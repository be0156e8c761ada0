"""The schedules every installation begins with. `wharf up` and `wharf prepare` make those that are missing and change none."""

from __future__ import annotations

from typing import Final

from jobs.schedules import Default

DEFAULTS: Final = (
    Default("statistics.fold", "@every 10s"),
    Default("statistics.age", "23 0 * * *"),
    Default("statistics.unique", "41 0 * * *"),
    Default("repositories.purge", "@every 5m"),
    Default("uploads.reap", "@every 10m"),
    Default("jobs.housekeeping", "@every 10m"),
    Default("ldap.sync", "@every 15m"),
    Default("audit.partitions", "17 1 * * *"),
    Default("audit.purge", "47 2 * * *"),
)

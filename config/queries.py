"""Settings as an administrator sees them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from access.check import require
from access.principal import Principal
from access.table import P
from config import current, stored
from config.catalogue import CATALOGUE
from config.catalogue.setting import Setting
from config.kinds import Unacceptable
from config.models import StoredSetting
from core.sealing import SealBroken


class Source(StrEnum):
    """Where a value comes from."""

    DEFAULT = "default"
    STORED = "stored"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Seen:
    """A setting with its value in force, as JSON. A secret's `value` is None whether there is one (`is_set`) or not.

    `problem`: why what is stored cannot be used; the value shown is then the default.
    """

    setting: Setting[Any]
    source: Source
    value: Any
    is_set: bool
    changed_by: str = ""
    changed_at: dt.datetime | None = None
    problem: str = ""

    @property
    def editable(self) -> bool:
        return self.source is not Source.ENVIRONMENT


def visible_settings(actor: Principal) -> list[Seen]:
    """Every setting, in the order of the catalogue. Raises Denied."""
    require(actor, P.CONFIGURATION_READ, None)
    rows = {row.key: row for row in StoredSetting.objects.all()}
    return [_seen(setting, rows.get(setting.key)) for setting in CATALOGUE.values()]


def _seen(setting: Setting[Any], row: StoredSetting | None) -> Seen:
    locked = current.locks()
    if setting.key in locked:
        return _of(setting, Source.ENVIRONMENT, locked[setting.key])
    if row is None:
        return _of(setting, Source.DEFAULT, setting.default)
    try:
        value, problem = stored.decode(setting, row.value), ""
    except (SealBroken, Unacceptable) as wrong:
        value, problem = setting.default, str(wrong)
    return _of(setting, Source.STORED, value, row=row, problem=problem)


def _of(
    setting: Setting[Any], source: Source, value: Any, *, row: StoredSetting | None = None, problem: str = ""
) -> Seen:
    written = setting.kind.write(value)
    return Seen(
        setting,
        source,
        None if setting.secret else written,
        is_set=bool(written) if setting.secret else source is not Source.DEFAULT,
        changed_by=row.changed_by if row else "",
        changed_at=row.changed_at if row else None,
        problem=problem,
    )

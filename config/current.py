"""The settings in force, for whoever needs one: `current.get(LDAP_URL)`.

Fixed by the environment, else stored, else the default. Rows are read once and remembered while the generation of settings is
unchanged (every process of a host shares it, NOTIFY carries it to other hosts), and never longer than four seconds: a change
is in force everywhere within five, without a restart.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import structlog
from django.conf import settings

from config import stored
from config.catalogue import CATALOGUE
from config.catalogue.setting import Setting
from config.kinds import Unacceptable
from config.models import StoredSetting
from core.errors import SettingUnreadable
from database import generations

T = TypeVar("T")

# Bounds what a process misses that hears no NOTIFY: tasks on another host, a listener that is down.
FRESH_SECONDS: Final = 4.0
# No project or repository can have this name.
GENERATION: Final = ":settings"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    """Stored values by key; a secret stays sealed until it is asked for."""

    values: Mapping[str, Any]
    generation: bytes
    stale_at: float


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Stands for a value whose row cannot be read."""

    reason: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The settings of one moment: what is changed meanwhile is not seen, so that several belong together."""

    _locked: Mapping[str, Any]
    _values: Mapping[str, Any]

    def get(self, setting: Setting[T]) -> T:
        """The value. Raises as the module's `get`."""
        if setting.key in self._locked:
            found: T = self._locked[setting.key]
            return found
        if setting.key not in self._values:
            return setting.default
        found = self._values[setting.key]
        if isinstance(found, _Unreadable):
            raise SettingUnreadable(setting.key, found.reason)
        return stored.decode(setting, found) if setting.secret else found


_lock = threading.Lock()
_known: _Known | None = None


def get(setting: Setting[T]) -> T:
    """The value in force. Raises SealBroken, SealMisplaced for a secret that does not open; DatabaseError.

    Raises SettingUnreadable for a setting of a directory whose row says what it cannot be (Setting.must_be_readable).
    """
    locked = locks()
    # What is fixed needs no database.
    return Snapshot(locked, {} if setting.key in locked else _fresh().values).get(setting)


def snapshot() -> Snapshot:
    """All of them as they are now, for whoever needs several that belong together. Raises DatabaseError."""
    return Snapshot(locks(), _fresh().values)


def locks() -> Mapping[str, Any]:
    """What the environment fixes, by key."""
    fixed: Mapping[str, Any] = settings.WHARF_SETTING_LOCKS
    return fixed


def forget() -> None:
    """Read the rows again at the next use; for tests that roll changes back."""
    global _known
    _known = None


def _fresh() -> _Known:
    global _known
    known = _known
    if known is None or _is_old(known):
        with _lock:
            if _known is None or _is_old(_known):
                _known = _load()
            known = _known
    return known


def _is_old(known: _Known) -> bool:
    return time.monotonic() > known.stale_at or generations.current(GENERATION) != known.generation


def _load() -> _Known:
    # Noted before the rows are read: a change that commits in between makes what was read stale.
    generation = generations.current(GENERATION)
    rows = dict(StoredSetting.objects.values_list("key", "value"))
    values = {key: _readable(CATALOGUE[key], value) for key, value in rows.items() if key in CATALOGUE}
    return _Known(
        {key: value for key, value in values.items() if value is not None},
        generation,
        time.monotonic() + FRESH_SECONDS,
    )


def _readable(setting: Setting[Any], value: Any) -> Any | None:
    """What no version of this setting can be: None where the default is the safe choice, else _Unreadable."""
    if setting.secret:
        return value
    try:
        return stored.decode(setting, value)
    except Unacceptable as wrong:
        log.error("a stored setting cannot be used", key=setting.key, reason=str(wrong))
        return _Unreadable(str(wrong)) if setting.must_be_readable else None

"""Settings as they would be after a change, for whoever tries them before they are saved. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from config import current, plans, stored
from config.catalogue import CATALOGUE
from config.catalogue.setting import Setting
from config.kinds import Unacceptable
from config.models import StoredSetting
from config.plans import State
from core.sealing import SealBroken


def proposed(wanted: Mapping[str, Any]) -> Callable[[Setting[Any]], Any]:
    """A way to ask for the value of a setting, were `wanted` (key -> JSON value) in force.

    Raises SettingsInvalid as `services.change` would. Asking raises as `current.get`.
    """
    planned = {each.setting.key: each.result for each in plans.changes(wanted, state())}
    now = current.snapshot()
    return lambda setting: planned[setting.key] if setting.key in planned else now.get(setting)


def state() -> State:
    """As of this transaction, not as remembered."""
    rows = StoredSetting.objects.filter(key__in=CATALOGUE).values_list("key", "value")
    return State({key: _opened(key, value) for key, value in rows}, current.locks())


def _opened(key: str, value: Any) -> Any:
    """None for a secret that does not open, so that it can be set anew; what else cannot be used is at its default."""
    try:
        return stored.decode(CATALOGUE[key], value)
    except SealBroken:
        return None
    except Unacceptable:
        return CATALOGUE[key].default

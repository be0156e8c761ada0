"""Settings fixed by the environment: WHARF_SETTING_<KEY> holds the value, and nobody changes it while the process runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.catalogue import CATALOGUE
from config.catalogue.setting import VARIABLE_PREFIX, Setting
from config.kinds import Unacceptable


@dataclass(frozen=True, slots=True)
class Locks:
    """`values` by key, typed. `mistakes`: one line per variable that cannot be used, without its value."""

    values: Mapping[str, Any]
    mistakes: tuple[str, ...]


def read(environment: Mapping[str, str]) -> Locks:
    """What the environment fixes. An empty variable fixes nothing, as with all others of ours."""
    values, mistakes = {}, []
    for variable in sorted(environment):
        if not variable.startswith(VARIABLE_PREFIX) or not environment[variable]:
            continue
        setting = CATALOGUE.get(variable.removeprefix(VARIABLE_PREFIX).lower())
        try:
            found = _value(setting, environment[variable])
        except Unacceptable as wrong:
            mistakes.append(f"{variable}: {wrong}")
        else:
            values[variable.removeprefix(VARIABLE_PREFIX).lower()] = found
    return Locks(values, tuple(mistakes))


def _value(setting: Setting[Any] | None, text: str) -> Any:
    if setting is None:
        raise Unacceptable("there is no such setting (wharf config list)")
    return setting.kind.read(setting.kind.text(text))

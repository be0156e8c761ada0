"""What a wish to change settings comes to: every mistake in it, or the changes to make. Pure functions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from pydantic import SecretStr

from config.catalogue import CATALOGUE
from config.catalogue.ldap import LDAP_SEARCH_PASSWORD, LDAP_URL
from config.catalogue.oidc import OIDC_CLIENT_SECRET, OIDC_ENDPOINT
from config.catalogue.rules import RULES
from config.catalogue.setting import Setting
from config.kinds import Unacceptable
from core.errors import SettingsInvalid

MASK: Final = "***"
MAX_SHOWN: Final = 512
_WORDS: Final = {LDAP_SEARCH_PASSWORD.key: "password", OIDC_CLIENT_SECRET.key: "secret"}


class Wish(Enum):
    """What may be wished for besides a value."""

    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Change:
    """`new` None: back to the default."""

    setting: Setting[Any]
    old: Any
    new: Any | None

    @property
    def result(self) -> Any:
        return self.setting.default if self.new is None else self.new


@dataclass(frozen=True, slots=True)
class State:
    """Settings as they are: what rows hold (None: a secret that does not open) and what the environment fixes."""

    stored: Mapping[str, Any]
    locked: Mapping[str, Any]

    def value(self, setting: Setting[Any]) -> Any:
        """The value in force."""
        if setting.key in self.locked:
            return self.locked[setting.key]
        return self.stored.get(setting.key, setting.default)


def changes(wanted: Mapping[str, Any], state: State) -> list[Change]:
    """What has to be changed, in the order of the catalogue; what is so already is left out. Raises SettingsInvalid."""
    mistakes: list[tuple[str, str]] = []
    planned: dict[str, Change] = {}
    for key, wish in wanted.items():
        try:
            change = _change(key, wish, state)
        except Unacceptable as wrong:
            mistakes.append((key, str(wrong)))
        else:
            if change is not None:
                planned[key] = change
    mistakes += _broken(planned, state)
    mistakes += _carried_away(wanted, planned, state)
    if mistakes:
        raise SettingsInvalid(mistakes)
    return [planned[key] for key in CATALOGUE if key in planned]


def _change(key: str, wish: Any, state: State) -> Change | None:
    setting = CATALOGUE.get(key)
    if setting is None:
        raise Unacceptable("is no setting")
    new = None if wish is Wish.RESET else setting.kind.read(wish)
    if key in state.locked:
        # Clients write back all they have read. Whether a secret is the one of the environment is nobody's business.
        if new is not None and not setting.secret and new == state.locked[key]:
            return None
        raise Unacceptable(f"is fixed by {setting.variable} in the environment: change it there")
    if new is None:
        return Change(setting, state.value(setting), None) if key in state.stored else None
    return None if new == state.value(setting) else Change(setting, state.value(setting), new)


def _broken(planned: Mapping[str, Change], state: State) -> Iterator[tuple[str, str]]:
    """Rules that the changes would break. One broken before and not touched now stands in nobody's way."""

    def value(setting: Setting[Any]) -> Any:
        found = planned[setting.key].result if setting.key in planned else state.value(setting)
        return setting.default if found is None else found

    for rule in RULES:
        if any(setting.key in planned for setting in rule.settings) and rule.broken(value):
            yield rule.key, f"cannot be so: {rule.message}"


def _carried_away(
    wanted: Mapping[str, Any], planned: Mapping[str, Change], state: State
) -> Iterator[tuple[str, str]]:
    """A password that was given for one server must not be sent to another because somebody names another.

    Compared with what is in force, so that taking the addresses away first helps nobody. A password in `wanted` counts
    whatever it is.
    """
    moved = planned.get(LDAP_URL.key)
    if moved is not None and not set(moved.result) <= set(state.value(LDAP_URL)):
        yield from _left_behind(LDAP_URL, LDAP_SEARCH_PASSWORD, wanted, state)
    moved = planned.get(OIDC_ENDPOINT.key)
    if moved is not None and moved.result not in ("", state.value(OIDC_ENDPOINT)):
        yield from _left_behind(OIDC_ENDPOINT, OIDC_CLIENT_SECRET, wanted, state)


def _left_behind(
    place: Setting[Any], password: Setting[SecretStr], wanted: Mapping[str, Any], state: State
) -> Iterator[tuple[str, str]]:
    if password.key in state.locked and state.locked[password.key].get_secret_value():
        advice = f"fix {place.variable} there too, or the {_WORDS[password.key]} would go to another server"
        yield place.key, f"cannot be changed here while {password.variable} is in the environment: {advice}"
    elif password.key not in wanted and state.value(password) != password.default:
        yield place.key, f"names another server: give {password.key} again, or reset it"


def shown(setting: Setting[Any], value: Any) -> Any:
    """A value for the audit log: never a secret, and nothing long."""
    if setting.secret:
        return None if value is not None and not value.get_secret_value() else MASK
    written = setting.kind.write(value)
    if isinstance(written, str) and len(written) > MAX_SHOWN:
        return f"{len(written)} characters, SHA-256 {hashlib.sha256(written.encode()).hexdigest()}"
    return written

"""What Harbor calls the metadata of a project: settings by name, each a word of a few. Only those something here acts on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from access.check import permissions_of, require
from access.principal import Principal
from access.table import P
from audit.pull_log import PullLog
from core.errors import InvalidInput, MetadataUnknown
from projects.models import Project
from projects.queries import ref
from projects.services.projects import Changes


@dataclass(frozen=True, slots=True)
class Key:
    """`words`: what may be written, with the value each stands for; `default` is one of the values."""

    default: bool | PullLog
    words: Mapping[str, bool | PullLog]

    def word(self, value: object) -> str:
        return next(word for word, meant in self.words.items() if meant == value)


KEYS: Final[Mapping[str, Key]] = {
    "public": Key(False, {"true": True, "false": False}),
    "pull_log": Key(PullLog.COALESCED, {mode.value: mode for mode in PullLog}),
}
"""Each is a column of Project and a field of Changes."""
READING: Final = frozenset({P.METADATA_READ, P.METADATA_LIST})


def all_of(actor: Principal, project: Project) -> dict[str, str]:
    """Raises ProjectUnknown, Denied."""
    place = ref(project)
    if not permissions_of(actor, place) & READING:
        require(actor, P.METADATA_READ, place)
    return shown(project)


def one_of(actor: Principal, project: Project, key: str) -> dict[str, str]:
    """Raises MetadataUnknown, ProjectUnknown, Denied."""
    require(actor, P.METADATA_READ, ref(project))
    return {key: shown(project)[_known(key)]}


def shown(project: Project) -> dict[str, str]:
    """The metadata as Harbor's clients read them."""
    return {name: key.word(getattr(project, name)) for name, key in KEYS.items()}


def visibility(project: Project) -> dict[str, str]:
    """What everybody who sees the project is told of its metadata."""
    return {"public": KEYS["public"].word(project.public)}


def wanted(given: Mapping[str, object]) -> Changes:
    """Raises InvalidInput for a key nothing acts on, and for a value that is none of its words."""
    if not given:
        raise InvalidInput(f"the metadata is empty: give {_keys()}")
    values: dict[str, Any] = {name: _value(name, value) for name, value in given.items()}
    return Changes(**values)


def default_of(key: str) -> Changes:
    """The change that takes the key back. Raises MetadataUnknown."""
    values: dict[str, Any] = {_known(key): KEYS[key].default}
    return Changes(**values)


def _known(key: str) -> str:
    if key not in KEYS:
        raise MetadataUnknown(f"no such metadata: there are {_keys()}")
    return key


def _value(name: str, value: object) -> bool | PullLog:
    if name not in KEYS:
        raise InvalidInput(f"nothing acts on this metadata: there are {_keys()}")
    words = KEYS[name].words
    found = words.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise InvalidInput(f"{name} is one of {', '.join(words)}")
    return found


def _keys() -> str:
    return ", ".join(sorted(KEYS))

"""What the configuration of an image says of it (OCI image spec, config.md): facts to show, never trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from core.errors import ManifestInvalid
from core.oci.strict_json import parse_json

# A configuration lists commands and layers; above this it is something else and not worth the memory.
MAX_CONFIG_BYTES = 4 * 1024 * 1024
MAX_HISTORY = 2000
_MAX_WORD = 128
_MAX_TEXT = 16 * 1024
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One step of the build, oldest first; an `empty_layer` step has no entry among the layers."""

    created_by: str
    empty_layer: bool
    comment: str
    created: datetime | None


@dataclass(frozen=True, slots=True)
class ConfigFacts:
    """Absent facts are "", None and (). Times are UTC; texts are cut and free of NUL and lone surrogates."""

    os: str = ""
    architecture: str = ""
    variant: str = ""
    created: datetime | None = None
    history: tuple[HistoryEntry, ...] = ()
    author: str = ""


def parse_config(data: bytes) -> ConfigFacts:
    """The facts in a configuration; whatever cannot be read is left out, and nothing is ever raised.

    Artifacts have configurations of any form (`{}`, YAML, nothing at all), so a bad one is no error.
    """
    if len(data) > MAX_CONFIG_BYTES:
        return ConfigFacts()
    try:
        config = parse_json(data)
    except ManifestInvalid:
        return ConfigFacts()
    if not isinstance(config, dict):
        return ConfigFacts()
    return ConfigFacts(
        os=_text(config, "os", _MAX_WORD),
        architecture=_text(config, "architecture", _MAX_WORD),
        variant=_text(config, "variant", _MAX_WORD),
        created=parse_timestamp(config.get("created")),
        history=_history(config.get("history")),
        author=_text(config, "author", _MAX_TEXT),
    )


def parse_timestamp(value: object) -> datetime | None:
    """An RFC 3339 time in UTC, cut to microseconds; None for anything else and Go's zero time (year 1)."""
    matched = _TIMESTAMP.fullmatch(value) if isinstance(value, str) and len(value) <= _MAX_WORD else None
    if matched is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in matched.groups()[:6])
    microsecond = int((matched[7] or "0")[:6].ljust(6, "0"))
    offset = timedelta(hours=int(matched[9] or 0), minutes=int(matched[10] or 0))
    try:
        local = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=UTC)
        utc = local + offset if matched[8] == "-" else local - offset
    except (ValueError, OverflowError):
        return None
    return utc if utc.year > 1 else None


def _history(value: object) -> tuple[HistoryEntry, ...]:
    """All steps or none: steps and layers are matched by counting, so a gap would shift all after it."""
    if (
        not isinstance(value, list)
        or len(value) > MAX_HISTORY
        or not all(isinstance(step, dict) for step in value)
    ):
        return ()
    return tuple(
        HistoryEntry(
            created_by=_text(step, "created_by", _MAX_TEXT),
            empty_layer=step.get("empty_layer") is True,
            comment=_text(step, "comment", _MAX_TEXT),
            created=parse_timestamp(step.get("created")),
        )
        for step in value
    )


def _text(members: dict[str, Any], key: str, limit: int) -> str:
    value = members.get(key)
    if not isinstance(value, str):
        return ""
    return _UNSTORABLE.sub("\ufffd", value[:limit])

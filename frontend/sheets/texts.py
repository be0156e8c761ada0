"""What somebody else wrote, made fit to be shown: no character that breaks a page, no link that is none, no open secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from artifacts.browsing.differences import looks_secret
from core.errors import ManifestInvalid
from core.oci.strict_json import parse_json

MOST_ROWS: Final = 300
LONGEST: Final = 300
SHOWN_OF_LONG: Final = 120
# A lone half of a surrogate pair is no character: the page could not be sent.
_BROKEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_REVISION: Final = re.compile(r"[0-9a-f]{7,64}", re.ASCII)
_SOURCE, _OF_REVISION = "org.opencontainers.image.source", "org.opencontainers.image.revision"


@dataclass(frozen=True, slots=True)
class Pair:
    """A name and what it says. `href`: where it leads, "" for nowhere; `start`: of a long value what is shown at once."""

    name: str
    value: str
    href: str = ""
    start: str = ""
    is_secret: bool = False


def readable(text: str) -> str:
    """The text without what no page can hold."""
    return _BROKEN.sub("\ufffd", text)


def document(data: bytes | None) -> Any:
    """The JSON value, None for what is none."""
    if data is None:
        return None
    try:
        return parse_json(data)
    except ManifestInvalid:
        return None


def strings(text: str) -> dict[str, str]:
    """The annotations of a row: JSON as we wrote it."""
    return {readable(name): readable(value) for name, value in json.loads(text).items()}


def pairs(found: Mapping[str, Any]) -> tuple[Pair, ...]:
    """By name, up to MOST_ROWS; values that are addresses lead there, a revision to where its source shows it."""
    texts = {readable(str(name)): readable(value) for name, value in found.items() if isinstance(value, str)}
    source = texts.get(_SOURCE, "")
    return tuple(_pair(name, texts[name], source) for name in sorted(texts)[:MOST_ROWS])


def variables(found: Iterable[Any]) -> tuple[Pair, ...]:
    """Of "NAME=value" each, as they stand; what looks like a secret is marked."""
    texts = [readable(each).partition("=") for each in found if isinstance(each, str)]
    return tuple(
        Pair(name, value, start=_start(value), is_secret=bool(value and looks_secret(name)))
        for name, _equals, value in texts[:MOST_ROWS]
    )


def words(value: Any) -> str:
    """A list as it is written in a Dockerfile, a text as it is."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, list) and value:
        return readable(json.dumps(value, ensure_ascii=False))
    return ""


def keys(value: Any) -> tuple[str, ...]:
    """The names in an object such as {"80/tcp": {}}."""
    return tuple(readable(str(name)) for name in list(value)[:MOST_ROWS]) if isinstance(value, dict) else ()


def web_address(text: str) -> str:
    """The text if a browser may be sent there, "" for anything else."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    is_one = (
        parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable() and " " not in text
    )
    return text if is_one else ""


def _pair(name: str, value: str, source: str) -> Pair:
    href = web_address(value)
    if name == _OF_REVISION and _REVISION.fullmatch(value) and web_address(source):
        href = f"{source.rstrip('/').removesuffix('.git')}/commit/{value}"
    return Pair(name, value, href, _start(value))


def _start(value: str) -> str:
    return f"{value[:SHOWN_OF_LONG]}…" if len(value) > LONGEST else ""

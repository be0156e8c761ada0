"""The tab with the documents as they are: manifest, index and config, indented to be read, byte for byte to be taken along."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from artifacts import queries
from artifacts.browsing import documents
from artifacts.browsing.sheets import Content, Sheet
from artifacts.places import Located
from core.oci.digest import Digest
from frontend.places import address
from frontend.sheets import texts
from frontend.sheets.asked import Asked
from frontend.sheets.overview import own_page

MOST_LINES: Final = 5_000
LONGEST_LINE: Final = 4_000
# More is not put into the page a second time, for the button that copies it.
MOST_COPIED: Final = 64 * 1024
_MEMBER: Final = re.compile(r'^(\s*)("(?:[^"\\]|\\.)*+")(: )(.*)$')


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    html: SafeString


@dataclass(frozen=True, slots=True)
class Document:
    """`size` in bytes; `text`: to be copied, "" where it is too much for that; `more`: not all lines are shown;
    `lines`: none where it is no text, or where it is not kept beside the manifest.
    """

    digest: str
    media_type: str
    size: int
    lines: tuple[Line, ...]
    text: str
    more: bool
    download: str
    views: tuple[tuple[str, str, bool], ...]
    told: str
    template: str = "frontend/artifacts/document.html"


def document(place: Located, sheet: Sheet, content: Content | None, asked: Asked) -> Document:
    """One query. Raises ManifestUnknown, StorageFailed."""
    shown = content if content is not None and content.artifact_id is not None else None
    kind = _kind(sheet, shown, asked)
    of = sheet.digest if kind == "index" or shown is None else shown.digest
    if kind == "config":
        found = documents.described(place, of)
        data, media_type, digest = found.config, found.config_type, ""
    else:
        stored = queries.manifest(place.target, of)
        data, media_type, digest = stored.payload, stored.media_type, str(of)
    linked = {str(each.digest): own_page(place, each.digest) for each in sheet.contents if each.artifact_id}
    lines = list(_lines(data or b"", linked if kind == "index" else {}))
    text = (data or b"").decode(errors="replace")
    return Document(
        digest=digest,
        media_type=media_type,
        size=len(data or b""),
        lines=tuple(lines[:MOST_LINES]),
        text=texts.readable(text) if len(text) <= MOST_COPIED else "",
        more=len(lines) > MOST_LINES,
        download=_download(place, of, kind) if data else "",
        views=_views(sheet, shown, asked, kind),
        told=""
        if data
        else _("It is large or no JSON, and is not kept beside the manifest: pull it to read it."),
    )


def _kind(sheet: Sheet, shown: Content | None, asked: Asked) -> str:
    if sheet.is_index and (asked.document == "index" or shown is None):
        return "index"
    return "config" if asked.document == "config" else "manifest"


def _views(sheet: Sheet, shown: Content | None, asked: Asked, kind: str) -> tuple[tuple[str, str, bool], ...]:
    named = [("index", _("Index"))] if sheet.is_index else []
    if shown is not None:
        named += [("manifest", _("Manifest")), ("config", _("Config"))]
    return tuple((label, asked.link(document=each), each == kind) for each, label in named)


def _download(place: Located, of: Digest, kind: str) -> str:
    path = address("manifest_raw", repository=str(place.target.name), digest=str(of))
    return f"{path}?document=config" if kind == "config" else path


def _lines(data: bytes, linked: dict[str, str]) -> Iterator[Line]:
    """One more than are shown, where there are more."""
    text = data.decode(errors="replace")
    value = texts.document(data)
    if value is not None:
        text = json.dumps(value, indent=2, ensure_ascii=False)
    for number, line in enumerate(texts.readable(text).split("\n")[: MOST_LINES + 1], 1):
        yield Line(number, _tinted(line[:LONGEST_LINE], linked))


def _tinted(line: str, linked: dict[str, str]) -> SafeString:
    """The name of a member apart from its value; a digest of a part leads to the part."""
    found = _MEMBER.match(line)
    if found is None:
        return format_html("{}", line)
    ahead, name, colon, value = found.groups()
    return format_html('{}<span class="kw">{}</span>{}{}', ahead, name, colon, _value(value, linked))


def _value(value: str, linked: dict[str, str]) -> Any:
    digest = value.strip('",')
    if digest not in linked:
        return value
    return format_html('"<a href="{}">{}</a>"{}', linked[digest], digest, value[len(digest) + 2 :])

"""Files that pages load, under names that carry their hash so that they may be kept for a year, and packed once."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).resolve().parent / "static" / "frontend"
KINDS: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# What is asked for -> the files it is made of, in this order: a later rule of the sheet wins.
PARTS: Final[dict[str, tuple[str, ...]]] = {
    "wharf.css": (
        "vendor/tabler.min.css",
        "css/tokens.css",
        "css/dark.css",
        "css/base.css",
        "css/controls.css",
        "css/shell.css",
        "css/header.css",
        "css/filters.css",
        "css/tables.css",
        "css/states.css",
        "css/menus.css",
        "css/notices.css",
        "css/overview.css",
        "css/artifact.css",
        "css/sheets.css",
        "css/history.css",
        "css/audit.css",
        "css/job.css",
        "css/jobs.css",
        "css/forms.css",
        "css/search.css",
        "css/home.css",
        "css/help.css",
        "css/foot.css",
        "css/markdown.css",
        "css/auth.css",
        "css/account.css",
        "css/columns.css",
        "css/lists.css",
        "css/digests.css",
        "css/tablet.css",
        "css/phone.css",
        "css/narrow.css",
        "css/media.css",
        "css/print.css",
    ),
    "theme.js": ("js/theme.js",),
    "htmx.js": ("vendor/htmx.min.js", "vendor/idiomorph-ext.min.js"),
    "wharf.js": (
        "js/words.js",
        "js/menus.js",
        "js/copying.js",
        "js/times.js",
        "js/lists.js",
        "js/filters.js",
        "js/requests.js",
        "js/toasts.js",
        "js/shortcuts.js",
        "js/search.js",
        "js/log.js",
        "js/dialogs.js",
    ),
    "icons.svg": ("vendor/icons.svg",),
    "wharf.svg": ("wharf.svg",),
}
DARK: Final = "css/dark.css"


class AssetsMissing(RuntimeError):
    """What npm brings is not there: nothing can be shown."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file. `name` is what it is asked for by; `packed`: the content as gzip has it."""

    name: str
    content_type: str
    content: bytes
    packed: bytes


@cache
def assets() -> dict[str, Asset]:
    """All of them, by the names of PARTS. Raises AssetsMissing."""
    return {name: _made(name, parts) for name, parts in PARTS.items()}


def missing() -> list[Path]:
    """Files of PARTS that are not there."""
    named = (STATIC / part for parts in PARTS.values() for part in parts)
    return [path for path in named if not path.is_file()]


def by_name(name: str) -> Asset | None:
    """The one that is asked for by that name."""
    return next((each for each in assets().values() if each.name == name), None)


def url(name: str) -> str:
    """Where a page finds the file of PARTS."""
    return f"/static/{assets()[name].name}"


def _made(name: str, parts: tuple[str, ...]) -> Asset:
    content = "".join(_text(part) for part in parts).encode()
    path = Path(name)
    hashed = f"{path.stem}.{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"
    return Asset(hashed, KINDS[path.suffix], content, gzip.compress(content, 9, mtime=0))


def _text(part: str) -> str:
    try:
        text = (STATIC / part).read_text(encoding="utf-8").rstrip() + "\n"
    except FileNotFoundError as missing:
        raise AssetsMissing(
            f"{missing.filename} is not there: bin/up makes what pages load (prepare_assets of bin/lib/assets.sh)"
        ) from None
    return text + _by_the_system(text) if part == DARK else text


def _by_the_system(dark: str) -> str:
    """The same colours for who leaves it to the system and runs no script."""
    return "@media (prefers-color-scheme: dark) {\n" + dark.replace('"dark"', '"auto"') + "}\n"

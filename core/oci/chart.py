"""What a packed Helm chart says of itself in text: its README and its default values, read without unpacking anything to disk.

A chart is a gzip stream of a tar archive (POSIX ustar), its files below one folder: <chart>/README.md, <chart>/values.yaml,
parts of it below <chart>/charts/. The archive is somebody else's: sizes and names are believed only within these bounds.
"""

from __future__ import annotations

import zlib
from typing import Final

CONTENT: Final = "application/vnd.cncf.helm.chart.content."
"""How the media type of the layer begins."""
MOST_PACKED: Final = 4 * 1024 * 1024
"""Bytes of a packed chart that is looked into; Helm itself takes no larger one than 20 MiB, and most have 100 KiB."""
MOST_UNPACKED: Final = 16 * 1024 * 1024
LONGEST: Final = 512 * 1024
NAMES: Final = ("readme.md", "values.yaml")

_BLOCK: Final = 512
_GZIP: Final = 16 + zlib.MAX_WBITS


def documents(packed: bytes) -> dict[str, str]:
    """The text of each of NAMES that lies right in the chart's folder; nothing of what is no chart, too large or cut off."""
    try:
        data = zlib.decompressobj(_GZIP).decompress(packed[:MOST_PACKED], MOST_UNPACKED)
    except zlib.error:
        return {}
    found: dict[str, str] = {}
    at = 0
    while at + _BLOCK <= len(data) and data[at]:
        name, size, is_file = _header(data[at : at + _BLOCK])
        at += _BLOCK
        if size < 0:
            break
        if is_file and name in NAMES and size <= LONGEST and at + size <= len(data):
            found.setdefault(name, data[at : at + size].decode(errors="replace"))
        at += -(-size // _BLOCK) * _BLOCK
    return found


def _header(block: bytes) -> tuple[str, int, bool]:
    """(name within the chart's folder in lower case, size in bytes, whether it is a plain file); size -1 for no header."""
    name = block[:100].partition(b"\0")[0].decode(errors="replace")
    try:
        size = int(block[124:136].strip(b"\0 ") or b"0", 8)
    except ValueError:
        size = -1
    return name.removeprefix("./").partition("/")[2].lower(), size, block[156:157] in (b"0", b"\0")

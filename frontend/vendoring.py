"""Take the few files that pages load out of the packages that npm unpacked: `python -m frontend.vendoring node_modules`.

Written beside our own files, and never committed: bin/lib/assets.sh makes them again when the lock or the icons change.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from frontend import icons, tabler

VENDOR: Final = Path(__file__).resolve().parent / "static" / "frontend" / "vendor"
# Our name for it -> where its package has it.
TABLER: Final = "tabler.min.css"
FILES: Final = {
    TABLER: "@tabler/core/dist/css/tabler.min.css",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "idiomorph-ext.min.js": "idiomorph/dist/idiomorph-ext.min.js",
}
SPRITE: Final = "icons.svg"

# A browser's tools would ask for what is not there.
_MAP_OF_SOURCES = re.compile(r"/\*# sourceMappingURL=.*?\*/|//# sourceMappingURL=.*$", re.MULTILINE)
_SHAPES = re.compile(r"<svg.*?>(.*)</svg>", re.DOTALL)


def vendor(packages: Path, folder: Path = VENDOR) -> None:
    """Write the files of `folder` anew from those of node_modules. Raises FileNotFoundError for one that is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in FILES.items():
        text = (packages / source).read_text(encoding="utf-8")
        ours = _MAP_OF_SOURCES.sub("", text).strip()
        (folder / name).write_text((tabler.purged(ours) if name == TABLER else ours) + "\n", encoding="utf-8")
    outlines = packages / "@tabler/icons/icons/outline"
    (folder / SPRITE).write_text(sprite(outlines), encoding="utf-8")


def sprite(outlines: Path) -> str:
    """One SVG with a symbol for every icon, whose id is the icon's name."""
    symbols = [_symbol(name, _shapes(outlines / f"{name}.svg")) for name in sorted(icons.NAMES)]
    symbols.append(_symbol(icons.MARK, icons.MARK_SHAPE))
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def _symbol(name: str, shapes: str) -> str:
    return f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>'


def _shapes(path: Path) -> str:
    found = _SHAPES.search(path.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{path} holds no picture")
    return " ".join(found[1].split())


if __name__ == "__main__":
    vendor(Path(sys.argv[1]))

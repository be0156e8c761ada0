"""Compile the translations, which are committed as text: `python -m frontend.translations`. What is up to date stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

LOCALE: Final = Path(__file__).resolve().parent / "locale"


def compile_all(folder: Path = LOCALE) -> list[Path]:
    """The files that were written anew."""
    return [_compiled(source) for source in stale(folder)]


def stale(folder: Path = LOCALE) -> Iterator[Path]:
    """Sources that are younger than what was made of them."""
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        made = source.with_suffix(".mo")
        if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
            yield source


def _compiled(source: Path) -> Path:
    import polib  # not needed to serve

    made = source.with_suffix(".mo")
    polib.pofile(str(source)).save_as_mofile(str(made))
    return made


if __name__ == "__main__":
    compile_all()

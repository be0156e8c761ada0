"""Whether every text of the pages is translated, found by gettext itself: `python -m tests.frontend.translating [--write]`.

`--write`: the texts of today into the committed file, those that are new without a translation.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
FILE = Path("locale/zh_Hans/LC_MESSAGES/django.po")
INSTALL = "apt-get install -y gettext"
IGNORED = shutil.ignore_patterns("static", "__pycache__", "*.mo")


def extracted() -> polib.POFile:
    """The committed translations, brought to the texts of today by gettext."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "frontend"
        shutil.copytree(FRONTEND, copy, ignore=IGNORED)
        command = [
            sys.executable,
            "-m",
            "django",
            "makemessages",
            "-l",
            "zh_Hans",
            "-e",
            "html,py",
            "--no-location",
        ]
        # No settings of ours: it reads sources alone.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
        subprocess.run(command, cwd=copy, check=True, capture_output=True, env=environment)
        return polib.pofile(str(copy / FILE), wrapwidth=110)


def complaints(found: polib.POFile) -> list[str]:
    """A line for each text without a translation that is certain, and for each translation nobody needs."""
    return [
        *(f"not translated: {entry.msgid}" for entry in found.untranslated_entries()),
        *(f"a guess, look at it: {entry.msgid}" for entry in found.fuzzy_entries()),
        *(f"no longer there: {entry.msgid}" for entry in found.obsolete_entries()),
    ]


def write(found: polib.POFile) -> None:
    """Without the date of the making, which would change with nothing else."""
    found.metadata.pop("POT-Creation-Date", None)
    for entry in found.obsolete_entries():
        found.remove(entry)
    found.save(str(FRONTEND / FILE))


def main() -> int:
    if shutil.which("xgettext") is None:
        print(f"the translations are not checked; to do so, as root run: {INSTALL}")  # noqa: T201
        return 0
    found = extracted()
    if "--write" in sys.argv:
        write(found)
    lines = complaints(found)
    print("\n".join(lines), end="\n" if lines else "")  # noqa: T201
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())

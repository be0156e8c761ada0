"""What the registry takes in, and what it tells everybody."""

from __future__ import annotations

from typing import Final

from config import kinds, texts
from config.catalogue.setting import Section, Setting

LARGEST_QUOTA: Final = 2**53 - 1  # JSON's readers in browsers know no larger whole number for certain

STORAGE_PER_PROJECT: Final[Setting[int]] = Setting(
    "storage_per_project",
    Section.CONTENTS,
    kinds.whole(-1, LARGEST_QUOTA, "bytes, -1 for no limit"),
    -1,
    "The storage quota of a new project, unless an administrator gives it another. Projects that are there keep theirs.",
)
READ_ONLY: Final[Setting[bool]] = Setting(
    "read_only",
    Section.CONTENTS,
    kinds.boolean(),
    False,
    "Whether what is stored stays as it is: pushes, copies, deletions and changes of tags and labels of artifacts are refused. "
    "Pulls, people, rights and settings go on.",
)
BANNER_MESSAGE: Final[Setting[str]] = Setting(
    "banner_message",
    Section.CONTENTS,
    kinds.line(
        'one line of text, or Harbor\'s JSON {"message": "…", "type": "info"}', texts.banner, limit=4096
    ),
    "",
    "What every page and `GET /systeminfo` tells everybody, signed in or not.",
)

"""Names of users and groups, parsed where they enter."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from core.errors import NameInvalid
from core.oci.quoting import quoted

MAX_CHARACTERS = 255
# `$` marks robots, `:` ends the name in Basic credentials, `,` separates names in lists.
_RESERVED = re.compile(r"[$:,]")
_RULE = "1 to 255 characters, no spaces, no control characters, none of $ : ,"

# Names that others would take for Wharf itself or for those who run it: nobody gives himself one of them.
KEPT_NAMES: Final = frozenset(
    [
        "root",
        "admin",
        "administrator",
        "system",
        "directory",
        "schedule",
        "anonymous",
        "operator",
        "wharf",
        "library",
        "robot",
    ]
)
# Written together with Latin letters, and never taken for them.
_UNLIKE_LETTERS: Final = frozenset(("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO"))


@dataclass(frozen=True, slots=True)
class UserName:
    """A user's name in Unicode's compatibility form (NFKC), so that what looks alike is alike."""

    value: str

    def __str__(self) -> str:
        return self.value

    @classmethod
    def parse(cls, text: str) -> UserName:
        """Raises NameInvalid. Letters of any script are fine, and `@`: e-mail addresses are common names."""
        # The length first: normalising costs time, and may lengthen.
        name = unicodedata.normalize("NFKC", text) if len(text) <= MAX_CHARACTERS else text
        if not name or len(name) > MAX_CHARACTERS:
            raise NameInvalid(f"a user name has 1 to {MAX_CHARACTERS} characters, this one has {len(name)}")
        # False for control and format characters, surrogates, unassigned ones and all spaces
        # but U+0020.
        if " " in name or not name.isprintable() or _RESERVED.search(name):
            raise NameInvalid(f"user name {quoted(name)} is not allowed: {_RULE}")
        return cls(name)


@dataclass(frozen=True, slots=True)
class GroupName:
    """A group's name in NFKC. Directories name groups "Domain Users" or "R&D: Berlin, Mitte": spaces and marks are fine."""

    value: str

    def __str__(self) -> str:
        return self.value

    @classmethod
    def parse(cls, text: str) -> GroupName:
        """Raises NameInvalid."""
        name = text.strip()
        if len(name) <= MAX_CHARACTERS:
            name = unicodedata.normalize("NFKC", name).strip()
        if not name or len(name) > MAX_CHARACTERS or not name.isprintable():
            raise NameInvalid(
                f"group name {quoted(name)} is not allowed: 1 to {MAX_CHARACTERS} characters, no control characters"
            )
        return cls(name)


def check_own(name: UserName) -> None:
    """Whether somebody may give himself that name; administrators may give any. Raises NameInvalid.

    Refused are kept ones in any case and with any accent, and letters of several alphabets, many of which look alike.
    Source: UTS 39, 5.2, restriction levels.
    """
    if _plain(name.value) in KEPT_NAMES:
        raise NameInvalid(
            f"the name {quoted(name.value)} is kept for those who run this registry: choose another one"
        )
    if len(_alphabets(name.value) - _UNLIKE_LETTERS) > 1:
        raise NameInvalid(
            f"the name {quoted(name.value)} has letters of several alphabets, which look alike: keep to those of one"
        )


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold()).replace("\N{LATIN SMALL LETTER DOTLESS I}", "i")
    return "".join(each for each in letters if not unicodedata.combining(each))


def _alphabets(name: str) -> set[str]:
    """By the first words of what Unicode calls its letters: LATIN, CYRILLIC, CJK."""
    letters = (each for each in name if unicodedata.category(each) in ("Lu", "Ll", "Lt", "Lo"))
    return {re.split("[ -](?!HIRAGANA)", unicodedata.name(each, "unnamed"))[0] for each in letters}

"""Names of users and groups, parsed where they enter."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from core.errors import NameInvalid
from core.oci.quoting import quoted

MAX_CHARACTERS = 255
# `$` marks robots, `:` ends the name in Basic credentials, `,` separates names in lists.
_RESERVED = re.compile(r"[$:,]")
_RULE = "1 to 255 characters, no spaces, no control characters, none of $ : ,"


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

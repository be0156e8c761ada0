"""The members of one JSON object, read with their path so that every refusal says where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import DigestInvalid
from core.oci.digest import Digest
from core.oci.quoting import quoted
from core.oci.strict_json import kind_of, member_path, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Self

MAX_SIZE = 2**63 - 1
# Media types have at most 127 + 1 + 127 characters (RFC 6838 §4.2); platform values are far shorter.
MAX_TOKEN_LENGTH = 255
_TOKEN = re.compile(r"[ -~]*", re.ASCII)


def folded(keys: Iterable[str]) -> dict[str, str]:
    """The known keys of an object by the form that Go's JSON decoder compares, for `Members.of`."""
    return {_fold(key): key for key in keys}


def _fold(key: str) -> str:
    # Go matches keys by Unicode simple folding: U+017F is an s there, and U+212A (which lower() knows) a k.
    return key.replace("\u017f", "s").lower()


@dataclass(frozen=True, slots=True)
class Members:
    """A JSON object at `path` ("" is the document). A member that is null reads as absent, as for Go."""

    values: Mapping[str, Any]
    path: str

    @classmethod
    def of(cls, value: object, path: str, known: Mapping[str, str]) -> Self:
        """Refuses what is no object, and keys that differ from one of `known` (see `folded`) by case alone.

        Go clients take such a key for the known one and the last of both wins: `Layers` could hide `layers`.
        """
        if not isinstance(value, dict):
            refuse(path, f"{'' if path else 'the document '}must be an object, not {kind_of(value)}")
        for key in value:
            canonical = known.get(_fold(key))
            if canonical is not None and canonical != key:
                refuse(
                    path,
                    f"key {quoted(key)} differs from {quoted(canonical)} by case alone: clients confuse them",
                )
        return cls(value, path)

    def at(self, key: str) -> str:
        """The path of a member."""
        return member_path(self.path, key)

    def get(self, key: str) -> Any:
        """The raw value, None when absent or null."""
        return self.values.get(key)

    def text(self, key: str) -> str:
        """A string of printable ASCII, at most 255 characters; "" when absent."""
        value = self.raw_text(key)
        if value is None:
            return ""
        if len(value) > MAX_TOKEN_LENGTH:
            refuse(self.at(key), f"has {len(value)} characters, the limit is {MAX_TOKEN_LENGTH}")
        if not _TOKEN.fullmatch(value):
            refuse(self.at(key), f"{quoted(value)} holds characters other than printable ASCII")
        return value

    def raw_text(self, key: str) -> str | None:
        """Any string, verbatim; None when absent."""
        value = self.get(key)
        if value is not None and not isinstance(value, str):
            refuse(self.at(key), f"must be a string, not {kind_of(value)}")
        return value

    def required_text(self, key: str) -> str:
        """Like `text`, but neither absent nor empty."""
        value = self.text(key)
        if not value:
            refuse(self.at(key), "is required" if self.get(key) is None else "may not be empty")
        return value

    def digest(self, key: str) -> Digest:
        """A required digest."""
        value = self.raw_text(key)
        if value is None:
            refuse(self.at(key), "is required")
        try:
            return Digest.parse(value)
        except DigestInvalid as error:
            refuse(self.at(key), error.message)

    def size(self, key: str) -> int:
        """A required number of bytes: an integer from 0 to 2^63-1."""
        value = self.get(key)
        if value is None:
            refuse(self.at(key), "is required")
        if not isinstance(value, int) or isinstance(value, bool):
            refuse(self.at(key), f"must be an integer, not {_shown(value)}")
        if not 0 <= value <= MAX_SIZE:
            refuse(self.at(key), f"must be from 0 to {MAX_SIZE}")
        return value

    def array(self, key: str) -> list[Any]:
        """An array; empty when absent."""
        value = self.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            refuse(self.at(key), f"must be an array, not {kind_of(value)}")
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        """An array of strings, verbatim; empty when absent."""
        values = self.array(key)
        for index, value in enumerate(values):
            if not isinstance(value, str):
                refuse(member_path(self.at(key), index), f"must be a string, not {kind_of(value)}")
        return tuple(values)

    def string_map(self, key: str) -> dict[str, str]:
        """An object of strings, verbatim (they may hold NUL and lone surrogates); empty when absent."""
        value = self.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            refuse(self.at(key), f"must be an object, not {kind_of(value)}")
        for name, member in value.items():
            if not isinstance(member, str):
                refuse(member_path(self.at(key), name), f"must be a string, not {kind_of(member)}")
        return value


def _shown(value: object) -> str:
    return str(value) if isinstance(value, float) else kind_of(value)

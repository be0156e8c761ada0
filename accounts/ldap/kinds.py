"""What kind of directory answers, as it says itself, and the one attribute its entries are known by.

That attribute alone is read and searched for: another one may be a copy from elsewhere, or a person's own to write.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

ACTIVE_DIRECTORY: Final = "1.2.840.113556.1.4.800"
OBJECT_GUID: Final = "objectGUID"
UNIQUE_ID: Final = "nsUniqueId"
ENTRY_UUID: Final = "entryUUID"


@dataclass(frozen=True, slots=True)
class Kind:
    """`subject`: the attribute whose value never changes of an entry, and is no other entry's."""

    is_active_directory: bool
    subject: str


def kind_of(capabilities: Collection[str], vendor: str) -> Kind:
    """By the root entry's supportedCapabilities and vendorName ("" for none)."""
    if ACTIVE_DIRECTORY in capabilities:
        return Kind(is_active_directory=True, subject=OBJECT_GUID)
    # An older 389 Directory Server has no entryUUID.
    return Kind(is_active_directory=False, subject=UNIQUE_ID if vendor.startswith("389") else ENTRY_UUID)

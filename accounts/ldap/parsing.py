"""Entries of a directory as people and groups, and the filters that find them again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from accounts.ldap import names
from accounts.ldap.people import FoundGroup, Person
from accounts.ldap.session import Entry, Session
from accounts.ldap.settings import DirectorySettings
from core.errors import DirectoryUnavailable

ACTIVE_DIRECTORY: Final = "1.2.840.113556.1.4.800"
ACCOUNT_DISABLED: Final = 0x2
GUID_BYTES: Final = 16
_OBJECT_GUID: Final = "objectGUID"
_UNIQUE_ID: Final = "nsUniqueId"
_ENTRY_UUID: Final = "entryUUID"
# What never changes of an entry, most lasting first: of 389 Directory Server an older one is known besides entryUUID.
_SUBJECTS: Final = (_OBJECT_GUID, _UNIQUE_ID, _ENTRY_UUID)


@dataclass(frozen=True, slots=True)
class Kind:
    """What kind of directory it is, as it says itself."""

    is_active_directory: bool
    subject: str


def kind(session: Session) -> Kind:
    """Asked of the root entry, which everybody may read."""
    root = session.read("", ("supportedCapabilities", "vendorName"))
    if root is not None and ACTIVE_DIRECTORY in root.texts("supportedCapabilities"):
        return Kind(is_active_directory=True, subject=_OBJECT_GUID)
    is_389 = root is not None and root.text("vendorName").startswith("389")
    return Kind(is_active_directory=False, subject=_UNIQUE_ID if is_389 else _ENTRY_UUID)


def person_attributes(settings: DirectorySettings) -> tuple[str, ...]:
    """What `person` needs. entryUUID is operational: it comes only when it is asked for by name."""
    return (*_SUBJECTS, settings.uid, "mail", "displayName", "cn", "userAccountControl")


def group_attributes(settings: DirectorySettings) -> tuple[str, ...]:
    return (*_SUBJECTS, settings.group_name)


def person(entry: Entry, settings: DirectorySettings) -> Person:
    """Raises DirectoryUnavailable for an entry that does not show what it is known by."""
    # One with several names is known by the one his entry is named by, whichever he types.
    given = names.first_value(entry.dn, settings.uid)
    name = given or min(entry.texts(settings.uid), default="")
    return Person(
        subject=_subject(entry),
        dn=names.normal(entry.dn),
        name=name,
        email=entry.text("mail"),
        full_name=entry.text("displayName") or entry.text("cn"),
        is_disabled=bool(_number(entry.text("userAccountControl")) & ACCOUNT_DISABLED),
    )


def group(entry: Entry, settings: DirectorySettings) -> FoundGroup:
    """Raises as `person`."""
    dn = names.normal(entry.dn)
    return FoundGroup(_subject(entry), dn, entry.text(settings.group_name) or dn)


def by_subjects(subjects: Iterable[str], known_by: str) -> str:
    """A filter for the entries with these subjects; what can be none finds nothing."""
    return names.any_of(*(names.equals(known_by, _value(subject, known_by)) for subject in subjects))


def _subject(entry: Entry) -> str:
    guid = entry.attributes.get(_OBJECT_GUID.lower())
    if guid and len(guid[0]) == GUID_BYTES:
        return str(UUID(bytes_le=guid[0]))
    found = entry.text(_UNIQUE_ID) or entry.text(_ENTRY_UUID)
    if not found:
        raise DirectoryUnavailable(
            f"an entry shows neither {', nor '.join(_SUBJECTS)}",
            hint="let the search account read the one this directory has",
        )
    return found.lower()


def _value(subject: str, known_by: str) -> str | bytes:
    if known_by != _OBJECT_GUID:
        return subject
    try:
        return UUID(subject).bytes_le
    except ValueError:
        return subject


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() else 0

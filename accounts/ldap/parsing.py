"""Entries of a directory as people and groups, and the filters that find them again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from accounts.ldap import names
from accounts.ldap.kinds import ENTRY_UUID, OBJECT_GUID, UNIQUE_ID
from accounts.ldap.people import FoundGroup, Person
from accounts.ldap.session import Entry, Session
from accounts.ldap.settings import DirectorySettings
from core.errors import DirectoryUnavailable

ACCOUNT_DISABLED: Final = 0x2
# ppolicy's time for "until an administrator opens it" (draft-behera-ldap-password-policy §5.3.3). A later time is that of wrong
# passwords and passes by itself.
LOCKED_FOR_GOOD: Final = "000001010000Z"
GUID_BYTES: Final = 16
_SUBJECTS: Final = (OBJECT_GUID, UNIQUE_ID, ENTRY_UUID)
_CLOSED: Final = ("userAccountControl", "nsAccountLock", "pwdAccountLockedTime")


def person_attributes(settings: DirectorySettings) -> tuple[str, ...]:
    """What `person` needs. Operational attributes, as entryUUID is, come only when they are asked for by name."""
    return (*_SUBJECTS, settings.uid, "mail", "displayName", "cn", *_CLOSED)


def group_attributes(settings: DirectorySettings) -> tuple[str, ...]:
    return (*_SUBJECTS, settings.group_name)


def person(entry: Entry, session: Session) -> Person:
    """Raises DirectoryUnavailable for an entry that does not show what it is known by."""
    return Person(
        subject=_subject(entry, session.kind.subject),
        dn=names.normal(entry.dn),
        name=name(entry, session.settings),
        email=entry.text("mail"),
        full_name=entry.text("displayName") or entry.text("cn"),
        is_disabled=_is_closed(entry),
    )


def name(entry: Entry, settings: DirectorySettings) -> str:
    """What a person is known by here; of several, the one his entry is named by, whichever he types."""
    given = names.first_value(entry.dn, settings.uid)
    return given or min(entry.texts(settings.uid), default="")


def group(entry: Entry, session: Session) -> FoundGroup:
    """Raises as `person`."""
    dn = names.normal(entry.dn)
    found = entry.text(session.settings.group_name)
    return FoundGroup(_subject(entry, session.kind.subject), dn, found or dn)


def by_subjects(subjects: Iterable[str], known_by: str) -> str:
    """A filter for the entries with these subjects; what can be none finds nothing."""
    return names.any_of(*(names.equals(known_by, _value(subject, known_by)) for subject in subjects))


def _subject(entry: Entry, known_by: str) -> str:
    found = _guid(entry) if known_by == OBJECT_GUID else entry.text(known_by)
    if not found:
        raise DirectoryUnavailable(
            f"an entry does not show its {known_by}", hint=f"let the search account read {known_by}"
        )
    return found.lower()


def _guid(entry: Entry) -> str:
    value = next(iter(entry.attributes.get(OBJECT_GUID.lower(), [])), b"")
    return str(UUID(bytes_le=value)) if len(value) == GUID_BYTES else ""


def _is_closed(entry: Entry) -> bool:
    """As Active Directory, 389 Directory Server (FreeIPA) and OpenLDAP's ppolicy say it, each by an attribute of its own."""
    return (
        bool(_number(entry.text("userAccountControl")) & ACCOUNT_DISABLED)
        or entry.text("nsAccountLock").lower() == "true"
        or entry.text("pwdAccountLockedTime") == LOCKED_FOR_GOOD
    )


def _value(subject: str, known_by: str) -> str | bytes:
    if known_by != OBJECT_GUID:
        return subject
    try:
        return UUID(subject).bytes_le
    except ValueError:
        return subject


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() else 0

"""What a directory knows of people and groups, in our words. Plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """`subject`: entryUUID, objectGUID or nsUniqueId as lower-case text, which never changes. `dn`: as `names.normal` gives it.

    `name`: what the person signs in with (the value of ldap_uid). `is_disabled`: closed there by an administrator.
    """

    subject: str
    dn: str
    name: str
    email: str = ""
    full_name: str = ""
    is_disabled: bool = False


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """A group of the directory; `subject` and `dn` as of Person."""

    subject: str
    dn: str
    name: str


@dataclass(frozen=True, slots=True)
class Proven:
    """Someone whose password the directory took, with all his groups: also groups of groups, where the mode says so."""

    person: Person
    groups: tuple[FoundGroup, ...] = ()

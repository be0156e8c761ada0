"""The two sides of a synchronisation, and the changes that make one of the other. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from accounts.ldap import FoundGroup, Person

FEW: Final = 10


class Act(StrEnum):
    """Kinds of changes, by the names of their audit events."""

    GROUP = "group.refresh"
    GONE = "group.gone"
    MOVE = "identity.update"
    RENAME = "user.rename"
    DETAILS = "user.update"
    DISABLE = "user.disable"
    ENABLE = "user.enable"
    MEMBERS = "group.sync"
    ADMIN = "user.admin"
    AUDITOR = "user.auditor"


@dataclass(frozen=True, slots=True)
class Flag:
    """A system-wide right, and whether the directory gave it."""

    held: bool = False
    from_directory: bool = False


@dataclass(frozen=True, slots=True)
class Sighting:
    """What an act of the directory on an account rests on: whose account it was, and its epoch, when it was read here.

    Nothing is done to an account that is not this person's any more, and nothing given to one that has lost a right since.
    `source` and `issuer`: of the identity (accounts.models.Identity), where it is not the directory's.
    """

    subject: str
    epoch: int
    source: str = "ldap"
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """An account with an identity of the directory. `follows`: its name and mail are the directory's to change."""

    user_id: int
    username: str
    email: str
    full_name: str
    follows: bool
    is_active: bool
    disabled_by_directory: bool
    admin: Flag
    auditor: Flag
    subject: str
    name: str
    dn: str
    is_gone: bool
    epoch: int

    @property
    def sighting(self) -> Sighting:
        return Sighting(self.subject, self.epoch)


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """A group of the directory that was imported. `people`: ids of its members here."""

    id: int
    name: str
    directory_name: str
    subject: str
    dn: str
    is_gone: bool
    people: frozenset[int] = frozenset()

    @property
    def follows(self) -> bool:
        return self.directory_name in ("", self.name)


@dataclass(frozen=True, slots=True)
class Known:
    """What stands here. `usernames` and `group_names` (in small letters) say who has a name that somebody may want."""

    people: tuple[KnownPerson, ...] = ()
    groups: tuple[KnownGroup, ...] = ()
    usernames: Mapping[str, int] = field(default_factory=dict)
    group_names: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What the directory says: people and groups by subject, members of each group (by its subject) as normalised DNs."""

    people: Mapping[str, Person]
    groups: Mapping[str, FoundGroup]
    members: Mapping[str, frozenset[str]]
    admins: frozenset[str] = frozenset()
    auditors: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """One act on the user `id`, named as he is now."""

    act: Act
    id: int
    name: str
    seen: Sighting
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def key(self) -> str:
        return f"{self.act} {self.name}"


@dataclass(frozen=True, slots=True)
class GroupChange:
    """A group that was renamed or moved in the directory, or is there again."""

    id: int
    name: str
    found: FoundGroup
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    act: Act = Act.GROUP

    @property
    def key(self) -> str:
        return f"{self.act} {self.name}"


@dataclass(frozen=True, slots=True)
class Membership:
    """Who joins or leaves a group (`GONE`: because it is no more); who did so meanwhile by signing in is not touched.

    `seen`: the accounts of those who join.
    """

    id: int
    name: str
    added: Mapping[int, str]
    removed: Mapping[int, str]
    act: Act = Act.MEMBERS
    seen: Mapping[int, Sighting] = field(default_factory=dict)

    @property
    def key(self) -> str:
        # Both steps of one group may be in one run, which keeps what became of each under its key.
        return f"{self.act} {self.name} (joins)" if self.added else f"{self.act} {self.name}"


Step = Change | GroupChange | Membership


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they are carried out, and what could not become one."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    people: int
    memberships: int

    @property
    def disabled(self) -> int:
        return sum(step.act is Act.DISABLE for step in self.steps)

    @property
    def removed(self) -> int:
        return sum(len(step.removed) for step in self.steps if isinstance(step, Membership))

    @property
    def losses(self) -> int:
        return self.disabled + self.removed

    @property
    def is_drastic(self) -> bool:
        """More than half of at least ten people, or of at least ten memberships, would go."""
        return _is_most(self.disabled, self.people) or _is_most(self.removed, self.memberships)


def _is_most(lost: int, whole: int) -> bool:
    return whole >= FEW and 2 * lost > whole

"""Who acts, how they proved it and from where: facts, no rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from access.allowances import Allowances

Grants = Mapping[str, frozenset[str]]


class ActorKind(StrEnum):
    USER = "user"
    ROBOT = "robot"
    ANONYMOUS = "anonymous"
    SYSTEM = "system"


class AuthMethod(StrEnum):
    TOKEN = "token"  # noqa: S105 - the name of a method, not a secret
    BASIC = "basic"
    PAT = "pat"
    CLI_SECRET = "cli-secret"  # noqa: S105 - the name of a method, not a secret
    ROBOT = "robot"
    OIDC = "oidc"
    SESSION = "session"
    CLI = "cli"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from: `ip` as seen behind trusted proxies, `agent` the User-Agent as sent."""

    ip: str | None = None
    agent: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class ProjectRef:
    """What a decision about rights needs to know of a project."""

    id: int
    name: str
    public: bool


@dataclass(frozen=True, slots=True)
class Principal:
    """One actor in one request or command.

    `id` is 0 for the anonymous and the system actor. `token_id` is the `jti` of a registry token. `grants` is
    None when the roles in the database decide; for an actor who came with a registry token it maps repository
    names to the actions ("pull", "push", "delete") the token carries, and nothing else counts. `epoch` is the
    user's or robot's when he proved himself, 0 where that is not known.

    `allowances`: a robot's rights, or the bounds of the key a user came with; None for a user with all his rights. `key_id` is
    that of his key (accounts.AccessToken), 0 for none. `confirmed`: he has proved himself a short while ago, so that he may do
    what takes that (access.table.NEEDS_CONFIRMATION); a browser session is not for long.

    `via`: how the actor of a registry token proved himself when he got it; NONE where that is not known.
    """

    kind: ActorKind
    id: int
    name: str
    is_admin: bool = False
    is_auditor: bool = False
    auth: AuthMethod = AuthMethod.NONE
    token_id: str = ""
    origin: Origin = field(default_factory=Origin)
    grants: Grants | None = None
    epoch: int = 0
    allowances: Allowances | None = None
    key_id: int = 0
    confirmed: bool = True
    via: AuthMethod = AuthMethod.NONE

    @property
    def is_whole(self) -> bool:
        """Whether nothing narrows the rights of this actor: no registry token, no key with bounds."""
        return self.grants is None and self.allowances is None

    @classmethod
    def anonymous(cls, origin: Origin) -> Principal:
        return cls(ActorKind.ANONYMOUS, 0, "anonymous", origin=origin)

    @classmethod
    def system(cls, name: str, origin: Origin | None = None) -> Principal:
        """The operator at the machine (the `wharf` command): a system administrator without a user row."""
        return cls(
            ActorKind.SYSTEM,
            0,
            name,
            is_admin=True,
            auth=AuthMethod.CLI,
            origin=origin or Origin(agent="wharf command"),
        )

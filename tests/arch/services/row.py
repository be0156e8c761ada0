"""One row of the matrix of services: how a service is called, and who may. Written by hand, not read from the product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from access.principal import Principal
from tests.arch.callers import KINDS, Scene

EVERYBODY = frozenset(KINDS)
# Who has rights of his own everywhere, without anything that narrows them.
ADMINS = frozenset({"admin", "stale"})
# Who may do everything in the project, and nothing outside.
KEYS_OF_ALL = frozenset({"project_robot", "admin_pat"})
PROJECT_ADMINS = ADMINS | KEYS_OF_ALL | {"project_admin"}
MAINTAINERS = PROJECT_ADMINS | {"maintainer"}
DEVELOPERS = MAINTAINERS | {"developer"}
GUESTS = DEVELOPERS | {"guest"}
MEMBERS = GUESTS | {"limited_guest"}
# A registry token carries pull, push and delete of what its owner may, for the repositories it names.
PUSHERS = DEVELOPERS | {"push_robot", "token"}
PULLERS = MEMBERS | {
    "pull_robot",
    "push_robot",
    "system_robot",
    "developer_pat",
    "project_admin_pat",
    "token",
}
DELETERS = MAINTAINERS | {"token"}
OPERATORS = ADMINS | {"operator_robot"}

# Who knows that a private project is there, by any right in it.
KNOWING = (
    MEMBERS
    | {"auditor", "pull_robot", "push_robot", "system_robot", "developer_pat", "project_admin_pat"}
    # It is told that its token is not for this, whatever lies there.
    | {"token"}
)


class Refusal(Enum):
    """How everybody else is refused."""

    # Denied for who knows of the project; to all others there is none of that name.
    IN_PROJECT = "in the project"
    # Denied.
    IN_SYSTEM = "in the system"
    # As for what does not exist, and nothing is recorded: there was nothing to be refused.
    HIDDEN = "hidden"
    HIDDEN_PROJECT = "hidden with its project"


Call = Callable[[Scene, Principal, Any], object]


def nothing(_scene: Scene, _actor: Principal) -> None:
    """What most services need to be there."""


@dataclass(frozen=True)
class Row:
    """`call` is asked with what `given` has prepared for it. `event`: the act that is recorded, "" for what only reads or is a
    step of an act. `ends`: what becomes of it when it is allowed and can still not be done."""

    call: Call
    allowed: frozenset[str]
    event: str = ""
    given: Callable[[Scene, Principal], Any] = nothing
    refusal: Refusal = Refusal.IN_PROJECT
    # Reads, and steps of an upload, are refused without a record.
    recorded: bool = True
    # A browser session needs a fresh proof.
    confirmed: bool = False
    ends: type[Exception] | None = None
    # Who is let in as well, and finds nothing that is his.
    elsewhere: frozenset[str] = frozenset()
    # Who sees what is hidden from others, and is denied.
    knowing: frozenset[str] = frozenset()
    # Who stands in the event, where that is not the caller.
    actor: Principal | None = None


Rows = dict[str, tuple[Row, ...]]
"""By path and name of the function."""


def system(call: Call, event: str, allowed: frozenset[str] = OPERATORS, **more: Any) -> tuple[Row, ...]:
    """An act in the system as a whole."""
    return (Row(call, allowed, event, refusal=Refusal.IN_SYSTEM, **more),)


def look(call: Call, allowed: frozenset[str] = OPERATORS, **more: Any) -> tuple[Row, ...]:
    """A read of the system as a whole."""
    return (Row(call, allowed, refusal=Refusal.IN_SYSTEM, recorded=False, **more),)

"""The lines of an explanation, and the one about the account that asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from access.living import STATE
from access.principal import ActorKind, Principal
from database import sql

_ROBOT = f"""
    SELECT {STATE}, EXISTS (SELECT FROM project WHERE project.id = robot.project_id AND project.deleted_at IS NOT NULL)
    FROM robot WHERE robot.id = %s
"""
_ROBOTS_STATES = {
    "active": "the robot is active",
    "disabled": "the robot is disabled",
    "expired": "the robot has expired",
    "ancestor-dead": "a robot it was made by is disabled, expired or gone",
}
_KEY = (
    "SELECT FROM access_token WHERE id = %s AND user_id = %s AND (expires_at IS NULL OR expires_at > now())"
)
_ACCOUNT = "SELECT is_active, disabled_by FROM account_user WHERE id = %s"


class StepKind(StrEnum):
    """What a line of an explanation is about, in the order of the lines."""

    ACCOUNT = "account"
    SYSTEM_ADMIN = "administrator"
    AUDITOR = "auditor"
    PUBLIC = "public"
    ROLE = "role"
    GROUP = "group"
    KEY = "key"
    TOKEN = "token"  # noqa: S105 - a kind of line
    GATE = "gate"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Step:
    """One line. `allows`: it gives all that is needed (True), not all or it forbids (False), it has no say (None).

    `since`: when the role was given. `synced_at`: when a directory's group was last read; `source` is where a group is from.
    """

    kind: StepKind
    text: str
    allows: bool | None = None
    decides: bool = False
    since: datetime | None = None
    synced_at: datetime | None = None
    source: str = ""


def account(principal: Principal) -> Step:
    if principal.kind is ActorKind.ANONYMOUS:
        return Step(StepKind.ACCOUNT, "nobody has signed in")
    if principal.kind is ActorKind.ROBOT:
        return _robot(principal)
    if principal.kind is not ActorKind.USER:
        return Step(StepKind.ACCOUNT, f"{principal.name}, a {principal.kind} without an account")
    found = sql.row(_ACCOUNT, (principal.id,))
    if found is None:
        return Step(StepKind.ACCOUNT, "the account is deleted", allows=False)
    is_active, disabled_by = found
    if is_active and principal.key_id and sql.row(_KEY, (principal.key_id, principal.id)) is None:
        return Step(StepKind.ACCOUNT, "the account is active, its key is gone or has expired", allows=False)
    if is_active:
        return Step(StepKind.ACCOUNT, "the account is active")
    by = {"admin": " by an administrator", "directory": " because the directory has this person no more"}
    return Step(StepKind.ACCOUNT, f"the account is disabled{by.get(disabled_by, '')}", allows=False)


def _robot(principal: Principal) -> Step:
    found = sql.row(_ROBOT, (principal.id,))
    if found is None:
        return Step(StepKind.ACCOUNT, "the robot is deleted", allows=False)
    state, is_homeless = found
    if is_homeless:
        return Step(StepKind.ACCOUNT, "the robot's project is deleted", allows=False)
    return Step(StepKind.ACCOUNT, _ROBOTS_STATES[state], allows=None if state == "active" else False)

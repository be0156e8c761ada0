"""Changing robots, and taking them away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models.functions import Now

from access.allowances import Allowances, excess, from_json
from access.check import require
from access.principal import Principal, ProjectRef
from access.table import P, Permission
from accounts.keys.robots import full_name, home_of, is_made_by, name_of, unknown
from accounts.models import Robot
from accounts.services.robots import rights, terms
from accounts.services.robots.making import state
from accounts.services.robots.terms import Elders, Reach, Secret
from audit.actions import Draft, action
from core.errors import InvalidInput
from database import sql
from database.transactions import retried

OVERLAPS: Final = (0, 1, 24)
TWO_CHOSEN: Final = "a chosen secret cannot stay good beside another chosen one: leave out the overlap, or let one be generated"
SHOWN: Final = 50

_END_TOKENS = (
    "UPDATE robot SET auth_epoch = auth_epoch + 1 WHERE id = %(id)s OR ancestors @> ARRAY[%(id)s::bigint]"
)
_MADE_BY_IT = """
    SELECT robot.name, coalesce(project.name, '') FROM robot LEFT JOIN project ON project.id = robot.project_id
    WHERE robot.ancestors @> ARRAY[%s::bigint] ORDER BY robot.id
"""
_REMOVE = "DELETE FROM robot WHERE id = %(id)s OR ancestors @> ARRAY[%(id)s::bigint]"


@dataclass(frozen=True, slots=True)
class RobotChanges:
    """What to change; None leaves it as it is. `days` from now, -1 for ever. `networks` () for everywhere."""

    description: str | None = None
    allowances: Allowances | None = None
    days: int | None = None
    networks: tuple[str, ...] | None = None


@retried
def change_robot(actor: Principal, robot: Robot, changes: RobotChanges) -> Robot:
    """What is added to its permissions its changer must hold, and no token makes it more than it is for longer than itself, or
    in other networks. What is lost ends its tokens, and those of robots it made.

    Raises InvalidInput, RobotUnknown, ProjectUnknown, Denied, ConfirmationNeeded.
    """
    home = home_of(robot)
    wanted = None if changes.allowances is None else rights.checked(changes.allowances, home)
    days = None if changes.days is None else terms.lifetime(changes.days)
    networks = None if changes.networks is None else terms.networks(changes.networks)
    description = None if changes.description is None else terms.description(changes.description)
    with action(actor, P.ROBOT_UPDATE, home, name="robot.update") as draft:
        maker = _maker(actor, P.ROBOT_UPDATE, home)
        row = _locked(maker, robot, draft)
        elders = Elders.read(row.ancestors, days)
        before, former = state(row), _reach(row)
        loses = gains = False
        if wanted is not None:
            gains = bool(excess(wanted, from_json(row.allowances)))
            loses = _give(row, wanted, maker, home)
        if networks is not None:
            given = terms.within_elders(networks, elders)
            loses |= terms.is_narrower(given, row.networks)
            row.networks = given
        if changes.days is not None:
            row.expires_at = terms.expiry(days, elders, is_default=False)
        row.description = row.description if description is None else description
        row.save(update_fields=["description", "allowances", "networks", "expires_at"])
        row.refresh_from_db(fields=["expires_at"])
        if gains or former.lasts_less(_reach(row)) or terms.is_narrower(former.networks, row.networks):
            Reach.of_key(maker.key_id).check_holds(_reach(row))
        if loses or _reach(row).lasts_less(former):
            _end_tokens(row)
        draft.before(before)
        draft.after(state(row))
        if draft.detail["before"] == draft.detail["after"]:
            draft.discard()
    return row


@retried
def disable_robot(actor: Principal, robot: Robot) -> Robot:
    """Ends its tokens, and those of the robots it made, which rest with it. Raises RobotUnknown, Denied, ConfirmationNeeded."""
    home = home_of(robot)
    with action(actor, P.ROBOT_UPDATE, home, name="robot.disable") as draft:
        row = _locked(_maker(actor, P.ROBOT_UPDATE, home), robot, draft)
        if row.disabled:
            draft.discard()
            return row
        _switch(row, draft, disabled=True)
        _end_tokens(row)
    return row


@retried
def enable_robot(actor: Principal, robot: Robot) -> Robot:
    """What disabling ended stays ended: it gets new tokens. Raises RobotUnknown, Denied, ConfirmationNeeded."""
    home = home_of(robot)
    with action(actor, P.ROBOT_UPDATE, home, name="robot.enable") as draft:
        row = _locked(_maker(actor, P.ROBOT_UPDATE, home), robot, draft)
        if not row.disabled:
            draft.discard()
            return row
        _switch(row, draft, disabled=False)
    return row


@retried
def rotate_secret(
    actor: Principal, robot: Robot, *, overlap_hours: int = 0, secret: str | None = None
) -> tuple[Robot, str]:
    """A new secret, chosen or generated, known to nobody afterwards. The present one is good for `overlap_hours` more.

    Of 0, 1 or 24, of 0 where both are chosen: without overlap all its tokens end, and those of the robots it made. An earlier
    secret ends in any case.
    Whoever is shown a secret may do what it proves, and so must hold all that the robot may do; with a token, for as long as
    the robot lives, and wherever it may be used.

    Raises InvalidInput, RobotUnknown, Denied, ConfirmationNeeded.
    """
    if overlap_hours not in OVERLAPS:
        raise InvalidInput("the former secret stays good for 0, 1 or 24 hours")
    new = Secret.of(secret)
    home = home_of(robot)
    with action(actor, P.ROBOT_UPDATE, home, name="robot.rotate") as draft:
        maker = _maker(actor, P.ROBOT_UPDATE, home)
        row = _locked(maker, robot, draft)
        rights.check_shown(maker, P.ROBOT_UPDATE, row.pk, home)
        Reach.of_key(maker.key_id).check_holds(_reach(row))
        draft.before({"changed_at": row.secret_changed_at.isoformat(timespec="seconds")})
        draft.detail |= {"overlap_hours": overlap_hours, "chosen": secret is not None}
        keeps = overlap_hours > 0
        if keeps and row.secret_hash and new.hash:  # the gate compares with one chosen secret alone
            raise InvalidInput(TWO_CHOSEN)
        row.former_digest, row.former_hash = (row.secret_digest, row.secret_hash) if keeps else (None, "")
        row.former_until = Now() + timedelta(hours=overlap_hours) if keeps else None
        row.secret_digest, row.secret_hash, row.secret_changed_at = new.digest, new.hash, Now()
        secrets = ("secret_digest", "secret_hash", "former_digest", "former_hash", "former_until")
        row.save(update_fields=[*secrets, "secret_changed_at"])
        if not keeps:
            _end_tokens(row)
        row.refresh_from_db(fields=["secret_changed_at", "former_until"])
        draft.after({"changed_at": row.secret_changed_at.isoformat(timespec="seconds")})
    return row, new.text


@retried
def remove_robot(actor: Principal, robot: Robot) -> int:
    """Delete it with the robots it made, which could never be used again: how many those are. Raises RobotUnknown, Denied."""
    home = home_of(robot)
    with action(actor, P.ROBOT_DELETE, home, name="robot.delete") as draft:
        # FOR UPDATE, also where it makes a robot just now: that one is seen then, and goes along.
        row = _locked(_maker(actor, P.ROBOT_DELETE, home), robot, draft, to_remove=True)
        made = [full_name(*names) for names in sql.rows(_MADE_BY_IT, (row.pk,))]
        draft.before(state(row) | {"made_by_it": len(made), "names": made[:SHOWN]})
        sql.execute(_REMOVE, {"id": row.pk})
    return len(made)


def _maker(actor: Principal, permission: Permission, home: ProjectRef | None) -> Principal:
    """With the rights of this moment, which he keeps; he still has the permission by them. Raises Denied, ProjectUnknown."""
    maker = rights.locked_maker(actor)
    require(maker, permission, home)
    return maker


def _switch(row: Robot, draft: Draft, *, disabled: bool) -> None:
    draft.before({"disabled": row.disabled})
    draft.after({"disabled": disabled})
    row.disabled = disabled
    row.save(update_fields=["disabled"])


def _give(row: Robot, wanted: Allowances, maker: Principal, home: ProjectRef | None) -> bool:
    """Puts the allowances into the locked row; whether it loses any by them. Raises Denied, ProjectUnknown."""
    had = from_json(row.allowances)
    rights.check_maker(maker, P.ROBOT_UPDATE, excess(wanted, had), home)
    rights.check_elders(row.pk, wanted)
    row.allowances = [each.as_json() for each in wanted]
    return bool(excess(had, wanted))


def _locked(maker: Principal, robot: Robot, draft: Draft, *, to_remove: bool = False) -> Robot:
    """The row as it is now, kept from others until the transaction ends. Raises RobotUnknown."""
    found = Robot.objects.select_for_update(no_key=not to_remove).filter(pk=robot.pk).first()
    if found is None or not is_made_by(found, maker):
        raise unknown(robot.name)
    draft.resource("robot", found.pk, name_of(found))
    return found


def _reach(row: Robot) -> Reach:
    return Reach(row.expires_at, row.networks)


def _end_tokens(row: Robot) -> None:
    """Moves the epochs of the locked robot and of all it was an ancestor of."""
    sql.execute(_END_TOKENS, {"id": row.pk})
    row.refresh_from_db(fields=["auth_epoch"])

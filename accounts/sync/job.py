"""The run `ldap.sync`: reads everything, plans, and only then changes anything. What a killed run leaves, the next one does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from access.check import require
from access.principal import Origin
from access.table import P
from accounts import ldap
from accounts.services.directory import directory_actor, note_seen
from accounts.sync import facts, reading
from accounts.sync.acts import apply
from accounts.sync.plan import plan
from accounts.sync.shapes import Found, Known, Plan
from accounts.sync.wanted import fitting_username
from audit.actions import action
from core.errors import Conflict, DirectoryUnavailable, LossesRefused, Unavailable
from jobs import services

if TYPE_CHECKING:
    from collections.abc import Callable

    from access.principal import Principal
    from jobs.models import Run
    from jobs.progress import Progress

KIND: Final = "ldap.sync"
OFF: Final = "people of a directory do not sign in here: nothing to do (auth_mode is not ldap_auth)"


def start(actor: Principal, *, accept_losses: int = 0) -> Run:
    """Have people and groups of the directory read now. Raises AlreadyActive, Conflict when there is no directory, Denied."""
    with action(actor, P.LDAP_USER_CREATE, name="directory.sync") as draft:
        if not ldap.enabled():
            raise Conflict(OFF)
        run = services.start(KIND, actor=actor, arguments={"accept_losses": accept_losses})
        draft.resource("job", run.pk, KIND)
        draft.after({"accept_losses": accept_losses})
    return run


def preview(actor: Principal) -> Plan:
    """What a synchronisation would change now. Raises Conflict when there is no directory, Unavailable, Denied."""
    require(actor, P.LDAP_USER_LIST, None)
    if not ldap.enabled():
        raise Conflict(OFF)
    planned, _ = prepare(facts.known())
    return planned


def prepare(known: Known, advance: Callable[[], None] = lambda: None) -> tuple[Plan, Found]:
    """What would change, written nowhere; `advance` is called after each group.

    Raises Unavailable, with what an administrator can do about it.
    """
    try:
        found = reading.read(ldap.Directory.current(), known, advance)
    except DirectoryUnavailable as error:
        raise Unavailable(f"nothing was changed, the directory could not be read: {error.told}") from error
    wanted = [fitting_username(person.name) for person in found.people.values()]
    known = replace(known, usernames=facts.holders([name for name in wanted if name]))
    return plan(known, found), found


def sync(progress: Progress, accept_losses: int = 0) -> Mapping[str, Any]:
    """The body. `accept_losses`: so many people and memberships may go, where that many would stop it."""
    if not ldap.enabled():
        progress.log.info(OFF)
        return {"off": True}
    known = facts.known()
    progress.phase("asking the directory", total=len(known.groups))
    planned, found = prepare(known, progress.advance)
    check_losses(planned, accept_losses)
    for note in planned.notes:
        progress.log.warn(note)  # noqa: G010 - a Logbook, not a logger
    actor = directory_actor(Origin(agent=f"job {progress.run_id}"))
    progress.phase("changing", total=len(planned.steps))
    for item in progress.items(planned.steps, key=lambda step: step.key):
        with item:
            apply(actor, item.value)
            progress.log.info(item.value.key)
    read_groups = [group.id for group in known.groups if group.subject in found.groups]
    note_seen(found.people.keys(), read_groups)
    counts = Counter(str(step.act) for step in planned.steps)
    return {"people": len(found.people), "groups": len(found.groups), "changes": dict(counts)}


def check_losses(planned: Plan, accepted: int) -> None:
    """Raises LossesRefused."""
    if planned.is_drastic and planned.losses > accepted:
        raise LossesRefused(
            f"this would disable {planned.disabled} of {planned.people} people and end {planned.removed} of "
            f"{planned.memberships} memberships in groups, and nothing was changed. See them: wharf ldap sync --dry-run. "
            f"If that is meant: wharf ldap sync --accept-losses {planned.losses}",
            losses=planned.losses,
        )

"""What the token service grants, and whether what it granted still holds.

An epoch moves only when a right is lost; a token is honoured while the epochs it carries are the current ones. They are
looked up at most every four seconds per process, so that a lost right ends every token within five.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from access.check import registry_actions
from access.principal import ActorKind, Principal, ProjectRef
from accounts.registry_tokens import Bearer, Claims, Epoch, Grant
from accounts.standing import Standing
from accounts.standing import standing as standing_of
from core.oci.scope import Scope
from database import sql
from projects import refused_scopes

MEMORY_SECONDS: Final = 4.0
# How far the clocks of hosts that issue tokens may be apart.
CLOCKS_SECONDS: Final = 5.0
MAX_REMEMBERED: Final = 50_000
CATALOG: Final = "catalog"

Who = tuple[ActorKind, int, int]
"""A bearer's kind, id and key."""

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Known(Generic[Value]):
    """An answer, None for nobody; `looked_at` by the clock tokens are issued by, `until` by the monotonic one."""

    value: Value | None
    looked_at: float
    until: float


class _Memory(Generic[Key, Value]):
    """Answers of `look` kept for MEMORY_SECONDS; bounded by starting anew."""

    def __init__(self, look: Callable[[Key], Value | None]) -> None:
        self._look = look
        self._known: dict[Key, _Known[Value]] = {}
        self._lock = threading.Lock()

    def get(self, key: Key, claims: Claims, is_behind: Callable[[Value], bool]) -> Value | None:
        """The answer for a bearer; looked up where the token knows more, issued after what we have not heard of.

        Nobody is remembered too: a program that goes on with a token that has ended asks the database as seldom as others.
        """
        found = self._recalled(key)
        if found is None:
            return self.look(key)
        may_be_newer = claims.issued_at + CLOCKS_SECONDS >= found.looked_at
        is_newer = may_be_newer if found.value is None else is_behind(found.value)
        return self.look(key) if is_newer else found.value

    def look(self, key: Key) -> Value | None:
        """The answer as of now, remembered from now on."""
        looked_at = time.time()
        value = self._look(key)
        with self._lock:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            self._known[key] = _Known(value, looked_at, time.monotonic() + MEMORY_SECONDS)
        return value

    def peek(self, key: Key) -> Value | None:
        """What is remembered, None also when it would have to be looked up."""
        found = self._recalled(key)
        return None if found is None else found.value

    def _recalled(self, key: Key) -> _Known[Value] | None:
        found = self._known.get(key)
        return found if found is not None and found.until > time.monotonic() else None

    def clear(self) -> None:
        with self._lock:
            self._known.clear()


def _project(name: str) -> Epoch | None:
    found = sql.row("SELECT id, auth_epoch FROM project WHERE name = %s AND deleted_at IS NULL", [name])
    return None if found is None else (found[0], found[1])


_callers: _Memory[Who, Standing] = _Memory(lambda who: standing_of(*who))
_projects: _Memory[str, Epoch] = _Memory(_project)


def forget() -> None:
    """Look everything up again; for tests that change rights behind this process's back."""
    _callers.clear()
    _projects.clear()


def standing(claims: Claims) -> Standing | None:
    """The bearer's present standing, or None when it lost a right or its key since the token was issued (or is gone)."""
    who = _who(claims.bearer)
    if claims.bearer.kind is ActorKind.ANONYMOUS:
        return standing_of(*who)
    found = _callers.get(who, claims, lambda known: known.epoch < claims.bearer.epoch)
    return found if found is not None and found.epoch == claims.bearer.epoch else None


def project_of(claims: Claims, name: str) -> ProjectRef | None:
    """The project as the token knows it, or None when that is not the current project of that name and epoch.

    Of a project that the token grants nothing in, nothing is known.
    """
    granted = claims.projects.get(name)
    if granted is None:
        return None
    found = _projects.get(name, claims, lambda known: known < granted)
    return ProjectRef(granted[0], name, public=False) if found == granted else None


def still_holds(claims: Claims, project: str) -> bool:
    """As `standing` and `project_of`, from memory alone: False also when something would have to be looked up.

    And for who may not come from everywhere: where he comes from is looked at with what he does.
    """
    granted = claims.projects.get(project)
    if granted is None or _projects.peek(project) != granted:
        return False
    if claims.bearer.kind is ActorKind.ANONYMOUS:
        return True
    found = _callers.peek(_who(claims.bearer))
    return found is not None and not found.networks and found.epoch == claims.bearer.epoch


def _who(bearer: Bearer) -> Who:
    return (bearer.kind, bearer.id, bearer.key_id)


def bearer_of(principal: Principal) -> Bearer | None:
    """The principal with its epoch; None when it may not get tokens any more, or has lost a right since it proved itself."""
    if principal.kind is ActorKind.ANONYMOUS:
        return Bearer(principal.kind, 0, "", 0)
    found = standing_of(principal.kind, principal.id, principal.key_id)
    if found is None or found.epoch != (principal.epoch or found.epoch):
        return None
    return Bearer(principal.kind, principal.id, principal.name, found.epoch, principal.key_id, principal.auth)


@dataclass(frozen=True, slots=True)
class Granted:
    """Grants in the order asked, and the (id, epoch) of their projects."""

    grants: tuple[Grant, ...]
    projects: dict[str, Epoch]


def grant(principal: Principal, scopes: Iterable[Scope]) -> Granted:
    """Requested actions that the roles of this moment allow. A denied scope keeps its entry, with no actions, and is recorded.

    The empty entry tells "asked and refused" from "never asked" when a mount names its source (see the v2 mount).
    """
    wanted = list(scopes)
    projects = _current(scope.repository.project for scope in wanted if scope.repository is not None)
    allowed: dict[str, frozenset[str]] = {}
    grants = [
        Grant(scope.type, scope.name, _actions(principal, scope, projects, allowed)) for scope in wanted
    ]
    for scope, granted in zip(wanted, grants, strict=True):
        if scope.repository is not None and scope.repository.project in projects:
            project = projects[scope.repository.project][0]
            refused_scopes.note(
                principal, scope.name, asked=scope.actions, given=granted.actions, project=project
            )
    return Granted(tuple(grants), {name: epoch for name, (_, epoch) in projects.items()})


def _current(names: Iterable[str]) -> dict[str, tuple[ProjectRef, Epoch]]:
    found = sql.rows(
        "SELECT id, name, public, auth_epoch FROM project WHERE name = ANY(%s::text[]) AND deleted_at IS NULL",
        [sorted(set(names))],
    )
    return {name: (ProjectRef(id_, name, public), (id_, epoch)) for id_, name, public, epoch in found}


def _actions(
    principal: Principal,
    scope: Scope,
    projects: dict[str, tuple[ProjectRef, Epoch]],
    allowed: dict[str, frozenset[str]],
) -> tuple[str, ...]:
    if scope.type == "registry" and scope.name == CATALOG:
        return ("*",) if "*" in scope.actions and principal.kind is not ActorKind.ANONYMOUS else ()
    name = scope.repository
    if name is None or name.is_bare or name.project not in projects:
        return ()
    whole = str(name) if principal.allowances is not None else name.project
    if whole not in allowed:
        # Only a key may be for some repositories of a project.
        repository = whole if principal.allowances is not None else None
        allowed[whole] = registry_actions(principal, projects[name.project][0], repository=repository)
    held = allowed[whole]
    return (
        tuple(sorted(held))
        if "*" in scope.actions
        else tuple(action for action in scope.actions if action in held)
    )

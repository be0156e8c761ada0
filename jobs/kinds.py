"""The kinds of runs and their queues: what is run, how often it is tried, how many at once, how long it is remembered.

The composition root names them (settings.WHARF_KINDS is a module with `KINDS`, `QUEUES` and `SUBSCRIPTIONS`), so that this
package knows no body and the packages of the bodies need not know each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from importlib import import_module
from typing import Any, Final

from django.conf import settings

from access.table import P, Permission
from core.errors import NotFound

Body = Callable[..., Mapping[str, Any] | None]
"""A plain function: `body(**arguments, progress=progress)`; what it returns becomes `Run.result`."""

LONGEST: Final = timedelta(hours=6)
ALL: Final = 1_000_000_000


class KindUnknown(NotFound):
    """No kind of that name is installed."""


class Single(StrEnum):
    """How many runs of a kind may be active at the same time."""

    ANY = "any"
    ONE = "one"
    ONE_PER_SUBJECT = "one per subject"


class Lane(StrEnum):
    """Long runs never take the last free process of the workers: short ones always get through."""

    SHORT = "short"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Queue:
    """Runs of one queue are started in order, at most `limit` at once over all workers; queues take turns."""

    name: str
    limit: int = 2
    lane: Lane = Lane.LONG


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of run. `name` is dotted, `label` for people.

    `timeout` is for one attempt; a retry waits `backoff` × 2^(attempt - 1), jittered. `keep`: how many that succeeded stay in
    the history (others stay for the days of the retention). `permission`: who holds it in a run's project sees and stops it;
    without a project, having it done takes it in the system. `schedulable`: False where nobody may choose the arguments.
    `personal`: what it leaves is for who asked for it: he stops it himself, and nobody else has it done again.
    """

    name: str
    body: Body
    label: str
    queue: str
    max_attempts: int = 3
    timeout: timedelta = timedelta(hours=1)
    backoff: timedelta = timedelta(seconds=10)
    single_active: Single = Single.ANY
    keep: int = ALL
    permission: Permission = P.REPOSITORY_DELETE
    schedulable: bool = True
    personal: bool = False

    def __post_init__(self) -> None:
        if self.timeout > LONGEST:
            raise ValueError(f"{self.name}: no attempt may last longer than {LONGEST}")


@dataclass(frozen=True, slots=True)
class Subscription:
    """An event starts a run of `kind`; `arguments` makes the run's arguments of the payload, or None for: not this one."""

    kind: str
    arguments: Callable[[Mapping[str, Any]], Mapping[str, Any] | None] = dict


@dataclass(slots=True)
class Registry:
    kinds: dict[str, Kind] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    subscriptions: dict[str, tuple[Subscription, ...]] = field(default_factory=dict)
    filled: bool = False


_registry = Registry()


def register(
    kinds: Iterable[Kind] = (),
    queues: Iterable[Queue] = (),
    subscriptions: Mapping[str, tuple[Subscription, ...]] | None = None,
) -> None:
    """Add to the registry; a second registration of a name replaces the first. Raises ValueError for an unknown queue."""
    _registry.queues.update({queue.name: queue for queue in queues})
    for kind in kinds:
        if kind.queue not in _registry.queues:
            raise ValueError(f"{kind.name}: no queue is named {kind.queue}")
        _registry.kinds[kind.name] = kind
    _registry.subscriptions.update(subscriptions or {})


def _filled() -> Registry:
    if not _registry.filled:
        _registry.filled = True
        root = import_module(settings.WHARF_KINDS)
        register(root.KINDS, root.QUEUES, root.SUBSCRIPTIONS)
    return _registry


def kind(name: str) -> Kind:
    """Raises KindUnknown."""
    try:
        return _filled().kinds[name]
    except KeyError:
        raise KindUnknown(f"no kind of job is named '{name}'", kind=name) from None


def label_of(name: str) -> str:
    """What the kind is called for people; the name itself of one that is no longer installed."""
    found = _filled().kinds.get(name)
    return found.label if found else name


def kinds() -> list[Kind]:
    """All of them, by name."""
    return sorted(_filled().kinds.values(), key=lambda each: each.name)


def queues() -> list[Queue]:
    """All of them, by name."""
    return sorted(_filled().queues.values(), key=lambda each: each.name)


def subscriptions(event: str) -> tuple[Subscription, ...]:
    """What the event starts; nothing for an event nobody waits for."""
    return _filled().subscriptions.get(event, ())

"""Whose turn it is: which waiting runs are handed out next. Pure functions.

A queue has at most its limit in flight (handed out or running). Long queues together leave one process of the workers free for
the short ones, and where there are several, none of them takes all the others could have: a scan of everything never holds back
a replication. Within these bounds the queues take turns, the one with the least in flight first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jobs.kinds import Lane, Queue


@dataclass(frozen=True, slots=True)
class Load:
    """One queue now: `limit` as an administrator may have changed it, `in_flight` runs handed out and not ended."""

    name: str
    lane: Lane
    limit: int
    in_flight: int


def loads(
    queues: Iterable[Queue],
    *,
    limits: Mapping[str, int],
    in_flight: Mapping[str, int],
    paused: frozenset[str],
) -> list[Load]:
    """The queues that may hand out at all."""
    return [
        Load(each.name, each.lane, limits.get(each.name, each.limit), in_flight.get(each.name, 0))
        for each in queues
        if each.name not in paused
    ]


def rooms(loads: list[Load], *, slots: int, long_queues: int) -> dict[str, int]:
    """How many more runs each queue may hand out, before the lanes are looked at together. `slots`: of all workers."""
    for_long = long_slots(slots)
    one = max(1, for_long - 1) if long_queues > 1 else for_long
    caps = {load.name: load.limit if load.lane is Lane.SHORT else min(load.limit, one) for load in loads}
    return {load.name: max(0, caps[load.name] - load.in_flight) for load in loads}


def long_slots(slots: int) -> int:
    """How many processes long runs may fill: all but one."""
    return max(1, slots - 1)


def turns(loads: list[Load], waiting: Mapping[str, list[int]], *, long_room: int) -> list[int]:
    """The runs to hand out, in order: one of each queue in turn. `waiting`: ids by queue, not more than its room."""
    order = sorted(loads, key=lambda load: (load.in_flight, load.name))
    picked: list[int] = []
    for turn in range(max((len(ids) for ids in waiting.values()), default=0)):
        for load in order:
            ids = waiting.get(load.name, [])
            if turn >= len(ids) or (load.lane is Lane.LONG and long_room <= 0):
                continue
            long_room -= load.lane is Lane.LONG
            picked.append(ids[turn])
    return picked

"""Filters together find what meets them all: the same question is asked of every entry in Python."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from access.principal import ActorKind
from audit import operations as catalogue
from audit.parts import Result
from audit.reading.entry import Entry
from audit.reading.filter import Filter
from audit.reading.search import count
from audit.streams import Stream
from tests.audit.entries import ALL, YEAR, event, found, now, pages, pull

pytestmark = pytest.mark.django_db

EVENTS, PULLS = frozenset([Stream.EVENTS]), frozenset([Stream.PULLS])


def test_any_filters_together_find_what_meets_them_all():
    chance = random.Random(20261121)
    for _ in range(150):
        _some_event(chance)
        _some_pull(chance)
    everything = pages(YEAR.of(), size=500)
    assert len(everything) == 300
    hits = 0
    for _ in range(150):
        wanted = _some_filter(chance)
        expected = [each.id for each in everything if _meets(each, wanted)]
        assert found(wanted) == expected, wanted
        assert count(ALL, wanted).n == len(expected), wanted
        hits += bool(expected)
    assert hits > 50


NAMES, KINDS = ("alice", "Alice", "bob", "robot$ci"), ("user", "robot", "anonymous", "system")
ADDRESSES = ("10.1.2.3", "10.1.9.9", "192.0.2.1", "2001:db8::5", None)
OPERATIONS = ("tag.create", "tag.delete", "user.sign-in", "artifact.push")
TYPES, RESOURCES = (
    ("tag", "artifact", "user", "signing-key"),
    ("library/app:1", "library/app", "other/x:2", ""),
)


def _some_event(chance: random.Random) -> None:
    event(
        chance.uniform(1, 30 * 86400),
        actor_kind=chance.choice(KINDS),
        actor_id=chance.randrange(3),
        actor_name=chance.choice(NAMES),
        ip=chance.choice(ADDRESSES),
        operation=chance.choice(OPERATIONS),
        resource_type=chance.choice(TYPES),
        resource_name=chance.choice(RESOURCES),
        project_id=chance.choice((None, 1, 2, 3)),
        result=chance.choice(("ok", "ok", "denied", "failed")),
        request_id=chance.choice(("", "r-1", "r-2")),
    )


def _some_pull(chance: random.Random) -> None:
    pull(
        chance.uniform(1, 30 * 86400),
        actor_kind=chance.choice(KINDS),
        actor_id=chance.randrange(3),
        actor_name=chance.choice(NAMES),
        ip=chance.choice(ADDRESSES),
        repository=chance.choice(("library/app", "other/x")),
        tag=chance.choice(("", "1", "2")),
        project_id=chance.choice((1, 2, 3)),
    )


def _some_filter(chance: random.Random) -> Filter:
    choices: dict[str, Callable[[], Any]] = {
        "streams": lambda: chance.choice((EVENTS, PULLS)),
        "since": lambda: now() - timedelta(days=chance.uniform(1, 40)),
        "until": lambda: now() - timedelta(days=chance.uniform(0, 20)),
        "actor": lambda: chance.choice(NAMES).upper(),
        "actor_contains": lambda: "OB",
        "actor_kind": lambda: ActorKind(chance.choice(KINDS)),
        "actor_id": lambda: chance.randrange(3),
        "operations": lambda: tuple(
            chance.sample((*OPERATIONS, catalogue.PULL.name), chance.randrange(1, 4))
        ),
        "resource_type": lambda: chance.choice(TYPES),
        "resource": lambda: chance.choice(("library/app", "lib", "other/x:", "library/app@sha256:01")),
        "resource_exact": lambda: chance.choice(RESOURCES),
        "resource_contains": lambda: chance.choice(("APP", "app:1")),
        "project_ids": lambda: chance.choice(((1,), (2, 3), ())),
        "result": lambda: chance.choice(list(Result)),
        "not_ok": lambda: True,
        "address": lambda: ip_network(chance.choice(("10.1.2.3/32", "10.1.0.0/16", "2001:db8::/32"))),
        "request_id": lambda: "r-1",
    }
    chosen = chance.sample(sorted(choices), chance.choice((1, 1, 2, 2, 3)))
    return replace(YEAR.of(), **{name: choices[name]() for name in chosen})


def _meets(each: Entry, wanted: Filter) -> bool:
    name, actor = each.resource_name, each.actor_name
    return all(
        (
            each.stream in wanted.streams,
            wanted.since is None or each.ts >= wanted.since,
            wanted.until is None or each.ts < wanted.until,
            wanted.actor.lower() in ("", actor.lower()),
            wanted.actor_contains.lower() in actor.lower(),
            wanted.actor_kind in (None, each.actor_kind),
            wanted.actor_id in (None, each.actor_id),
            not wanted.operations or each.operation in wanted.operations,
            wanted.resource_type in ("", each.resource_type),
            name.startswith(wanted.resource),
            wanted.resource_exact in ("", name),
            wanted.resource_contains.lower() in name.lower(),
            wanted.project_ids is None or each.project_id in wanted.project_ids,
            wanted.result in (None, each.result),
            not wanted.not_ok or each.result != "ok",
            wanted.address is None or (each.ip is not None and ip_address(each.ip) in wanted.address),
            wanted.request_id in ("", each.request_id),
        )
    )

"""Groups name places, and people move: who is somewhere now counts, and who was there loses nothing and gains nothing by it."""

from __future__ import annotations

import pytest

from accounts.sync.plan import plan
from accounts.sync.shapes import Flag, Found, Known, Membership
from tests.accounts.plans import acts, found, group, known_group, known_person, person

pytestmark = pytest.mark.unit


def test_who_has_just_moved_is_still_in_groups_that_name_the_old_place():
    moved = person(1, dn="uid=p1,ou=new,dc=x")
    lists = {"gs1": frozenset({"uid=p1,dc=x"})}
    there = found(moved, groups=(group(),), members=lists, admins={"uid=p1,dc=x"})
    before = Known((known_person(admin=Flag(True, True)),), (known_group(1, {1}),))
    assert acts(plan(before, there)) == ["identity.update p1"]
    after = Known((known_person(admin=Flag(True, True), dn=moved.dn),), (known_group(1, {1}),))
    assert acts(plan(after, there)) == ["group.sync g1", "user.admin p1"]


def test_an_old_place_gives_nothing_to_who_was_there():
    """Somebody without an account here may be there by now: the plan sees nobody at that place."""
    moved = person(1, dn="uid=p1,ou=new,dc=x")
    old = frozenset({"uid=p1,dc=x"})
    there = Found({"s1": moved}, {"gs1": group()}, {"gs1": old}, admins=old, auditors=old)
    assert acts(plan(Known((known_person(),), (known_group(),)), there)) == ["identity.update p1"]


def test_an_old_place_keeps_only_what_the_directory_gave():
    moved, old = person(1, dn="uid=p1,ou=new,dc=x"), frozenset({"uid=p1,dc=x"})
    known = Known((known_person(admin=Flag(True, True)),), (known_group(1, {1}), known_group(2)))
    there = found(
        moved, groups=(group(), group(2)), members={"gs1": frozenset(), "gs2": old}, admins={"uid=other,dc=x"}
    )
    assert acts(plan(known, there)) == ["identity.update p1", "group.sync g1", "user.admin p1"]


def test_who_is_at_a_place_now_counts_and_not_who_was_there():
    swapped = (person(1, dn="uid=new,dc=x"), person(2, dn="uid=p1,dc=x"))
    known = Known((known_person(1), known_person(2)), (known_group(1, {1}),))
    joins, leaves = [
        each
        for each in plan(
            known, found(*swapped, groups=(group(),), members={"gs1": frozenset({"uid=p1,dc=x"})})
        ).steps
        if isinstance(each, Membership)
    ]
    assert (dict(joins.added), dict(joins.removed)) == ({2: "p2"}, {})
    assert (dict(leaves.added), dict(leaves.removed)) == ({}, {1: "p1"})

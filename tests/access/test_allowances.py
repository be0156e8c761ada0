"""What keys give: together, both of two, and what one lacks of another; against asking about every single right."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from access.allowances import (
    MAX_TOGETHER,
    Allowance,
    Allowances,
    Place,
    both,
    excess,
    from_json,
    in_project,
    in_system,
    merged,
    within,
)
from access.table import P
from core.globs import Glob

GLOBS = ["**", "*", "team/**", "team/*", "**/x", "x", "{x,team/x}", "team/?"]
REPOSITORIES = ["x", "team/x", "team/x/y", "y", "team/yy"]
PROJECTS = [1, 2]
PERMISSIONS = [P.PROJECT_READ, P.REPOSITORY_LIST, P.REPOSITORY_PULL, P.TAG_DELETE]


def one(place: Place, permissions: frozenset[P], project: int = 1, globs: tuple[str, ...] = ()) -> Allowance:
    parsed = tuple(map(Glob.parse, globs)) if place is not Place.SYSTEM else ()
    return Allowance(place, permissions, project if place is Place.PROJECT else None, parsed)


ONE = st.builds(
    one,
    st.sampled_from([*Place, Place.PROJECT]),
    st.frozensets(st.sampled_from(PERMISSIONS), min_size=1),
    st.sampled_from(PROJECTS),
    st.lists(st.sampled_from(GLOBS), max_size=2).map(tuple),
)
SOME = st.lists(ONE, max_size=4).map(tuple)
X_ALONE = (one(Place.PROJECT, frozenset({P.REPOSITORY_PULL}), 1, ("x",)),)
ANY_X = (one(Place.PROJECT, frozenset({P.REPOSITORY_PULL}), 1, ("**/x",)),)


def rights(held: Allowances) -> set[tuple[str, str]]:
    """Every single right: (place, permission)."""
    found = {("system", str(each)) for each in in_system(held)}
    for project in PROJECTS:
        found |= {(f"{project}", str(each)) for each in in_project(held, project)}
        for repository in REPOSITORIES:
            given_ = in_project(held, project, f"name/{repository}")
            found |= {(f"{project}/{repository}", str(each)) for each in given_}
    return found


@settings(max_examples=500, deadline=None)
@given(some=SOME, others=SOME)
@example(some=X_ALONE, others=ANY_X)
def test_both_give_what_each_gives_and_nothing_else(some: Allowances, others: Allowances):
    assert rights(both(some, others)) == rights(some) & rights(others)


@settings(max_examples=500, deadline=None)
@given(wanted=SOME, held=SOME)
@example(wanted=ANY_X, held=X_ALONE)
@example(wanted=X_ALONE, held=ANY_X)
def test_who_lacks_nothing_has_every_right_that_is_wanted(wanted: Allowances, held: Allowances):
    if not excess(wanted, held):
        assert rights(wanted) <= rights(held)
    told = rights(excess(wanted, held))
    assert rights(wanted) - rights(held) <= told <= rights(wanted)


@settings(max_examples=200, deadline=None)
@given(held=SOME, more=SOME)
def test_nobody_lacks_what_he_has(held: Allowances, more: Allowances):
    assert excess(held, (*held, *more)) == ()
    assert excess(both(held, more), held) == ()
    assert rights(both(held, held)) == rights(held) == rights(merged(held))


@settings(max_examples=200, deadline=None)
@given(held=SOME)
def test_what_is_stored_is_what_is_read(held: Allowances):
    stored = [each.as_json() for each in held]
    assert from_json(stored) == from_json(json.dumps(stored)) == held


def test_a_permission_that_is_no_more_gives_nothing():
    stored = [
        {"place": "system", "project": None, "repositories": [], "permissions": ["user:list", "gone:read"]}
    ]
    assert from_json(stored) == (one(Place.SYSTEM, frozenset({P.USER_LIST})),)


@pytest.mark.parametrize(
    ("wanted", "held", "lacks"),
    [
        ("**/x", "x", True),
        ("x", "**/x", False),
        ("{a,b}", "{a,b}", False),
        ("{a,b}", "a", True),
        ("**", "*", True),
    ],
)
def test_a_wider_pattern_is_too_much(wanted: str, held: str, lacks: bool):
    pull = frozenset({P.REPOSITORY_PULL})
    asked, has = one(Place.PROJECT, pull, 1, (wanted,)), one(Place.PROJECT, pull, 1, (held,))
    assert bool(excess((asked,), (has,))) is lacks
    whole = one(Place.PROJECT, pull)
    assert excess((whole,), (has,)) == (whole,)
    assert excess((one(Place.ALL_PROJECTS, pull),), (whole,)) != ()
    assert excess((one(Place.PROJECT, pull, 2),), (whole,)) != ()
    assert excess((one(Place.SYSTEM, pull),), (whole, one(Place.ALL_PROJECTS, pull))) != ()


def test_a_robot_of_a_thousand_places_made_by_one_alike_has_a_thousand():
    many = tuple(one(Place.PROJECT, frozenset(PERMISSIONS), number) for number in range(1000))
    assert within(many, [many, many, many]) == many
    assert excess(many, many) == ()


def test_what_two_keys_give_together_is_bounded_and_never_more_than_each():
    pull = frozenset({P.REPOSITORY_PULL})
    some = tuple(one(Place.ALL_PROJECTS, pull, globs=(f"a{number}*",)) for number in range(150))
    others = tuple(one(Place.ALL_PROJECTS, pull, globs=(f"*b{number}",)) for number in range(150))
    together = both(some, others)
    assert len(together) == MAX_TOGETHER
    assert excess(together, some) == excess(together, others) == ()

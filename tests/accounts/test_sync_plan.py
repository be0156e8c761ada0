"""The plan of a synchronisation, without a database or a directory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.sync.plan import plan
from accounts.sync.shapes import Act, Change, Flag, Found, Known, Membership
from tests.accounts.plans import acts, found, group, known_group, known_person, person

pytestmark = pytest.mark.unit


def test_people_and_groups_that_are_as_they_were_need_nothing():
    known = Known((known_person(),), (known_group(1, {1}),))
    there = found(
        person(), groups=(group(),), members={"gs1": frozenset({"uid=p1,dc=x", "uid=stranger,dc=x"})}
    )
    assert plan(known, there).steps == ()


def test_who_is_gone_is_noted_disabled_and_loses_what_groups_gave():
    known = Known((known_person(admin=Flag(True, True), auditor=Flag(True, False)),), (known_group(1, {1}),))
    planned = plan(known, found(groups=(group(),), members={"gs1": frozenset()}))
    assert acts(planned) == ["identity.update p1", "user.disable p1", "group.sync g1", "user.admin p1"]
    assert (planned.disabled, planned.removed, planned.losses) == (1, 1, 2)


def test_who_is_closed_in_the_directory_is_disabled_but_not_gone():
    assert acts(plan(Known((known_person(),)), found(person(is_disabled=True)))) == ["user.disable p1"]


@pytest.mark.parametrize(("by_directory", "steps"), [(True, ["user.enable p1"]), (False, [])])
def test_only_what_the_directory_closed_does_it_open(by_directory: bool, steps: list[str]):
    closed = known_person(is_active=False, disabled_by_directory=by_directory)
    assert acts(plan(Known((closed,)), found(person()))) == steps


def test_who_is_back_is_found_again():
    gone = known_person(is_active=False, disabled_by_directory=True, is_gone=True)
    assert acts(plan(Known((gone,)), found(person()))) == ["identity.update p1", "user.enable p1"]


def test_a_new_name_place_and_mail_are_followed_and_told_with_what_was_before():
    planned = plan(
        Known((known_person(),)), found(person(name="ann", dn="uid=ann,dc=y", email="ann@example.org"))
    )
    by_act = {step.act: step for step in planned.steps if isinstance(step, Change)}
    assert dict(by_act[Act.MOVE].before) == {"name": "p1", "dn": "uid=p1,dc=x"}
    assert dict(by_act[Act.MOVE].after) == {"name": "ann", "dn": "uid=ann,dc=y"}
    assert dict(by_act[Act.RENAME].after) == {"username": "ann"}
    assert dict(by_act[Act.DETAILS].after) == {"email": "ann@example.org"}


def test_a_linked_local_account_keeps_its_name_and_mail():
    planned = plan(Known((known_person(follows=False),)), found(person(name="ann", email="b@example.org")))
    assert acts(planned) == ["identity.update p1"]


def test_a_name_somebody_has_is_not_taken_from_him():
    planned = plan(Known((known_person(),), usernames={"ann": 7}), found(person(name="Ann")))
    assert acts(planned) == ["identity.update p1"]
    assert planned.notes == ("p1: the name Ann is taken",)


def test_names_that_pass_from_one_to_the_next_are_freed_before_they_are_taken():
    known = Known((known_person(1), known_person(2)), usernames={"p2": 2})
    planned = plan(known, found(person(1, name="p2"), person(2, name="p3")))
    renames = [step.name for step in planned.steps if step.act is Act.RENAME]
    assert renames == ["p2", "p1"]


def test_two_who_swap_names_keep_theirs_and_are_noted():
    known = Known((known_person(1), known_person(2)), usernames={"p1": 1, "p2": 2})
    planned = plan(known, found(person(1, name="p2"), person(2, name="p1")))
    assert [step.act for step in planned.steps] == [Act.MOVE, Act.MOVE]
    assert len(planned.notes) == 2


def test_a_name_that_can_be_nobodys_is_left_and_noted():
    planned = plan(Known((known_person(),)), found(person(name="a b")))
    assert [step.act for step in planned.steps] == [Act.MOVE]
    assert "cannot be a user name" in planned.notes[0]


def test_details_that_do_not_fit_are_left_out():
    planned = plan(Known((known_person(),)), found(person(email="no address", full_name="x" * 400 + "\n")))
    (step,) = planned.steps
    assert isinstance(step, Change)
    assert step.after["email"] == ""
    assert len(step.after["full_name"]) == 255


@pytest.mark.parametrize(
    ("flag", "is_member", "changes"),
    [
        (Flag(False, False), True, ["user.admin p1"]),
        (Flag(True, True), True, []),
        (Flag(True, True), False, ["user.admin p1"]),
        (Flag(True, False), False, []),
        (Flag(True, False), True, []),
    ],
)
def test_a_right_comes_and_goes_with_the_group_unless_given_by_hand(
    flag: Flag, is_member: bool, changes: list[str]
):
    admins = {"uid=p1,dc=x"} if is_member else set()
    assert acts(plan(Known((known_person(admin=flag),)), found(person(), admins=admins))) == changes


def test_a_group_is_found_by_its_identity_wherever_it_is():
    there = found(groups=(group(name="devs", dn="cn=devs,ou=y"),))
    (step,) = plan(Known(groups=(known_group(),)), there).steps
    assert step.act is Act.GROUP
    assert not isinstance(step, Membership)
    assert dict(step.after) == {"name": "devs", "dn": "cn=devs,ou=y"}


def test_a_group_named_by_an_administrator_keeps_that_name():
    mine = known_group(name="ours")
    (step,) = plan(Known(groups=(mine,)), found(groups=(group(name="devs"),))).steps
    assert not isinstance(step, Membership)
    assert dict(step.after) == {}


def test_what_is_given_comes_before_what_is_taken():
    """A right taken moves the epoch, and what is given after that would look as if it came too late."""
    known = Known(
        (known_person(1, admin=Flag(True, True)), known_person(2), known_person(3)),
        (known_group(1, {1}), known_group(2)),
    )
    there = Found(
        {"s1": person(1), "s2": person(2, is_disabled=True), "s3": person(3)},
        {"gs1": group(1), "gs2": group(2)},
        {"gs1": frozenset({"uid=p3,dc=x"}), "gs2": frozenset({"uid=p1,dc=x"})},
        auditors=frozenset({"uid=p1,dc=x"}),
    )
    assert acts(plan(known, there)) == [
        "group.sync g1 (joins)",
        "group.sync g2 (joins)",
        "user.auditor p1",
        "user.disable p2",
        "group.sync g1",
        "user.admin p1",
    ]


def test_a_group_that_is_gone_has_nobody():
    (step,) = plan(Known((known_person(),), (known_group(1, {1}),)), found(person())).steps
    assert (step.act, step.id) == (Act.GONE, 1)
    assert isinstance(step, Membership)
    assert dict(step.removed) == {1: "p1"}
    assert plan(Known(groups=(known_group(is_gone=True),)), found()).steps == ()


@pytest.mark.parametrize(("people", "lost", "drastic"), [(10, 5, False), (10, 6, True), (9, 9, False)])
def test_more_than_half_of_ten_people_is_drastic(people: int, lost: int, drastic: bool):
    known = Known(tuple(known_person(number) for number in range(people)))
    assert plan(known, found(*(person(number) for number in range(lost, people)))).is_drastic is drastic


def test_groups_that_all_look_empty_are_drastic_too():
    people = tuple(known_person(number) for number in range(10))
    known = Known(people, (known_group(1, set(range(10))),))
    planned = plan(known, found(*map(person, range(10)), groups=(group(),), members={"gs1": frozenset()}))
    assert planned.is_drastic
    assert planned.losses == 10


@given(st.sets(st.integers(0, 12)), st.sets(st.integers(0, 12)), st.sets(st.integers(0, 12)))
def test_the_plan_makes_the_group_what_the_directory_says(here: set[int], there: set[int], members: set[int]):
    known = Known(tuple(map(known_person, range(13))), (known_group(1, here),))
    dns = frozenset(f"uid=p{number},dc=x" for number in members)
    planned = plan(known, found(*map(person, there), groups=(group(),), members={"gs1": dns}))
    steps = [step for step in planned.steps if isinstance(step, Membership)]
    now = set(here)
    for step in steps:
        now = (now - set(step.removed)) | set(step.added)
    assert now == members & there

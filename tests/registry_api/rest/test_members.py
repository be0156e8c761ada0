"""/projects/{p}/members: Harbor's list, and giving, changing and taking roles by the id of the membership."""

from __future__ import annotations

from typing import Any

import pytest
from harborapi.models import ProjectMemberEntity

from access.models import Member
from access.table import Role
from accounts.services.groups import create_group
from audit.models import AuditEvent
from tests import people
from tests.people import SYSTEM, unique
from tests.registry_api.rest.api import Caller, World


def path(world: World, rest: str = "") -> str:
    return f"/projects/{world.project.name}/members{rest}"


def add(world: World, role: int = 2, **who: Any) -> str:
    answer = world.project_admin.call("POST", path(world), json={"role_id": role} | who)
    assert answer.status_code == 201, answer.text
    location: str = answer.headers["Location"]
    return location


def test_a_user_becomes_a_member_by_id_or_by_name_in_any_case(world: World) -> None:
    for name_it in (lambda user: {"user_id": user.pk}, lambda user: {"username": user.username.upper()}):
        user = people.make_user("new")
        told = world.guest.get(add(world, 4, member_user=name_it(user))).json()
        shown = ProjectMemberEntity.model_validate(told)
        assert (shown.entity_name, shown.entity_id, shown.entity_type) == (user.username, user.pk, "u")
        assert (shown.role_id, shown.role_name, shown.project_id) == (4, "maintainer", world.project.pk)


def test_a_group_becomes_a_member_by_id_or_by_name(world: World) -> None:
    for name_it in (lambda group: {"id": group.pk}, lambda group: {"group_name": group.name.upper()}):
        group = create_group(SYSTEM, unique("Group"))
        told = world.guest.get(add(world, 5, member_group=name_it(group), member_user={})).json()
        assert (told["entity_name"], told["entity_id"], told["entity_type"]) == (group.name, group.pk, "g")
        assert told["role_name"] == "limitedGuest"


def test_the_list_is_by_name_and_by_part_of_it(world: World) -> None:
    mark = unique("mark")
    users = [people.make_user(f"{mark}-{n}") for n in "ab"]
    for user in reversed(users):
        add(world, member_user={"user_id": user.pk})
    group = create_group(SYSTEM, f"{mark}-c_%")
    add(world, 1, member_group={"id": group.pk})
    expected = [*[user.username for user in users], group.name]

    def found(query: str) -> list[str]:
        answer = world.guest.get(path(world, query))
        assert answer.status_code == 200, answer.text
        return [entry["entity_name"] for entry in answer.json()]

    assert found(f"?entityname={mark.upper()}") == expected
    assert found(f"?entityname={mark}-c_%25") == [group.name]
    assert found("?entityname=%25") == [group.name]
    assert found("?entityname=%00") == []
    assert found(f"?q=entity_type=g,entity_name=~{mark}") == [group.name]
    assert found("?q=role_id=2&sort=-entity_name") == expected[1::-1]
    answer = world.guest.get(path(world, f"?entityname={mark}&page_size=2&page=2"))
    assert (answer.headers["X-Total-Count"], len(answer.json())) == ("3", 1)
    assert world.guest.refused("GET", path(world, "?q=user__password=~a"))[0] == 400


def test_a_role_is_changed_and_taken_and_recorded(world: World) -> None:
    location = add(world, member_user={"user_id": people.make_user().pk})
    assert world.project_admin.call("PUT", location, json={"role_id": 3}).status_code == 200
    assert world.guest.get(location).json()["role_name"] == "guest"
    assert world.project_admin.call("DELETE", location).status_code == 200
    number = location.rpartition("/")[2]
    for method in ("GET", "PUT", "DELETE"):
        status, message = world.project_admin.refused(method, location, json={"role_id": 3})
        assert (status, message) == (404, f"'{world.project.name}' has no member {number}")
    events = AuditEvent.objects.filter(resource_type="member", resource_id=number, result="ok")
    assert set(events.values_list("operation", flat=True)) == {
        "member.create",
        "member.update",
        "member.delete",
    }


def test_a_member_of_another_project_is_none_of_this_one(world: World) -> None:
    other = people.make_project()
    user = people.make_member(other, Role.GUEST)
    row = Member.objects.get(project=other, user=user)
    for caller in (world.project_admin, world.admin):
        for method in ("GET", "PUT", "DELETE"):
            assert caller.refused(method, path(world, f"/{row.pk}"), json={"role_id": 1})[0] == 404
    row.refresh_from_db()
    assert row.role_id == Role.GUEST


def test_the_last_project_admin_stays(world: World) -> None:
    user = people.make_member(world.project, Role.PROJECT_ADMIN)
    row = Member.objects.get(project=world.project, user=user)
    for method in ("PUT", "DELETE"):
        assert world.admin.refused(method, path(world, f"/{row.pk}"), json={"role_id": 2})[0] == 409
    assert Member.objects.filter(pk=row.pk, role_id=Role.PROJECT_ADMIN).exists()


def test_who_may_make_no_members_learns_of_no_account(world: World) -> None:
    user = people.make_user()

    def refused(caller: Caller, name: str) -> tuple[int, str]:
        return caller.refused("POST", path(world), json={"role_id": 3, "member_user": {"username": name}})

    for kind in ("developer", "maintainer", "outsider"):
        caller = world.caller(kind)
        assert (
            refused(caller, user.username) == refused(caller, unique("nobody")) == refused(caller, "no name$")
        )
    denied = AuditEvent.objects.filter(
        operation="member.create", result="denied", project_id=world.project.pk
    )
    assert denied.count() == 6  # the outsider may not know of the project: nothing was refused to him


def test_nobody_is_a_member_twice(world: World) -> None:
    who: dict[str, Any] = {"member_user": {"user_id": people.make_user().pk}}
    add(world, **who)
    assert world.project_admin.refused("POST", path(world), json={"role_id": 1} | who)[0] == 409


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({}, 400),
        ({"member_user": {}, "member_group": None}, 400),
        ({"member_user": {"user_id": 1}, "member_group": {"id": 1}}, 400),
        ({"member_user": {"user_id": 10**17}}, 404),
        ({"member_user": {"user_id": -1}}, 400),
        ({"member_user": {"user_id": 10**30}}, 400),
        ({"member_user": {"username": "nobody-of-that-name"}}, 404),
        ({"member_user": {"username": "robot$x"}}, 400),
        ({"member_user": {"username": "x" * 10_000}}, 400),
        ({"member_user": {"username": "a\0b"}}, 400),
        ({"member_user": "ann"}, 400),
        ({"member_group": {"id": 10**17}}, 404),
        ({"member_group": {"group_name": "nobody-of-that-name"}}, 404),
        ({"member_group": {"ldap_group_dn": "x" * 10_000}}, 400),
        ({"member_group": {"ldap_group_dn": "cn=devs,dc=example,dc=org"}}, 412),
        ({"member_user": {"user_id": 1}, "role_id": 0}, 400),
        ({"member_user": {"user_id": 1}, "role_id": 6}, 400),
        ({"member_user": {"user_id": 1}, "role_id": 101}, 400),
        ({"member_user": {"user_id": 1}, "role_id": None}, 400),
        ({"member_user": {"user_id": 1}, "role_id": "admin"}, 400),
    ],
)
def test_a_malformed_member_is_refused(world: World, wrong: dict[str, Any], status: int) -> None:
    before = Member.objects.filter(project=world.project).count()
    caller = world.admin
    assert caller.refused("POST", path(world), json={"role_id": 3} | wrong)[0] == status
    assert Member.objects.filter(project=world.project).count() == before


@pytest.mark.parametrize("number", ["0", "9" * 18, "9" * 19, "x", "-1", "1%00"])
def test_a_number_that_no_member_has_is_unknown(world: World, number: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert world.admin.refused(method, path(world, f"/{number}"), json={"role_id": 1})[0] == 404

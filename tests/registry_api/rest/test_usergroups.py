"""/usergroups: groups of Wharf itself, of the directory and of the OpenID provider."""

from __future__ import annotations

import pytest

from access.models import Member
from access.table import Role
from accounts.models import Group, Source
from tests.people import unique
from tests.registry_api.rest.api import World


def test_a_group_lies_where_its_location_says(world: World) -> None:
    name = unique("R&D Berlin")
    answer = world.admin.call("POST", "/usergroups", json={"group_name": name})
    assert answer.status_code == 201
    told = world.admin.get(answer.headers["Location"]).json()
    assert told == {"id": told["id"], "group_name": name, "group_type": 0, "ldap_group_dn": ""}
    assert world.admin.refused("POST", "/usergroups", json={"group_name": name.upper()})[0] == 409


def test_a_group_of_the_provider_is_one(world: World) -> None:
    name = unique("provided")
    path = world.admin.call("POST", "/usergroups", json={"group_name": name, "group_type": 3}).headers[
        "Location"
    ]
    assert world.admin.get(path).json()["group_type"] == 3
    assert Group.objects.get(name=name).source == Source.OIDC


def test_an_ldap_group_needs_a_dn_and_a_directory(world: World) -> None:
    assert world.admin.refused("POST", "/usergroups", json={"group_name": "x", "group_type": 1})[0] == 400
    body = {"group_type": 1, "ldap_group_dn": "cn=ops,dc=example,dc=org"}
    status, message = world.admin.refused("POST", "/usergroups", json=body)
    assert status == 412
    assert "auth_mode" in message


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 10_000])
def test_a_name_no_group_can_have_is_refused(world: World, name: str) -> None:
    assert world.admin.refused("POST", "/usergroups", json={"group_name": name})[0] == 400


def test_a_group_is_found_by_part_of_its_name_by_who_adds_members(world: World) -> None:
    group = Group.objects.create(name=unique("Finders"))
    told = [{"id": group.pk, "group_name": group.name, "group_type": 0}]
    path = f"/usergroups/search?groupname={group.name[1:].upper()}"
    assert world.admin.get(path).json() == told
    assert world.project_admin.get(path).json() == []
    assert world.project_admin.get(f"/usergroups/search?groupname={group.name.upper()}").json() == told
    Member.objects.create(project=world.project, group=group, role_id=Role.GUEST)
    assert world.project_admin.get(path).json() == told
    assert world.developer.refused("GET", path)[0] == 403
    assert group.pk not in {each["id"] for each in world.admin.get("/usergroups/search?groupname=%25").json()}
    listed = world.admin.get(f"/usergroups?group_name={group.name[1:].upper()}").json()
    assert [each["id"] for each in listed] == [group.pk]
    assert world.admin.get(f"/usergroups?q=group_name={group.name}").headers["X-Total-Count"] == "1"


def test_a_group_is_listed_by_its_dn(world: World) -> None:
    dn = f"cn={unique('ops')},dc=example,dc=org"
    group = Group.objects.create(name=unique("ops"), source=Source.LDAP, subject=unique("s"), dn=dn)
    told = {"id": group.pk, "group_name": group.name, "group_type": 1, "ldap_group_dn": dn}
    assert world.admin.get("/usergroups", params={"ldap_group_dn": dn.upper()}).json() == [told]


def test_a_group_is_renamed_and_keeps_where_it_comes_from(world: World) -> None:
    group = Group.objects.create(name=unique("group"))
    name = unique("renamed")
    body = {"group_name": name, "group_type": 1, "ldap_group_dn": "cn=admins,dc=example,dc=org"}
    assert world.admin.call("PUT", f"/usergroups/{group.pk}", json=body).status_code == 200
    group.refresh_from_db()
    assert (group.name, group.source, group.dn) == (name, Source.LOCAL, "")


def test_a_removed_group_is_unknown(world: World) -> None:
    path = f"/usergroups/{Group.objects.create(name=unique('group')).pk}"
    assert world.admin.call("DELETE", path).status_code == 200
    assert world.admin.refused("GET", path)[0] == 404

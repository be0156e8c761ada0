"""/ldap: a real directory tried, searched, and its people and groups taken over; /system/oidc/ping without a provider."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.ldap import limits
from accounts.models import Group, Source, User
from config import current
from config.models import StoredSetting
from tests.ldap.slapd import Slapd, slapd
from tests.people import unique
from tests.registry_api.rest.api import World

PASSWORD = "the directory's horse"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with slapd(tmp_path_factory.mktemp("ldap")) as found:
        yield found


@pytest.fixture(autouse=True)
def as_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(limits, "circuits", limits.Circuits())
    yield
    StoredSetting.objects.all().delete()
    current.forget()


@pytest.fixture
def directory(world: World, server: Slapd) -> Slapd:
    """In use, set up by way of the API."""
    answer = world.admin.call("PUT", "/configurations", json=server.settings)
    assert answer.status_code == 200, answer.text
    current.forget()
    return server


def test_a_directory_is_tried_before_it_is_saved(world: World, server: Slapd) -> None:
    server.add_person(unique("ann"), PASSWORD)
    wanted = server.settings
    body = {name: wanted[name] for name in ("ldap_url", "ldap_search_dn", "ldap_base_dn", "ldap_uid")}
    authority = {"ldap_ca_certificates": wanted["ldap_ca_certificates"]}
    assert world.admin.call("PUT", "/configurations", json=authority).status_code == 200
    current.forget()
    good = body | {"ldap_search_password": wanted["ldap_search_password"], "ldap_connection_timeout": 5}
    assert world.admin.call("POST", "/ldap/ping", json=good).json() == {"success": True, "message": ""}
    told = world.admin.call("POST", "/ldap/ping", json=good | {"ldap_search_password": "wrong"}).json()
    assert told["success"] is False
    assert told["message"].startswith("search account: ")
    assert StoredSetting.objects.count() == 1, "nothing is saved"


def test_the_stored_password_is_not_sent_to_another_server(world: World, directory: Slapd) -> None:
    assert world.admin.call("POST", "/ldap/ping").status_code == 200, "that of the settings"
    body = {"ldap_url": "ldap://127.0.0.1:1"}
    status, message = world.admin.refused("POST", "/ldap/ping", json=body)
    assert (status, "ldap_search_password" in message) == (400, True)


def test_people_of_the_directory_are_found_and_taken_over(world: World, directory: Slapd) -> None:
    name = unique("ann")
    directory.add_person(name, PASSWORD)
    with CaptureQueriesContext(connection) as captured:
        (found,) = world.admin.get(f"/ldap/users/search?username={name}").json()
    assert len(captured) <= 2, "the caller and the settings"
    assert set(found) == {"username", "realname", "email"}
    assert found["username"] == name
    answer = world.admin.call("POST", "/ldap/users/import", json={"ldap_uid_list": [name]})
    assert answer.status_code == 200, answer.text
    assert User.objects.get(username=name).source == Source.LDAP
    again = {"ldap_uid_list": [name, "nobody-at-all"]}
    answer = world.admin.call("POST", "/ldap/users/import", json=again)
    assert answer.status_code == 404
    assert [each["uid"] for each in answer.json()] == [name, "nobody-at-all"], "Harbor's list"
    assert all(set(each) == {"uid", "error"} and each["uid"] in each["error"] for each in answer.json())


def test_a_group_of_the_directory_is_found_and_taken_over_by_its_dn(world: World, directory: Slapd) -> None:
    name = unique("devs")
    dn = directory.add_group(name, [directory.add_person(unique("bob"), PASSWORD)])
    (found,) = world.admin.get(f"/ldap/groups/search?groupname={name}").json()
    assert (found["group_name"], found["group_type"]) == (name, 1)
    assert world.admin.get("/ldap/groups/search", params={"groupdn": dn}).json() == [found]
    assert world.admin.get("/ldap/groups/search", params={"groupdn": f"cn=none,{dn}"}).json() == []
    body = {"group_type": 1, "ldap_group_dn": dn}
    assert world.admin.call("POST", "/usergroups", json=body).status_code == 201
    assert Group.objects.get(name=name).source == Source.LDAP


def test_filters_are_read_as_they_were_written_and_asked_in_parentheses(
    world: World, directory: Slapd
) -> None:
    wanted = {
        "ldap_filter": "objectClass=inetOrgPerson",
        "ldap_group_search_filter": "objectClass=groupOfNames",
    }
    assert world.admin.call("PUT", "/configurations", json=wanted).status_code == 200
    current.forget()
    told = world.admin.get("/configurations").json()
    assert {key: told[key]["value"] for key in wanted} == wanted
    name, group = unique("ann"), unique("devs")
    directory.add_group(group, [directory.add_person(name, PASSWORD)])
    assert [each["username"] for each in world.admin.get(f"/ldap/users/search?username={name}").json()] == [
        name
    ]
    (found,) = world.admin.get(f"/ldap/groups/search?groupname={group}").json()
    assert found["group_name"] == group


def test_a_search_is_no_filter(world: World, directory: Slapd) -> None:
    assert world.admin.get("/ldap/users/search", params={"username": "*)(uid=*"}).json() == []
    assert world.admin.refused("GET", "/ldap/users/search?username=%00")[0] == 400


def test_a_provider_that_is_not_there_is_told_of(world: World) -> None:
    assert "oidc_endpoint" in world.admin.refused("POST", "/system/oidc/ping", json={})[1]
    body = {"url": "http://127.0.0.1:1/"}
    status, message = world.admin.refused("POST", "/system/oidc/ping", json=body)
    assert (status, bool(message)) == (400, True)

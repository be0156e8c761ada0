"""/users: accounts as Harbor's clients manage them, and what everybody may do with his own."""

from __future__ import annotations

import pytest

from accounts.models import Identity, Source, User
from audit.models import AuditEvent
from tests import people
from tests.people import unique
from tests.registry_api.client import PASSWORD, basic
from tests.registry_api.rest.api import Caller, World

HARBORS = {
    "user_id",
    "username",
    "email",
    "realname",
    "comment",
    "sysadmin_flag",
    "admin_role_in_auth",
    "creation_time",
}
NEW = "What nobody guesses 7"


def made(world: World, **more: object) -> str:
    body = {"username": unique("made"), "password": NEW, "email": "m@example.org", "realname": "Made"} | more
    answer = world.admin.call("POST", "/users", json=body)
    assert answer.status_code == 201, answer.text
    location: str = answer.headers["Location"]
    return location


def refusals(caller: Caller) -> list[tuple[str, str]]:
    """What the log says was refused to the caller: operation, and id of whom it was about."""
    found = AuditEvent.objects.filter(
        actor_kind="user", actor_id=caller.principal.id, result="denied", resource_type="user"
    )
    return list(found.order_by("id").values_list("operation", "resource_id"))


def oneself(caller: Caller) -> str:
    return f"/users/{caller.principal.id}"


def test_an_account_lies_where_its_location_says_and_signs_in(world: World) -> None:
    told = world.admin.get(made(world)).json()
    assert set(told) == HARBORS
    assert (told["email"], told["realname"], told["sysadmin_flag"]) == ("m@example.org", "Made", False)
    own = world.anonymous.get("/users/current", headers={"Authorization": basic(told["username"], NEW)})
    assert own.json() == told


def test_nobody_becomes_an_administrator_by_being_made_or_by_changing_himself(world: World) -> None:
    more = {"sysadmin_flag": True, "is_admin": True, "is_auditor": True, "admin_role_in_auth": True}
    path = made(world, **more)
    row = User.objects.get(pk=int(path.rpartition("/")[2]))
    assert (row.is_admin, row.is_auditor) == (False, False)
    path = oneself(world.developer)
    assert world.developer.call("PUT", path, json={"realname": "Dev"} | more).status_code == 200
    row = User.objects.get(pk=world.developer.principal.id)
    assert (row.full_name, row.is_admin, row.is_auditor) == ("Dev", False, False)
    assert world.developer.call("PUT", f"{path}/sysadmin", json={"sysadmin_flag": True}).status_code == 403


def test_a_name_that_is_taken_in_other_letters_is_a_conflict(world: World) -> None:
    name = world.developer.principal.name.upper()
    body = {"username": name, "password": NEW}
    assert world.admin.refused("POST", "/users", json=body)[0] == 409


@pytest.mark.parametrize("name", ["", "a%b\0", "x" * 10_000, "a,b", "robot$x"])
def test_a_name_nobody_can_have_is_refused(world: World, name: str) -> None:
    admin, before = world.admin, User.objects.count()
    assert admin.refused("POST", "/users", json={"username": name, "password": NEW})[0] == 400
    assert User.objects.count() == before


def test_what_a_change_leaves_out_stays(world: World) -> None:
    path = made(world)
    assert world.admin.call("PUT", path, json={"realname": "Other"}).status_code == 200
    told = world.admin.get(path).json()
    assert (told["email"], told["realname"]) == ("m@example.org", "Other")


def test_the_list_is_filtered_and_searched_as_harbors(world: World) -> None:
    name = world.developer.principal.name
    listed = world.admin.get(f"/users?q=username={name}")
    assert listed.headers["X-Total-Count"] == "1"
    assert [each["username"] for each in listed.json()] == [name]
    found = world.project_admin.get(f"/users/search?username={name[3:].upper()}").json()
    assert found == [{"user_id": world.developer.principal.id, "username": name}]
    outsider = world.outsider.principal
    other = {"user_id": outsider.id, "username": outsider.name}
    assert world.admin.get(f"/users/search?username={outsider.name[3:]}").json() == [other]
    assert world.project_admin.get(f"/users/search?username={outsider.name[3:]}").json() == []
    assert world.project_admin.get(f"/users/search?username={outsider.name.upper()}").json() == [other]
    assert world.admin.get("/users/search?username=%25").json() == []
    assert world.admin.get("/users/search?username=%00").json() == []


def test_an_administrator_is_made_and_unmade_but_the_last_one_stays(world: World) -> None:
    path = oneself(world.outsider)
    # Harbor's client in Go leaves out what is false.
    for body, is_admin in (
        ({"sysadmin_flag": True}, True),
        ({"sysadmin_flag": False}, False),
        ({"sysadmin_flag": True}, True),
        ({}, False),
    ):
        assert world.admin.call("PUT", f"{path}/sysadmin", json=body).status_code == 200
        assert world.admin.get(path).json()["sysadmin_flag"] is is_admin
    assert world.admin.refused("PUT", f"{path}/sysadmin", json={"sysadmin_flag": None})[0] == 400


def test_ones_own_password_needs_the_old_one(world: World) -> None:
    path = f"{oneself(world.developer)}/password"
    wrong = {"old_password": "wrong", "new_password": NEW}
    assert world.developer.refused("PUT", path, json=wrong)[0] == 403
    assert world.developer.refused("PUT", path, json={"new_password": NEW})[0] == 403
    right = {"old_password": PASSWORD, "new_password": NEW}
    assert world.developer.call("PUT", path, json=right).status_code == 200
    assert world.developer.get("/users/current").status_code == 401
    changed = {"Authorization": basic(world.developer.principal.name, NEW)}
    assert world.anonymous.get("/users/current", headers=changed).status_code == 200


def test_an_administrator_sets_anothers_password_and_needs_the_old_one_for_his_own(world: World) -> None:
    path = f"{oneself(world.developer)}/password"
    assert world.admin.call("PUT", path, json={"new_password": NEW}).status_code == 200
    assert world.admin.refused("PUT", path, json={"new_password": "short"})[0] == 400
    own = f"{oneself(world.admin)}/password"
    assert world.admin.refused("PUT", own, json={"new_password": NEW})[0] == 403


def test_a_cli_secret_is_its_owners_alone_and_signs_in(world: World) -> None:
    path = f"{oneself(world.developer)}/cli_secret"
    assert world.admin.refused("PUT", path, json={})[0] == 403
    secret = world.developer.call("PUT", path, json={}).json()["secret"]
    by_secret = {"Authorization": basic(world.developer.principal.name, secret)}
    assert world.anonymous.get("/users/current", headers=by_secret).status_code == 200
    again = world.anonymous.call("PUT", path, headers=by_secret, json={})
    assert again.status_code == 403, "no key makes another key"
    assert world.developer.refused("PUT", path, json={"secret": NEW})[0] == 409


def test_one_account_tells_what_the_provider_knows_it_by_and_no_secret(world: World) -> None:
    user = people.make_user()
    subject = unique("subject")
    Identity.objects.create(
        user=user, source=Source.OIDC, issuer="https://login.example.org", subject=subject
    )
    told = world.admin.get(f"/users/{user.pk}").json()["oidc_user_meta"]
    assert told["subiss"] == f"{subject}https://login.example.org"
    assert (told["user_id"], "secret" in told) == (user.pk, False)


def test_a_removed_account_is_unknown(world: World) -> None:
    path = made(world)
    assert world.admin.call("DELETE", path).status_code == 200
    assert world.admin.refused("GET", path)[0] == 404
    assert world.admin.refused("DELETE", path)[0] == 404


def test_the_permissions_of_the_caller_are_those_of_the_place(world: World) -> None:
    def may(caller: Caller, query: str) -> set[str]:
        told = caller.get(f"/users/current/permissions?{query}").json()
        return {f"{each['resource']}:{each['action']}" for each in told}

    scope = f"/project/{world.project.pk}"
    assert "repository:push" in may(world.developer, f"scope={scope}&relative=true")
    assert f"{scope}/repository:push" in may(world.developer, f"scope={scope}")
    assert "repository:push" not in may(world.guest, f"scope={scope}&relative=true")
    assert may(world.outsider, f"scope={scope}") == may(world.outsider, "scope=/project/999999999") == set()
    assert "user:create" in may(world.admin, "relative=true")
    assert "user:create" not in may(world.developer, "relative=true")
    assert world.developer.refused("GET", "/users/current/permissions?scope=nowhere")[0] == 400


def test_what_is_refused_about_somebody_elses_account_is_recorded(world: World) -> None:
    other = world.maintainer.principal.id
    tries = {
        ("PUT", "", "user.update"): {"realname": "x"},
        ("PUT", "/sysadmin", "user.admin"): {"sysadmin_flag": True},
        ("PUT", "/password", "user.password"): {"new_password": NEW},
        ("PUT", "/cli_secret", "access-token.create"): {},
        ("DELETE", "", "user.delete"): {},
    }
    for (method, path, _), body in tries.items():
        assert world.guest.refused(method, f"/users/{other}{path}", json=body)[0] == 403
    assert world.guest.refused("GET", f"/users/{other}")[0] == 403
    assert refusals(world.guest) == [(act, str(other)) for _, _, act in tries]

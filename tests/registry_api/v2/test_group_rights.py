"""A group's people push and pull by it, and their tokens end with it: within five seconds, and nobody else's."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import pytest

from access.table import Role
from accounts.models import Group, User
from accounts.services import group_sync, groups
from projects import registry_access
from projects.services.members import add_member, change_role, remove_member
from tests import people
from tests.groups import make_directory_group, make_group
from tests.registry_api.client import PASSWORD, Client, Registry, World, basic
from tests.registry_api.tokens import access, genuine

SYSTEM = people.SYSTEM
WITHIN_SECONDS = 5

pytestmark = pytest.mark.plain


def person(world: World) -> tuple[User, Client]:
    user = people.make_user("grouped", password=PASSWORD)
    return user, Client(world.registry, basic(user.username, PASSWORD), people.principal(user))


def pushes(world: World, token: str, name: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return world.registry.request("POST", f"/v2/{name}/blobs/uploads/", headers=headers).status_code


def test_a_group_made_member_lets_its_people_push_and_pull_and_nobody_else(world: World) -> None:
    user, client = person(world)
    _, stranger = person(world)
    group = make_directory_group(user)
    name = world.name()
    assert access(genuine(client, f"repository:{name}:pull,push"))[0]["actions"] == []
    add_member(SYSTEM, world.project, group, Role.DEVELOPER)
    digest = client.repository(name).push_image("latest")
    assert client.repository(name).call("GET", "manifests/latest").status_code == 200
    assert client.repository(name).call("DELETE", f"manifests/{digest}").status_code == 401
    assert (
        name in client.call("GET", "/v2/_catalog?n=1000", scope="registry:catalog:*").json()["repositories"]
    )
    assert stranger.repository(name).call("GET", "manifests/latest").status_code == 401


def test_a_blob_is_mounted_from_where_a_group_lets_pull(world: World) -> None:
    user, client = person(world)
    other = World.make(world.registry)
    source, target = other.name(), world.name()
    digest = other.maintainer.repository(source).push_blob(b"shared by a group " + source.encode())
    path = f"/v2/{target}/blobs/uploads/?mount={digest}&from={source}"
    add_member(SYSTEM, world.project, user, Role.DEVELOPER)
    scope = f"{target}:pull,push {source}:pull"
    assert client.call("POST", path, scope=scope).status_code == 202
    add_member(SYSTEM, other.project, make_group(user), Role.LIMITED_GUEST)
    assert client.call("POST", path, scope=scope).status_code == 201


Loss = Callable[[World, Group, User], object]
LOSSES: dict[str, Loss] = {
    "synchronised away": lambda _world, group, _user: group_sync.replace_people(SYSTEM, group, []),
    "signed in without it": lambda _world, _group, user: group_sync.replace_groups_of(SYSTEM, user, []),
    "group gone": lambda _world, group, _user: group_sync.group_is_gone(SYSTEM, group),
    "group deleted": lambda _world, group, _user: groups.delete_group(SYSTEM, group),
    "role lowered": lambda world, group, _user: change_role(SYSTEM, world.project, group, Role.GUEST),
    "group removed": lambda world, group, _user: remove_member(SYSTEM, world.project, group),
}


def test_every_loss_by_a_group_reaches_a_running_process_within_five_seconds(registry: Registry) -> None:
    """Nothing is told to forget. Who keeps the right by another group keeps his token."""
    worlds = {name: World.make(registry, public=True) for name in LOSSES}
    tokens: dict[str, tuple[str, str]] = {}
    acts: dict[str, Callable[[], object]] = {}
    for name, world in worlds.items():
        (loser, client), (keeper, kept) = person(world), person(world)
        group = make_directory_group(loser, keeper)
        add_member(SYSTEM, world.project, group, Role.DEVELOPER)
        add_member(SYSTEM, world.project, make_group(keeper), Role.MAINTAINER)
        scope = f"repository:{world.name('r')}:pull,push"
        tokens[name] = (genuine(client, scope), genuine(kept, scope))
        acts[name] = partial(LOSSES[name], world, group, loser)
    for name, world in worlds.items():
        assert [pushes(world, token, world.name("r")) for token in tokens[name]] == [202, 202]
    for act in acts.values():
        act()
    time.sleep(WITHIN_SECONDS)
    for name, world in worlds.items():
        assert [pushes(world, token, world.name("r")) for token in tokens[name]] == [401, 202], name


def test_a_group_gained_ends_no_token(world: World) -> None:
    user, client = person(world)
    add_member(SYSTEM, world.project, user, Role.DEVELOPER)
    name = world.name()
    token = genuine(client, f"repository:{name}:push")
    add_member(SYSTEM, world.project, make_group(user), Role.MAINTAINER)
    group_sync.replace_groups_of(SYSTEM, user, [make_directory_group().pk])
    registry_access.forget()
    assert pushes(world, token, name) == 202

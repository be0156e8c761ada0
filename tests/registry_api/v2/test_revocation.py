"""A right that is lost ends every token that was issued on it, within five seconds; a right that is gained ends none."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from access.models import Member
from access.table import Role
from accounts import signing_keys
from accounts.models import User
from accounts.services import users
from database import sql
from projects import registry_access
from projects.services.members import add_member, change_role, remove_member
from projects.services.projects import Changes, change_project, delete_project
from tests import people
from tests.registry_api.client import Client, World
from tests.registry_api.tokens import genuine

SYSTEM = people.SYSTEM
WITHIN_SECONDS = 5


def user_of(client: Client) -> User:
    return User.objects.get(pk=client.principal.id)


def disable(world: World) -> None:
    users.disable_user(SYSTEM, user_of(world.developer))


def delete_user(world: World) -> None:
    users.remove_user(SYSTEM, user_of(world.developer))


def new_password(world: World) -> None:
    users.set_password(SYSTEM, user_of(world.developer), "another good passphrase")


def lower_role(world: World) -> None:
    change_role(SYSTEM, world.project, user_of(world.developer), Role.GUEST)


def remove_from_project(world: World) -> None:
    remove_member(SYSTEM, world.project, user_of(world.developer))


def make_private(world: World) -> None:
    change_project(SYSTEM, world.project, Changes(public=False))


def delete_and_recreate(world: World) -> None:
    """By another tenant, who even makes it public."""
    delete_project(SYSTEM, world.project)
    people.make_project(name=world.project.name, public=True)


LOSSES = [
    disable,
    delete_user,
    new_password,
    lower_role,
    remove_from_project,
    make_private,
    delete_and_recreate,
]


def statuses(world: World, token: str, name: str) -> dict[str, int]:
    headers = {"Authorization": f"Bearer {token}"}
    acts = {
        "pull": ("GET", f"/v2/{name}/tags/list"),
        "push": ("POST", f"/v2/{name}/blobs/uploads/"),
        "delete": ("DELETE", f"/v2/{name}/manifests/latest"),
    }
    return {
        act: world.registry.request(method, path, headers=headers).status_code
        for act, (method, path) in acts.items()
    }


@pytest.fixture
def public_world(registry) -> World:
    """A public project: what ends a token here is the loss alone, not that nothing was ever visible."""
    return World.make(registry, public=True)


@pytest.mark.parametrize("lose", LOSSES, ids=lambda lose: lose.__name__)
def test_a_token_ends_with_the_right_it_was_issued_on(
    public_world: World, lose: Callable[[World], None]
) -> None:
    """Case 9."""
    name = public_world.name()
    token = genuine(public_world.developer, f"repository:{name}:pull,push")
    assert statuses(public_world, token, name) == {"pull": 404, "push": 202, "delete": 401}
    lose(public_world)
    registry_access.forget()
    assert statuses(public_world, token, name) == {"pull": 401, "push": 401, "delete": 401}
    headers = {"Authorization": f"Bearer {token}"}
    answer = public_world.registry.request("POST", f"/v2/{name}/blobs/uploads/", headers=headers)
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_every_loss_reaches_a_running_process_within_five_seconds(registry) -> None:
    """Case 9. Nothing is told to forget: the process finds out by itself."""
    worlds = [World.make(registry, public=True) for _ in LOSSES]
    tokens = [genuine(world.developer, f"repository:{world.name('r')}:pull,push") for world in worlds]
    for world, token in zip(worlds, tokens, strict=True):
        assert statuses(world, token, world.name("r"))["push"] == 202
    for world, lose in zip(worlds, LOSSES, strict=True):
        lose(world)
    time.sleep(WITHIN_SECONDS)
    for world, token in zip(worlds, tokens, strict=True):
        assert statuses(world, token, world.name("r")) == {"pull": 401, "push": 401, "delete": 401}


def test_a_lower_role_still_pulls_with_a_new_token_and_pushes_with_none(world: World) -> None:
    """Case 9."""
    repository = world.repository("developer")
    assert repository.call("POST", "blobs/uploads/").status_code == 202
    lower_role(world)
    registry_access.forget()
    answer = repository.call("POST", "blobs/uploads/")
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    assert repository.call("GET", "tags/list").status_code == 404


def test_an_anonymous_token_ends_when_the_project_is_made_private(public_world: World) -> None:
    name = public_world.name()
    token = genuine(public_world.anonymous, f"repository:{name}:pull")
    assert statuses(public_world, token, name)["pull"] == 404
    make_private(public_world)
    registry_access.forget()
    assert statuses(public_world, token, name)["pull"] == 401


def test_a_mount_from_a_recreated_project_gets_nothing_by_an_old_token(world: World) -> None:
    """Case 9, the source of a mount."""
    other = World.make(world.registry)
    Member.objects.create(project=other.project, user=user_of(world.developer), role_id=Role.GUEST)
    source, target = other.name(), world.name()
    scopes = (f"repository:{source}:pull", f"repository:{target}:pull,push")
    token = genuine(world.developer, *scopes)
    delete_project(SYSTEM, other.project)
    tenant = World(world.registry, people.make_project(name=other.project.name))
    digest = tenant.maintainer.repository(source).push_blob(b"of another tenant" + source.encode())
    registry_access.forget()
    answer = world.registry.request(
        "POST",
        f"/v2/{target}/blobs/uploads/?mount={digest}&from={source}",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code in (202, 401)
    assert world.developer.repository(target).call("HEAD", f"blobs/{digest}").status_code == 404


def test_a_right_gained_ends_no_token(world: World) -> None:
    name = world.name()
    token = genuine(world.developer, f"repository:{name}:pull,push")
    change_role(SYSTEM, world.project, user_of(world.developer), Role.MAINTAINER)
    add_member(SYSTEM, people.make_project(), user_of(world.developer), Role.GUEST)
    change_project(SYSTEM, world.project, Changes(public=True))
    users.set_auditor(SYSTEM, user_of(world.developer), True)
    registry_access.forget()
    assert statuses(world, token, name) == {"pull": 404, "push": 202, "delete": 401}


def test_a_disabled_user_gets_no_token_and_an_enabled_one_does_not_get_the_old_one_back(world: World) -> None:
    name = world.name()
    token = genuine(world.developer, f"repository:{name}:pull,push")
    disable(world)
    headers = {"Authorization": world.developer.basic or ""}
    assert world.registry.request("GET", "/service/token", headers=headers).status_code == 401
    users.enable_user(SYSTEM, user_of(world.developer))
    registry_access.forget()
    assert statuses(world, token, name)["push"] == 401
    assert statuses(world, genuine(world.developer, f"repository:{name}:push"), name)["push"] == 202


def test_tokens_outlive_a_rotation_of_the_signing_key_until_the_overlap_has_passed(world: World) -> None:
    name = world.name()
    old = genuine(world.developer, f"repository:{name}:push")
    kid = signing_keys.keyset().kid
    assert signing_keys.rotate(SYSTEM) != kid
    new = genuine(world.developer, f"repository:{name}:push")
    assert [statuses(world, token, name)["push"] for token in (old, new)] == [202, 202]
    assert {key["kid"] for key in signing_keys.jwks()} >= {kid, signing_keys.keyset().kid}
    sql.execute("UPDATE signing_key SET retired_at = now() - interval '1 second' WHERE kid = %s", [kid])
    signing_keys.forget()
    assert [statuses(world, token, name)["push"] for token in (old, new)] == [401, 202]


def test_a_read_that_is_remembered_ends_with_the_key_of_its_token(world: World) -> None:
    repository = world.repository()
    digest = repository.push_blob(b"read again and again")
    token = genuine(world.developer, f"repository:{repository.name}:pull")
    kid = signing_keys.keyset().kid
    signing_keys.rotate(SYSTEM)

    def read() -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return world.registry.request(
            "GET", f"/v2/{repository.name}/blobs/{digest}", headers=headers
        ).status_code

    assert [read(), read()] == [200, 200]
    sql.execute("UPDATE signing_key SET retired_at = now() - interval '1 second' WHERE kid = %s", [kid])
    signing_keys.forget()
    assert read() == 401


def test_the_overlap_of_a_rotation_covers_the_last_token_of_the_old_key(world: World) -> None:
    signing_keys.keyset()
    signing_keys.rotate(SYSTEM)
    left = sql.value(
        "SELECT extract(epoch FROM max(retired_at) - now()) FROM signing_key WHERE retired_at IS NOT NULL"
    )
    assert left > 300 + 55

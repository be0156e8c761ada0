"""Tokens around the moment a right is lost: the old ones are worth nothing, the new ones are good at once."""

from __future__ import annotations

import pytest

from access.principal import ActorKind, Principal
from access.table import Role
from accounts.gate import credentials
from accounts.gate.credentials import Account
from accounts.models import User
from accounts.services import users
from projects import registry_access
from projects.services.members import add_member, remove_member
from projects.services.projects import Changes, change_project
from tests import people
from tests.registry_api.client import World
from tests.registry_api.tokens import genuine

SYSTEM = people.SYSTEM


def push(world: World, token: str, name: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return world.registry.request("POST", f"/v2/{name}/blobs/uploads/", headers=headers).status_code


def test_a_new_token_is_good_at_once_after_a_right_was_lost_elsewhere(world: World) -> None:
    """Without waiting for the memory of the old epoch to end."""
    name = world.name()
    user = User.objects.get(pk=world.developer.principal.id)
    other = people.make_project()
    add_member(SYSTEM, other, user, Role.DEVELOPER)
    old = genuine(world.developer, f"repository:{name}:push")
    assert push(world, old, name) == 202
    remove_member(SYSTEM, other, user)
    new = genuine(world.developer, f"repository:{name}:push")
    assert push(world, new, name) == 202
    assert push(world, old, name) == 401


def test_a_new_token_is_good_at_once_in_a_project_that_was_made_private(world: World) -> None:
    name = world.name()
    change_project(SYSTEM, world.project, Changes(public=True))
    old = genuine(world.developer, f"repository:{name}:push")
    assert push(world, old, name) == 202
    change_project(SYSTEM, world.project, Changes(public=False))
    new = genuine(world.developer, f"repository:{name}:push")
    assert push(world, new, name) == 202
    assert push(world, old, name) == 401


@pytest.mark.django_db
def test_who_loses_a_right_between_proof_and_token_gets_none() -> None:
    """Hashing takes its time: what was read before it may be gone after it."""
    user = people.make_user(is_admin=True)
    people.make_user(is_admin=True)
    proven = Principal(ActorKind.USER, user.pk, user.username, is_admin=True, epoch=user.auth_epoch)
    assert registry_access.bearer_of(proven) is not None
    users.set_password(SYSTEM, user, "another good passphrase")
    assert registry_access.bearer_of(proven) is None


def test_a_sign_in_that_a_new_password_overtakes_gets_no_token(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = User.objects.get(pk=world.developer.principal.id)
    right = credentials.is_right

    def slowly(account: Account, password: str) -> bool:
        found = right(account, password)
        users.set_password(SYSTEM, user, "another good passphrase")
        return found

    monkeypatch.setattr(credentials, "is_right", slowly)
    headers = {"Authorization": world.developer.basic or ""}
    assert world.registry.request("GET", "/service/token", headers=headers).status_code == 401

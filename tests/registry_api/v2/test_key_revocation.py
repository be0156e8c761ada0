"""What ends robots and personal access tokens ends their running pushes within five seconds, and nobody else's."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from access.table import Role
from accounts.models import AccessToken, Robot, User
from accounts.services import access_tokens, robots, users
from core.oci.digest import Digest
from projects import registry_access
from projects.services.members import change_role
from projects.services.projects import delete_project
from tests import keys, people
from tests.registry_api.client import PASSWORD, Client, Registry, World, basic
from tests.registry_api.tokens import genuine

pytestmark = pytest.mark.plain
SYSTEM = people.SYSTEM
WITHIN_SECONDS = 5
CONTENT = b"the first half, the second half"


@dataclass
class Push:
    """A push that is under way: a session with half of a blob in it, and the one token it is made with."""

    client: Client
    name: str
    token: str
    location: str

    @classmethod
    def begin(cls, client: Client, name: str) -> Push:
        token = genuine(client, f"repository:{name}:pull,push")
        push = cls(client, name, token, f"/v2/{name}/blobs/uploads/")
        for method, content in (("POST", b""), ("PATCH", CONTENT[:16])):
            answer = push.request(method, push.location, content=content)
            assert answer.status_code == 202, answer.text
            push.location = answer.headers["Location"]
        return push

    def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.client.registry.request(method, path, headers=headers, **options)

    def goes_on(self) -> bool:
        """Whether the rest of the blob is taken; what was begun with the token is then whole."""
        answer = self.request(
            "PUT", self.location, content=CONTENT[16:], params={"digest": str(Digest.of(CONTENT))}
        )
        assert answer.status_code in (201, 401), answer.text
        return answer.status_code == 201


def client_of(registry: Registry, key: keys.Key) -> Client:
    return Client(registry, basic(key.username, key.secret), key.principal)


def robot_of(client: Client) -> Robot:
    return Robot.objects.get(pk=client.principal.id)


def disable_robot(client: Client) -> None:
    robots.disable_robot(SYSTEM, robot_of(client))


def remove_robot(client: Client) -> None:
    robots.remove_robot(SYSTEM, robot_of(client))


def rotate_robot(client: Client) -> None:
    robots.rotate_secret(SYSTEM, robot_of(client))


def expire_robot(client: Client) -> None:
    Robot.objects.filter(pk=client.principal.id).update(expires_at="2020-01-01T00:00:00Z")


def revoke_token(client: Client) -> None:
    access_tokens.revoke_access_token(SYSTEM, AccessToken.objects.get(pk=client.principal.key_id))


def disable_user(client: Client) -> None:
    users.disable_user(SYSTEM, User.objects.get(pk=client.principal.id))


ENDINGS: list[Callable[[Client], None]] = [
    disable_robot,
    remove_robot,
    rotate_robot,
    expire_robot,
    revoke_token,
    disable_user,
]


def pusher(world: World, end: Callable[[Client], None]) -> Client:
    """Somebody who can be ended that way."""
    if end in (revoke_token, disable_user):
        owner = people.make_member(world.project, Role.DEVELOPER, password=PASSWORD)
        return client_of(world.registry, keys.personal(owner, keys.in_project(world.project, keys.PUSH)))
    return client_of(
        world.registry, keys.robot(keys.in_project(world.project, keys.PUSH), project=world.project)
    )


def test_who_is_ended_in_mid_push_is_refused_within_five_seconds_and_the_rest_push_on(world: World) -> None:
    """Nothing is told to forget: the process finds out by itself."""
    ended = [Push.begin(pusher(world, end), world.name()) for end in ENDINGS]
    others = [Push.begin(pusher(world, end), world.name()) for end in (disable_robot, revoke_token)]
    others.append(Push.begin(world.developer, world.name()))
    for end, push in zip(ENDINGS, ended, strict=True):
        end(push.client)
    lowered = User.objects.get(pk=world.maintainer.principal.id)
    change_role(SYSTEM, world.project, lowered, Role.GUEST)
    time.sleep(WITHIN_SECONDS)
    assert [push.goes_on() for push in ended] == [False] * len(ended)
    assert [push.goes_on() for push in others] == [True] * len(others)


@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)
def test_who_was_ended_gets_no_token(world: World, end: Callable[[Client], None]) -> None:
    client = pusher(world, end)
    end(client)
    headers = {"Authorization": client.basic or ""}
    for path in ("/service/token", "/v2/"):
        assert world.registry.request("GET", path, headers=headers).status_code == 401


def test_a_rotation_with_an_overlap_ends_no_push_and_both_secrets_are_good(world: World) -> None:
    client = pusher(world, rotate_robot)
    push = Push.begin(client, world.name())
    _, secret = robots.rotate_secret(SYSTEM, robot_of(client), overlap_hours=1)
    registry_access.forget()
    assert push.goes_on()
    name = client.principal.name
    for each in (client, Client(world.registry, basic(name, secret), client.principal)):
        assert Push.begin(each, world.name()).goes_on()


def test_a_narrowed_robot_pushes_with_no_old_token_and_pulls_with_a_new_one(world: World) -> None:
    client = pusher(world, disable_robot)
    push = Push.begin(client, world.name())
    narrowed = robots.RobotChanges(allowances=(keys.in_project(world.project, keys.PULL),))
    robots.change_robot(SYSTEM, robot_of(client), narrowed)
    registry_access.forget()
    assert not push.goes_on()
    again = world.registry.request(
        "POST",
        f"/v2/{push.name}/blobs/uploads/",
        headers={"Authorization": f"Bearer {genuine(client, f'repository:{push.name}:pull,push')}"},
    )
    assert 'error="insufficient_scope"' in again.headers["WWW-Authenticate"]


def test_a_token_of_a_robot_is_worth_nothing_in_the_next_project_of_that_name(world: World) -> None:
    client = pusher(world, disable_robot)
    push = Push.begin(client, world.name())
    Robot.objects.filter(pk=client.principal.id).update(project=None)  # even if it lived on
    delete_project(SYSTEM, world.project)
    people.make_project(name=world.project.name, public=True)
    registry_access.forget()
    assert (
        world.registry.request(
            "POST", f"/v2/{push.name}/blobs/uploads/", headers={"Authorization": f"Bearer {push.token}"}
        ).status_code
        == 401
    )

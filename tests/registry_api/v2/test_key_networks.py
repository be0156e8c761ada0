"""A registry token that was got by a key for some networks is good in no others, from the first request on."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx2
import pytest

from access.table import P, Role
from accounts.models import AccessToken, Robot
from projects import registry_access
from tests import keys, people
from tests.registry_api.client import HOST, MANIFEST, Client, Registry, World, basic, conforms
from tests.registry_api.tokens import genuine

pytestmark = pytest.mark.plain
# Where the key is for, and where not.
ELSEWHERE = "192.0.2.9"
NETWORKS = ["127.0.0.0/8"]
PULL = keys.PULL


def robot(world: World) -> keys.Key:
    return keys.robot(keys.in_project(world.project, PULL), project=world.project, networks=NETWORKS)


def child(world: World) -> keys.Key:
    """For everywhere, made by one that is not."""
    elder = keys.robot(
        keys.in_project(world.project, PULL | {P.ROBOT_CREATE}), project=world.project, networks=NETWORKS
    )
    allowance = keys.in_project(world.project, PULL)
    return keys.robot(allowance, project=world.project, ancestors=[elder.principal.id])


def personal(world: World) -> keys.Key:
    user = people.make_member(world.project, Role.DEVELOPER)
    key = keys.personal(user, keys.in_project(world.project, PULL))
    AccessToken.objects.filter(pk=key.principal.key_id).update(networks=NETWORKS)
    return key


def registry_seen_from(registry: Registry, ip: str) -> Registry:
    """The same registry, as a client at that address meets it."""
    found = Registry(registry.application)
    transport = httpx2.WSGITransport(registry.application, raise_app_exceptions=True, remote_addr=ip)
    found.http = httpx2.Client(
        transport=transport, base_url=f"http://{HOST}", event_hooks={"response": [conforms]}
    )
    return found


def told(answer: httpx2.Response) -> tuple[int, object, str]:
    errors = json.loads(answer.read())["errors"] if answer.status_code >= 400 else None
    return answer.status_code, errors, answer.headers.get("WWW-Authenticate", "")


@pytest.mark.parametrize("made", [robot, child, personal])
def test_a_copied_token_is_refused_elsewhere_as_one_that_has_ended(
    world: World, made: Callable[[World], keys.Key]
) -> None:
    repository = world.repository()
    repository.push_image("latest")
    key = made(world)
    client = Client(world.registry, basic(key.username, key.secret), key.principal)
    token = genuine(client, f"repository:{repository.name}:pull")
    elsewhere = registry_seen_from(world.registry, ELSEWHERE)

    def read(registry: Registry) -> tuple[int, object, str]:
        headers = {"Accept": MANIFEST, "Authorization": f"Bearer {token}"}
        return told(registry.request("GET", f"/v2/{repository.name}/manifests/latest", headers=headers))

    # Asked again and again: the answer that is remembered for some is given to no others.
    assert [read(each)[0] for each in (world.registry, world.registry, elsewhere, world.registry)] == [
        200,
        200,
        401,
        200,
    ]
    refused = read(elsewhere)
    assert 'error="invalid_token"' in refused[2]
    Robot.objects.filter(pk=key.principal.id, name=key.principal.name.rpartition("+")[2]).update(
        disabled=True
    )
    AccessToken.objects.filter(pk=key.principal.key_id).delete()
    registry_access.forget()
    assert read(world.registry) == refused


def test_a_key_for_everywhere_is_good_everywhere(world: World) -> None:
    repository = world.repository()
    repository.push_image("latest")
    token = genuine(world.developer, f"repository:{repository.name}:pull")
    elsewhere = registry_seen_from(world.registry, ELSEWHERE)
    headers = {"Accept": MANIFEST, "Authorization": f"Bearer {token}"}
    for _ in range(2):
        answer = elsewhere.request("GET", f"/v2/{repository.name}/manifests/latest", headers=headers)
        assert answer.status_code == 200

"""Robots, tokens and passwords at every face that takes a name and a password: who gets in, and what the others are told."""

from __future__ import annotations

import httpx2
import pytest

from access.table import Role
from audit.models import AuditEvent
from tests import keys, people
from tests.people import unique
from tests.registry_api.answers import refused
from tests.registry_api.client import PASSWORD, Client, Registry, World, basic
from tests.registry_api.tokens import access, altered, genuine, payload
from tests.registry_api.wire import send

pytestmark = pytest.mark.plain
ELSEWHERE = "198.51.100.7"
FACES = ["/v2/", "/service/token", "POST /service/token"]
WORDS = "user name or password is wrong"


def asked(registry: Registry, face: str, name: str, password: str, ip: str = "127.0.0.1") -> httpx2.Response:
    """The answer of a face to these credentials, from that address."""
    if face.startswith("POST"):
        form = httpx2.QueryParams(grant_type="password", username=name, password=password)
        body = str(form).encode()
        return send(registry, "POST", "/service/token", body=body, REMOTE_ADDR=ip)
    headers = {"Authorization": basic(name, password)}
    return send(registry, "GET", face, headers=headers, REMOTE_ADDR=ip)


def client_of(registry: Registry, key: keys.Key) -> Client:
    return Client(registry, basic(key.username, key.secret), key.principal)


@pytest.mark.parametrize("face", FACES)
def test_guesses_are_refused_with_a_time_and_the_right_ones_elsewhere_are_not(
    world: World, face: str
) -> None:
    name = world.developer.principal.name
    robot = keys.robot(keys.in_project(world.project, keys.PUSH), project=world.project)
    answers = [asked(world.registry, face, name, f"wrong {number}") for number in range(20)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 15
    assert refused(answers[-1]) == (429, "TOOMANYREQUESTS")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert "try again in" in answers[-1].json()["errors"][0]["message"]
    assert asked(world.registry, face, name, PASSWORD, ELSEWHERE).status_code == 200
    assert asked(world.registry, face, robot.username, robot.secret).status_code == 200


@pytest.mark.parametrize("face", FACES)
def test_a_name_nobody_has_is_answered_as_one_that_somebody_has(world: World, face: str) -> None:
    def told(name: str) -> list[tuple[int, str]]:
        answers = [asked(world.registry, face, name, "wrong") for _ in range(7)]
        return [(each.status_code, each.json()["errors"][0]["code"]) for each in answers]

    assert told(unique("nobody")) == told(world.developer.principal.name)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("robot$", "x"), ("$", "$"), ("robot$a+b+c", "Secret-123"), ("robot$+x", "Secret-123"), ("robot$a+", "Secret-123"),
        ("robot$a\0b+c", "Secret-123"), ("robot$\u00e9+c", "x" * 200), ("robot$" + "a" * 10_000, "wharf_rob_junk"),
        ("a" * 10_000, "wrong"), ("ann\0", "wrong"), ("ann", "wr\0ng"), ("ann", "x" * 10_000), ("ann:x", "wrong"),
        ("ann", "wharf_pat_junk"), ("ann", "WHARF_PAT_junk"), ("ann", "wharf_cli_" + "\u00e9" * 43), ("ann", "wharf_rob_junk"),
        ("ann\0", "wharf_pat_junk"), ("", "wrong"), ("ann", ""), ("\ufffd", "\ufffd"), (" ", " "), ("%00", "%s"),
    ],
)  # fmt: skip
def test_what_proves_nobody_is_refused_in_the_same_words(
    registry: Registry, face: str, name: str, password: str
) -> None:
    answer = asked(registry, face, name, password)
    assert refused(answer) == (401, "UNAUTHORIZED")
    assert answer.json()["errors"][0]["message"] == WORDS


def test_a_megabyte_is_no_password(registry: Registry) -> None:
    answer = asked(registry, "POST /service/token", "ann", "x" * 50_000)
    assert refused(answer) == (401, "UNAUTHORIZED")
    assert asked(registry, "POST /service/token", "ann", "x" * 1_000_000).status_code in (400, 413)
    assert asked(registry, "/v2/", "ann", "x" * 1_000_000).status_code == 401


def test_a_robot_gets_a_token_for_what_it_may_do_and_no_more(world: World) -> None:
    name = world.name()
    robot = keys.robot(keys.in_project(world.project, keys.PULL), project=world.project)
    token = genuine(client_of(world.registry, robot), f"repository:{name}:pull,push,delete")
    assert access(token) == [{"type": "repository", "name": name, "actions": ["pull"]}]
    assert payload(token)["sub"] == robot.username
    assert payload(token)["wharf"]["via"] == "robot"


def test_a_token_says_by_which_key_it_was_got_and_so_does_what_is_done_with_it(world: World) -> None:
    owner = people.make_member(world.project, Role.MAINTAINER, password=PASSWORD)
    pat = keys.personal(owner, keys.in_project(world.project, keys.PUSH))
    told = {}
    for client in (
        client_of(world.registry, pat),
        Client(world.registry, basic(owner.username, PASSWORD), pat.principal),
    ):
        repository = client.repository(world.name())
        digest = repository.push_image()
        event = AuditEvent.objects.get(operation="artifact.push", resource_name__startswith=repository.name)
        assert (event.auth, event.actor_id, bool(event.token_id)) == ("token", owner.pk, True)
        told[event.detail["proof"]["via"]] = event.detail["proof"].get("key")
        assert digest
    assert told == {"pat": pat.principal.key_id, "basic": None}


def test_signing_in_is_one_event_however_often_the_client_comes(world: World) -> None:
    robot = keys.robot(keys.in_project(world.project, keys.PUSH), project=world.project)
    repository = client_of(world.registry, robot).repository(world.name())
    repository.push_image()
    seen = AuditEvent.objects.filter(actor_kind="robot", actor_id=robot.principal.id)
    assert seen.filter(operation="robot.sign-in").count() == 1
    assert seen.filter(operation="artifact.push").count() == 1


@pytest.mark.parametrize("told", [None, "", "carrier-pigeon", ["basic"], 7])
def test_a_token_that_tells_of_no_method_known_here_is_good(world: World, told: object) -> None:
    """Tokens of the release before tell of none, and some of the next one may tell of others."""
    token = genuine(world.developer, f"repository:{world.name('r')}:push")
    claims = payload(token)["wharf"]
    for private in (
        {**claims, "via": told},
        {key: claims[key] for key in claims if key not in ("via", "key")},
    ):
        headers = {"Authorization": f"Bearer {altered(token, wharf=private)}"}
        answer = world.registry.request("POST", f"/v2/{world.name('r')}/blobs/uploads/", headers=headers)
        assert answer.status_code == 202

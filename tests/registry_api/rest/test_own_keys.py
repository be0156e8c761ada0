"""/users/current/tokens and /users/current/sessions: one's own, and nobody else's."""

from __future__ import annotations

from typing import Any

from access.principal import AuthMethod
from accounts.models import AccessToken, User
from accounts.services import sessions
from tests.people import ORIGIN, unique
from tests.registry_api.client import basic
from tests.registry_api.rest.api import World
from tests.registry_api.rest.test_session_auth import Browser

TOKENS, SESSIONS = "/users/current/tokens", "/users/current/sessions"


def pulling(world: World) -> dict[str, Any]:
    access = [{"resource": "repository", "action": "pull", "effect": "allow"}]
    return {"kind": "project", "namespace": world.project.name, "access": access}


def test_a_token_is_shown_once_and_signs_in_within_its_bounds(world: World) -> None:
    body = {"name": unique("ci"), "permissions": [pulling(world)], "duration": 7, "networks": ["127.0.0.0/8"]}
    answer = world.developer.call("POST", TOKENS, json=body)
    assert answer.status_code == 201, answer.text
    seen = world.developer.get(answer.headers["Location"]).json()
    assert (seen["name"], seen["kind"], seen["networks"]) == (body["name"], "pat", ["127.0.0.0/8"])
    assert (seen["permissions"], seen["expired"], "secret" in seen) == ([pulling(world)], False, False)
    own = {"Authorization": basic(world.developer.principal.name, answer.json()["secret"])}
    assert world.anonymous.get("/users/current", headers=own).status_code == 200
    assert world.anonymous.call("POST", TOKENS, headers=own, json=body).status_code == 403
    assert world.developer.get(TOKENS).json() == [world.developer.get(answer.headers["Location"]).json()]


def test_what_a_token_is_for_has_to_be_said(world: World) -> None:
    assert world.developer.refused("POST", TOKENS, json={"name": "ci"})[0] == 400
    assert world.developer.refused("POST", TOKENS, json={"name": "ci", "permissions": []})[0] == 400
    assert world.developer.call("POST", TOKENS, json={"name": "ci", "permissions": None}).status_code == 201
    assert world.developer.refused("POST", TOKENS, json={"name": "CI", "permissions": None})[0] == 409
    hidden = world.outsider.refused("POST", TOKENS, json={"name": "ci", "permissions": [pulling(world)]})
    assert hidden[0] == 404


def test_nobody_reaches_anothers_token(world: World) -> None:
    path = world.developer.call("POST", TOKENS, json={"name": "ci", "permissions": None}).headers["Location"]
    for method in ("GET", "DELETE"):
        assert world.maintainer.refused(method, path)[0] == 404
        assert world.admin.refused(method, path)[0] == 404
    assert world.developer.call("DELETE", path).status_code == 200
    assert not AccessToken.objects.filter(user_id=world.developer.principal.id).exists()
    assert world.developer.refused("DELETE", path)[0] == 404


def test_ones_own_sessions_are_listed_and_ended(world: World) -> None:
    user = User.objects.get(pk=world.developer.principal.id)
    here = Browser(world.http, user)
    sessions.start(user, AuthMethod.OIDC, ORIGIN)
    listed = here.call("GET", SESSIONS).json()
    assert [(each["method"], each["current"]) for each in listed] in (
        [("oidc", False), ("basic", True)],
        [("basic", True), ("oidc", False)],
    )
    other = next(each["id"] for each in listed if not each["current"])
    assert world.maintainer.refused("DELETE", f"{SESSIONS}/{other}")[0] == 404
    assert here.call("DELETE", f"{SESSIONS}/{other}").status_code == 200
    assert world.developer.refused("DELETE", f"{SESSIONS}/{other}")[0] == 404
    sessions.start(user, AuthMethod.OIDC, ORIGIN)
    assert here.call("DELETE", SESSIONS).status_code == 200
    assert [each["current"] for each in here.call("GET", SESSIONS).json()] == [True]

"""Basic credentials at the REST API: the same gate as the registry's."""

from __future__ import annotations

import pytest

from tests import keys, people
from tests.registry_api.client import PASSWORD, basic
from tests.registry_api.rest.api import Caller, World

PATH = "/jobservice/queues"


def caller(world: World, name: str, password: str) -> Caller:
    return Caller(world.http, basic(name, password), people.ANONYMOUS)


def test_guesses_are_refused_with_a_time_and_keys_are_not(world: World) -> None:
    user = people.make_user(password=PASSWORD, is_admin=True)
    token, robot = keys.personal(user, keys.everywhere(keys.PULL)), keys.robot()
    answers = [caller(world, user.username, f"wrong {number}").call("GET", PATH) for number in range(8)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 3
    assert answers[-1].json()["errors"][0]["code"] == "TOOMANYREQUESTS"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    for key in (token, robot):
        assert caller(world, key.username, key.secret).call("GET", PATH).status_code == 403


@pytest.mark.parametrize(
    ("name", "password"),
    [("robot$a\0b+c", "x"), ("ann\0", "wrong"), ("$", "$"), ("ann", "wharf_pat_junk"), ("a" * 10_000, "x" * 10_000)],
)  # fmt: skip
def test_what_proves_nobody_is_refused_never_a_fault(world: World, name: str, password: str) -> None:
    answer = caller(world, name, password).call("GET", PATH)
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["message"] == "user name or password is wrong"

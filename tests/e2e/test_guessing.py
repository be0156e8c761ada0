"""Somebody guesses a password as fast as he can, and everybody else goes on working."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx2
import pytest

from tests.e2e.clients import ClientError, Docker, Login
from tests.e2e.conftest import NUMBERS, Project, make_user
from tests.e2e.registry import basic
from tests.e2e.server import Wharf

GUESSES = 1000
AT_ONCE = 16
A_MINUTE = 60.0
# Networks of their own, so that other tests' wrong passwords are not counted here, nor these there.
ATTACKER, HOME = "127.0.9.9", "127.0.8.8"


@contextmanager
def client_at(live: Wharf, ip: str) -> Iterator[httpx2.Client]:
    transport = httpx2.HTTPTransport(local_address=ip, limits=httpx2.Limits(max_connections=AT_ONCE))
    with httpx2.Client(base_url=live.url, transport=transport, timeout=60) as client:
        yield client


def sign_in(client: httpx2.Client, who: Login) -> httpx2.Response:
    return client.get("/service/token", headers={"Authorization": basic(who)})


@pytest.fixture
def robot(live: Wharf, project: Project) -> Login:
    made = json.loads(
        live.run("robot", "create", "ci", "--project", project.name, "--allow", "pull,push", "--json")
    )
    return Login(made["name"], made["secret"])


def most_in_a_minute(moments: list[float]) -> int:
    """The largest number of them within any sixty seconds."""
    return max((sum(begin <= each < begin + A_MINUTE for each in moments) for begin in moments), default=0)


def test_a_thousand_guesses_are_ten_and_lock_out_nobody_else(live: Wharf, robot: Login) -> None:
    victim = make_user(live, f"victim{next(NUMBERS)}")
    looked_at: list[float] = []
    seen: Counter[int] = Counter()
    others: list[int] = []

    def guess(number: int) -> None:
        answer = sign_in(attacker, Login(victim.username, f"guess {number}"))
        seen[answer.status_code] += 1
        if answer.status_code == 401:
            looked_at.append(time.monotonic())
        if number % 50 == 0:
            others.extend(sign_in(*each).status_code for each in ((attacker, robot), (home, victim)))

    with client_at(live, ATTACKER) as attacker, client_at(live, HOME) as home:
        begun = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(guess, range(GUESSES)))
        took = time.monotonic() - begun
        last = sign_in(attacker, victim)  # not even the right one, which is remembered for the other address
    assert set(seen) == {401, 429}, seen
    assert 5 <= most_in_a_minute(looked_at) <= 10
    assert seen[401] <= 5 * (took // A_MINUTE + 1)
    assert set(others) == {200}
    assert len(others) == 2 * GUESSES // 50
    assert last.status_code == 429
    assert 1 <= int(last.headers["Retry-After"]) <= A_MINUTE


def test_a_name_nobody_has_is_guarded_alike(live: Wharf) -> None:
    with client_at(live, ATTACKER) as attacker:
        nobody = f"nobody{next(NUMBERS)}"
        seen = [sign_in(attacker, Login(nobody, f"guess {number}")).status_code for number in range(20)]
    assert seen == [401] * 5 + [429] * 15


def test_docker_says_what_to_do(live: Wharf, docker: Docker, project: Project) -> None:
    victim = make_user(live, f"victim{next(NUMBERS)}")
    words = [refusal(docker, Login(victim.username, f"guess {number}")) for number in range(6)]
    assert "user name or password is wrong" in words[0] or "unauthorized" in words[0].lower()
    assert "try again in" in words[-1]


def refusal(docker: Docker, who: Login) -> str:
    with pytest.raises(ClientError) as caught:
        docker.login(who)
    return caught.value.output

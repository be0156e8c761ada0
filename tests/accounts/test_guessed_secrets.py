"""Guesses: at secrets somebody chose for a robot, by other spellings, from a shared address, and many at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password

from access.principal import Origin
from accounts import gate, passwords
from accounts.gate import credentials, limiter, uses
from accounts.gate.credentials import VerifiedCredentials
from accounts.models import Robot
from core.errors import TooManyRequests, Unauthenticated, Unavailable
from tests import keys
from tests.people import make_user, unique

pytestmark = pytest.mark.django_db
PASSWORD, CHOSEN = "correct horse", "Chosen-secret-1"
HERE, NEXT_DOOR, ELSEWHERE = Origin("192.0.2.7"), Origin("192.0.2.8"), Origin("198.51.100.7")


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_verified", VerifiedCredentials())
    monkeypatch.setattr(uses, "_noted", uses.Noted())


@pytest.fixture
def chosen() -> keys.Key:
    """A robot with a secret somebody chose, and the generated one beside it."""
    key = keys.robot()
    Robot.objects.filter(pk=key.principal.id).update(secret_hash=make_password(CHOSEN))
    return key


def answers(times: int, name: str, secret: str, origin: Origin = HERE) -> list[str]:
    return [answer(name, secret, origin) for _ in range(times)]


def answer(name: str, secret: str, origin: Origin = HERE) -> str:
    try:
        gate.prove(name, secret, origin)
    except (Unauthenticated, TooManyRequests) as error:
        return type(error).__name__
    return "right"


def test_a_secret_chosen_for_a_robot_can_be_guessed_five_times_a_minute(chosen: keys.Key, hashed: list[str]):
    own = chosen.username.partition("$")[2]
    hashed.clear()
    assert answers(5, chosen.username, "Wrong-secret-1") == ["CredentialsRefused"] * 5
    assert answers(20, f"other${own}", "Wrong-secret-1") == ["TooManyRequests"] * 20
    assert answer(chosen.username, CHOSEN) == "TooManyRequests"
    assert len(hashed) == 5
    assert answer(chosen.username, CHOSEN, ELSEWHERE) == "right"
    assert answer(chosen.username, chosen.secret) == "right"


def test_a_robot_that_does_not_exist_is_limited_alike(hashed: list[str]):
    for name in (f"robot${unique('none')}", f"robot${unique('none')}+ci", "robot$", "$", f"x${unique('N')}"):
        hashed.clear()
        assert answers(7, name, "Wrong-secret-1")[4:] == ["CredentialsRefused"] + ["TooManyRequests"] * 2
        assert len(hashed) == 5


def test_a_chosen_secret_that_was_right_passes_whatever_is_guessed(chosen: keys.Key):
    assert answer(chosen.username, CHOSEN) == "right"
    assert answers(10, chosen.username, "Wrong-secret-1")[5:] == ["TooManyRequests"] * 5
    assert answer(chosen.username, CHOSEN) == "right"
    assert answer(chosen.username, CHOSEN, NEXT_DOOR) == "TooManyRequests"


def test_right_ones_cost_no_guess(chosen: keys.Key, monkeypatch: pytest.MonkeyPatch):
    for _ in range(20):
        monkeypatch.setattr(credentials, "_verified", VerifiedCredentials())
        assert answer(chosen.username, CHOSEN) == "right"


def test_what_could_not_be_hashed_is_no_guess_of_the_hour(chosen: keys.Key, monkeypatch: pytest.MonkeyPatch):
    def busy() -> None:
        raise Unavailable("too many")

    user = make_user(password=PASSWORD)
    with monkeypatch.context() as patched:
        patched.setattr(passwords, "_place", busy)
        for name, secret in ((chosen.username, CHOSEN), (user.username, PASSWORD), ("nobody", PASSWORD)):
            with pytest.raises(Unavailable):
                gate.prove(name, secret, HERE)
    own = chosen.username.partition("$")[2]
    people = (limiter.name_of(user.username, 1), limiter.name_of("nobody", 1))
    for name in (f"$+{own}", *people):
        key = limiter._key(name, limiter.network_of(HERE.ip))
        assert limiter._counts.counted(limiter.OF_NAME, key) == 1
        assert limiter._counts.counted(limiter.OF_NAME_LONG, key) == 0


@pytest.mark.parametrize("exists", [True, False])
def test_a_spelling_only_the_database_takes_for_the_same_tells_nothing(exists: bool, hashed: list[str]):
    name = make_user("imi", password=PASSWORD).username if exists else unique("imi")
    hashed.clear()
    assert answers(5, "\u0130" + name[1:], "wrong") == ["CredentialsRefused"] * 5
    assert answer(name, "wrong") == "TooManyRequests"
    assert len(hashed) == 5


def test_who_shares_an_address_cannot_compare_with_what_is_remembered_for_long():
    user = make_user(password=PASSWORD)
    assert answer(user.username, PASSWORD) == "right"
    assert "right" not in answers(20, user.username, "wrong")
    assert answer(user.username, PASSWORD) == "right"
    assert answer(user.username, "wrong") == "TooManyRequests"
    assert answer(user.username, PASSWORD) == "TooManyRequests"
    assert answer(user.username, PASSWORD, ELSEWHERE) == "right"


def test_more_right_ones_at_once_than_there_are_guesses_all_get_in():
    name = unique("ann")

    def looked_at(_: int) -> bool:
        with limiter.guess(name, HERE) as guess:  # no turn: each stands for a process of its own
            time.sleep(0.05)
            guess.was_right()
            return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(looked_at, range(8)))


def test_wrong_ones_under_way_let_no_more_in_and_refuse_at_once_when_they_are_done():
    name, let_in, done = unique("ann"), [], threading.Event()

    def wrong(_: int) -> None:
        with limiter.guess(name, HERE):
            let_in.append(1)
            done.wait(0.2)

    def tried(number: int) -> Any:
        try:
            return wrong(number)
        except TooManyRequests as refusal:
            return refusal

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(tried, range(12)))
    assert len(let_in) == 5
    begun = time.monotonic()
    assert isinstance(tried(0), TooManyRequests)
    assert time.monotonic() - begun < limiter.PATIENCE_SECONDS

"""How many hashes a process makes at once: people's and robots' together."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password

from accounts import passwords
from accounts.passwords import HASHES_AT_ONCE
from core.errors import Unavailable

pytestmark = pytest.mark.usefixtures("true_hashes")


@pytest.fixture
def most(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many hashes were under way whenever one began."""
    seen, now, lock = [0], [0], threading.Lock()
    encode = Argon2PasswordHasher.encode

    def counted(self: Argon2PasswordHasher, password: str, salt: str) -> str:
        with lock:
            now[0] += 1
            seen.append(now[0])
        try:
            return encode(self, password, salt)
        finally:
            with lock:
                now[0] -= 1

    monkeypatch.setattr(Argon2PasswordHasher, "encode", counted)
    return seen


def test_no_more_are_made_at_once_than_there_are_processors(most: list[int]):
    with ThreadPoolExecutor(24) as pool:
        list(pool.map(make_password, ["Wrong-horse-1"] * 24))
    assert len(most) == 25
    assert max(most) <= HASHES_AT_ONCE <= 4


def test_whoever_finds_no_place_is_told_to_try_again(monkeypatch: pytest.MonkeyPatch):
    stored = make_password("Right-horse-1")
    monkeypatch.setattr(passwords, "HASHING_SECONDS", 0.01)
    for _ in range(HASHES_AT_ONCE):
        passwords._places.acquire()
    for hashing in (lambda: make_password("x"), lambda: check_password("x", stored)):
        with pytest.raises(Unavailable) as caught:
            hashing()
        assert 1 <= caught.value.retry_after <= 2
    for _ in range(HASHES_AT_ONCE):
        passwords._places.release()
    assert check_password("Right-horse-1", stored)


def test_a_child_does_not_wait_for_its_parents_hashes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(passwords, "HASHING_SECONDS", 0.2)
    for _ in range(HASHES_AT_ONCE):
        passwords._places.acquire()
    child = os.fork()
    if child == 0:
        try:
            make_password("x")
            os._exit(0)
        finally:
            os._exit(1)
    for _ in range(HASHES_AT_ONCE):
        passwords._places.release()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

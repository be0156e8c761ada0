from __future__ import annotations

from typing import Any

import pytest

from accounts.gate import credentials
from accounts.gate.credentials import Account, VerifiedCredentials
from accounts.models import User
from accounts.services.users import disable_user, set_password
from tests.accounts.directories import sign_in
from tests.people import SYSTEM, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_verified", VerifiedCredentials())


def test_the_right_password_proves_who_you_are_in_any_case_of_the_name():
    user = make_user("Ann", password=PASSWORD)
    assert sign_in(user.username, PASSWORD) == user
    assert sign_in(user.username.upper(), PASSWORD) == user


@pytest.mark.parametrize(
    "password", ["", "wrong horse", "correct horse ", "correct horse\0", "x" * 100_000, "\ud800"]
)
def test_a_wrong_password_proves_nothing(password: str):
    assert sign_in(make_user(password=PASSWORD).username, password) is None


@pytest.mark.parametrize("name", ["", "nobody-of-this-name", "a:b", "nul\0", "\ud800", "%", "_" * 300])
def test_a_name_nobody_has_proves_nothing(name: str):
    assert sign_in(name, PASSWORD) is None


def test_every_failure_costs_one_hash(hashed: list[str]):
    known, off, unusable = (
        make_user(password=PASSWORD),
        make_user(password=PASSWORD, is_active=False),
        make_user(),
    )
    hashed.clear()
    for name in (known.username, off.username, unusable.username, "nobody-of-this-name", "not:a:name"):
        assert sign_in(name, "wrong horse") is None
    assert len(hashed) == 5


def test_an_inactive_user_never_authenticates_not_even_when_remembered():
    user = make_user(password=PASSWORD)
    assert sign_in(user.username, PASSWORD)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert sign_in(user.username, PASSWORD) is None
    assert sign_in(make_user(password=PASSWORD, is_active=False).username, PASSWORD) is None


def test_a_busy_client_is_hashed_once_and_costs_one_query_each_time(
    hashed: list[str], django_assert_num_queries: Any
):
    user = make_user(password=PASSWORD)
    hashed.clear()
    for _ in range(5):
        with django_assert_num_queries(1):
            assert sign_in(user.username, PASSWORD) == user
    assert hashed == [PASSWORD]


def test_a_changed_password_ends_what_was_remembered():
    user = make_user(password=PASSWORD)
    assert sign_in(user.username, PASSWORD)
    set_password(SYSTEM, user, "battery staple")
    assert sign_in(user.username, PASSWORD) is None
    assert sign_in(user.username, "battery staple") == user


def test_a_lost_right_makes_what_was_remembered_worthless(hashed: list[str]):
    user = make_user(password=PASSWORD)
    assert sign_in(user.username, PASSWORD)
    disable_user(SYSTEM, user)
    User.objects.filter(pk=user.pk).update(is_active=True)
    hashed.clear()
    assert sign_in(user.username, PASSWORD) == user
    assert hashed == [PASSWORD]


def test_remembered_credentials_expire_and_are_bounded():
    memory = VerifiedCredentials(seconds=60.0, maximum=3)
    known = [Account(User(pk=number, username=f"u{number}", password="!")) for number in range(5)]
    for account in known:
        memory.remember(account, PASSWORD, 0.0)
    assert [memory.knows(account, PASSWORD, 59.0) for account in known] == [False, False, True, True, True]
    assert not memory.knows(known[4], PASSWORD, 60.0)
    assert not memory.knows(known[4], "wrong horse", 1.0)
    assert not memory.knows(Account(known[4].user, "another identity"), PASSWORD, 1.0)
    assert len(memory._kept) == 3


def test_twenty_others_in_a_minute_make_it_forgotten():
    memory, account = VerifiedCredentials(), Account(User(pk=1, username="ann", password="!"))
    memory.missed(account, 0.0)  # nothing is remembered, nothing to be hit
    memory.remember(account, PASSWORD, 0.0)
    for _ in range(20):
        memory.missed(account, 1.0)
    assert memory.knows(account, PASSWORD, 30.0)
    for _ in range(20):
        memory.missed(account, 61.5)
    memory.remember(account, PASSWORD, 62.0)
    assert memory.knows(account, PASSWORD, 62.0)
    memory.missed(account, 63.0)
    assert not memory.knows(account, PASSWORD, 63.0)

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import check_password, make_password

from accounts.passwords import check_acceptable
from core.errors import InvalidInput


@pytest.mark.parametrize(
    "password", ["12345678", "x" * 1024, "пароль на восемь", " spaces are fine ", "line\nbreak"]
)
def test_acceptable_passwords(password: str):
    check_acceptable(password)


@pytest.mark.parametrize("password", ["", "1234567", "x" * 1025, "nul\0inside", "\ud800lone-surrogate"])
def test_unacceptable_passwords(password: str):
    with pytest.raises(InvalidInput) as refusal:
        check_acceptable(password)
    assert password == "" or password not in refusal.value.message


def test_the_hash_is_argon2id_with_the_chosen_cost():
    assert make_password("some password").startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_no_character_of_a_long_password_is_ignored():
    encoded = make_password("x" * 1023 + "a")
    assert check_password("x" * 1023 + "a", encoded)
    assert not check_password("x" * 1023 + "b", encoded)

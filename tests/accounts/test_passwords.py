from __future__ import annotations

import pytest
from django.contrib.auth.hashers import check_password, make_password

from accounts.models import User
from accounts.passwords import check_acceptable, check_chosen
from core.errors import InvalidInput
from tests.accounts.directories import Configure

pytestmark = pytest.mark.django_db

ANN = User(username="annabel", email="lee.annabel@example.org", full_name="Annabel Edgar Poe")


@pytest.mark.parametrize(
    "password",
    ["q7w-8zk1", "x" * 1024, "пароль на восемь", " spaces are fine ", "line\nbreak", "no digit at all"],
)
def test_acceptable_passwords(password: str):
    check_acceptable(password, ANN)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "at least 8 characters"),
        ("q7w-8zk", "at least 8 characters"),
        ("x" * 1025, "at most 1024"),
        ("nul\0inside-it", "NUL"),
        ("\ud800lone-surrogate", "half a character"),
        ("password1", "most common"),
        ("PassWord1", "most common"),
        ("annabel1", "user name"),
        ("lee.annabel@example.com", "e-mail address"),
        ("annabel-edgar-poe", "full name"),
        ("wharf_pat_" + "x" * 43, "only generated secrets"),
    ],
)
def test_unacceptable_passwords(password: str, words: str):
    with pytest.raises(InvalidInput, match=words) as refusal:
        check_acceptable(password, ANN)
    assert password == "" or password not in refusal.value.message


def test_every_broken_rule_is_named_at_once():
    user = User(username="monkey")
    with pytest.raises(InvalidInput) as refusal:
        check_acceptable("monkey", user)
    assert refusal.value.message == (
        "the password cannot be used: at least 8 characters are needed; it is one of the most common ones, which are guessed "
        "first; it is too much like the user name"
    )


def test_the_least_length_is_a_setting(configure: Configure):
    configure(password_min_length=16)
    with pytest.raises(InvalidInput, match="at least 16 characters"):
        check_acceptable("fifteen letters", ANN)
    check_acceptable("sixteen letters!", ANN)


@pytest.mark.parametrize("secret", ["Harbor12", "A1" + "b" * 126, "Ümlaut aZ 9"])
def test_chosen_secrets(secret: str):
    check_chosen(secret)


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("", "8 to 128 characters"),
        ("Short1x", "8 to 128 characters"),
        ("A1" + "b" * 127, "8 to 128 characters"),
        ("harbor12", "an upper-case letter"),
        ("HARBOR12", "a lower-case letter"),
        ("Harborab", "a digit"),
        ("ÄäÄäÄä٣٣", "an upper-case letter, a lower-case letter, a digit"),
        ("Harbor12\0", "a NUL"),
        ("Harbor12\ud800", "half a character"),
        ("wharf_cli_Harbor12", "only generated ones"),
    ],
)
def test_secrets_that_cannot_be_chosen(secret: str, words: str):
    with pytest.raises(InvalidInput, match=words) as refusal:
        check_chosen(secret)
    assert secret == "" or secret not in refusal.value.message


@pytest.mark.usefixtures("true_hashes")
def test_the_hash_is_argon2id_with_the_chosen_cost():
    assert make_password("some password").startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_no_character_of_a_long_password_is_ignored():
    encoded = make_password("x" * 1023 + "a")
    assert check_password("x" * 1023 + "a", encoded)
    assert not check_password("x" * 1023 + "b", encoded)

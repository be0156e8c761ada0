"""Accounts that people make for themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from access.principal import Origin
from accounts import gate
from accounts.models import User
from accounts.services.own_account import may_register, register
from audit.models import AuditEvent
from core.errors import AlreadyExists, Denied, InvalidInput, NameInvalid, TooManyRequests
from tests.accounts.directories import Configure
from tests.people import ORIGIN, make_user, unique

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse"


@pytest.fixture
def open_house(configure: Configure) -> Configure:
    configure(self_registration=True)
    return configure


def denials_of(name: str) -> list[str]:
    events = AuditEvent.objects.filter(operation="user.register", result="denied", actor_name=name)
    return [event.detail["reason"] for event in events]


def test_nobody_registers_unless_it_was_switched_on():
    name = unique("ann")
    assert not may_register()
    with pytest.raises(Denied, match="ask one of them"):
        register(ORIGIN, name, password=PASSWORD)
    assert not User.objects.filter(username=name).exists()
    assert len(denials_of(name)) == 1


def test_nobody_registers_beside_a_directory(open_house: Configure):
    """The name of a person there would be taken from him."""
    assert may_register()
    open_house(auth_mode="ldap_auth", ldap_url="ldap://ldap.example.org", ldap_base_dn="dc=example,dc=org")
    assert not may_register()
    with pytest.raises(Denied):
        register(ORIGIN, unique("ann"), password=PASSWORD)


@pytest.mark.usefixtures("open_house")
def test_who_registers_signs_in_and_has_no_right():
    name = unique("ann")
    user = register(ORIGIN, name, password=PASSWORD, email="ann@example.org", full_name="Ann Lee")
    proven = gate.prove_person(name, PASSWORD, ORIGIN)
    assert (proven.id, proven.is_admin, proven.is_auditor) == (user.pk, False, False)
    event = AuditEvent.objects.get(operation="user.register", resource_id=str(user.pk))
    assert (event.actor_kind, event.actor_id, event.actor_name) == ("anonymous", 0, name)
    assert (event.result, event.ip, event.permission) == ("ok", ORIGIN.ip, "user:create")
    assert event.detail["after"]["email"] == "ann@example.org"
    assert PASSWORD not in str(vars(event))


@pytest.mark.usefixtures("open_house")
def test_a_taken_name_is_told_and_recorded():
    taken = make_user("ann", is_admin=True)
    with pytest.raises(AlreadyExists):
        register(ORIGIN, taken.username.upper(), password=PASSWORD)
    assert "exists already" in denials_of(taken.username.upper())[0]


WRONG: list[Callable[[], object]] = [
    lambda: register(ORIGIN, "robot$ann", password=PASSWORD),
    lambda: register(ORIGIN, "", password=PASSWORD),
    lambda: register(ORIGIN, "nul\0", password=PASSWORD),
    lambda: register(ORIGIN, "x" * 256, password=PASSWORD),
    lambda: register(ORIGIN, unique("ann"), password="password"),
    lambda: register(ORIGIN, unique("ann"), password=PASSWORD, email="no address"),
    lambda: register(ORIGIN, unique("ann"), password=PASSWORD, full_name="a\nb"),
]


@pytest.mark.usefixtures("open_house")
@pytest.mark.parametrize("wrong", WRONG)
def test_bad_input_makes_no_account(wrong: Callable[[], object]):
    before = User.objects.count()
    with pytest.raises((InvalidInput, NameInvalid)):
        wrong()
    assert User.objects.count() == before


@pytest.mark.usefixtures("open_house")
def test_what_is_wrong_with_a_form_counts_for_nothing():
    for _ in range(25):
        with pytest.raises(InvalidInput):
            register(ORIGIN, unique("ann"), password="short")
    name = unique("ann")
    assert register(ORIGIN, name, password=PASSWORD).username == name


@pytest.mark.usefixtures("open_house")
@pytest.mark.parametrize(
    "name",
    [
        "root",
        "Administrator",
        "\N{FULLWIDTH LATIN SMALL LETTER W}harf",
        "\N{CYRILLIC SMALL LETTER A}dmin",
        "anna\N{GREEK SMALL LETTER OMICRON}",
        "o\N{COMBINING DIAERESIS}perator",
    ],
)
def test_nobody_names_himself_as_those_who_run_the_registry(name: str):
    with pytest.raises(NameInvalid, match=r"choose another one|several alphabets"):
        register(ORIGIN, name, password=PASSWORD)
    assert not User.objects.filter(username=name).exists()


@pytest.mark.usefixtures("open_house")
@pytest.mark.parametrize(
    "stem", ["jos\N{LATIN SMALL LETTER E WITH ACUTE}", "иван", "王ann", "たなかタロー", "μαρία"]
)
def test_a_name_of_any_one_alphabet_is_fine(stem: str):
    name = stem + unique("")[-6:].translate(str.maketrans("abcdef", "012345")).replace("-", "0")
    assert register(ORIGIN, name, password=PASSWORD).username == name


@pytest.mark.usefixtures("open_house")
def test_twenty_attempts_an_hour_are_for_one_network_that_could_tell_of_a_name():
    taken = make_user("ann").username
    for _ in range(20):
        with pytest.raises(AlreadyExists):
            register(ORIGIN, taken, password=PASSWORD)
    name = unique("bob")
    with pytest.raises(TooManyRequests) as refusal:
        register(ORIGIN, name, password=PASSWORD)
    assert 0 < refusal.value.retry_after <= 3600
    assert len(denials_of(name)) <= 1
    assert register(Origin(ip="203.0.113.9"), name, password=PASSWORD).username == name

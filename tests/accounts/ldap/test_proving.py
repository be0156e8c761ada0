"""The password of one person of a real OpenLDAP server proves that person, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from accounts.ldap.settings import Search
from config.directory import Scope
from core.errors import DirectoryUnavailable
from tests.accounts.ldap.conftest import Ask
from tests.ldap.slapd import BASE, LEFT, PEOPLE, SEARCH_DN, Slapd

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def ann(server: Slapd) -> str:
    server.add_person("bob", "another password of bob")
    return server.add_person("ann", PASSWORD, mail="ann@example.org", full_name="Ann Ödegård")


def test_the_right_password_proves_the_person(ask: Ask, server: Slapd, ann: str) -> None:
    proven = ask().prove("ann", PASSWORD)
    assert proven is not None
    person = proven.person
    assert (person.subject, person.dn, person.name) == (server.uuid(ann), f"uid=ann,{PEOPLE}", "ann")
    assert (person.email, person.full_name, person.is_disabled) == ("ann@example.org", "Ann Ödegård", False)


def test_the_case_of_the_name_does_not_matter_and_the_directory_says_what_it_is(ask: Ask, ann: str) -> None:
    proven = ask().prove("ANN", PASSWORD)
    assert proven is not None
    assert proven.person.name == "ann"


@pytest.mark.parametrize(
    "password", ["", "wrong", PASSWORD + " ", PASSWORD.upper(), "a\0b", "\0", "x" * 2000]
)
def test_another_password_proves_nobody(ask: Ask, ann: str, password: str) -> None:
    assert ask().prove("ann", password) is None


@pytest.mark.parametrize(
    "name",
    ["*", "a*", "ann*", "a)(uid=*", "*)(uid=*))(|(uid=*", "ann)(objectClass=*", r"\61nn", "ann\0", "\0", "", " ann", "ann ",
     "(ann)", "ann)", "%s", "%(user)s", f"uid=ann,{PEOPLE}", "nobody", "\udcff", "x" * 256, "å" * 100, "&", "|", "!(uid=ann)"],
)  # fmt: skip
def test_nothing_else_than_the_name_finds_a_person(ask: Ask, ann: str, name: str) -> None:
    assert ask().prove(name, PASSWORD) is None
    assert ask().person(name) is None


@pytest.mark.parametrize("name", [None, 1, True, b"ann", ["ann"], {"uid": "ann"}, ("ann",)])
def test_only_text_is_a_name_or_a_password(ask: Ask, ann: str, name: Any) -> None:
    assert ask().prove(name, PASSWORD) is None
    assert ask().prove("ann", name) is None
    assert ask().person(name) is None


def test_nobody_is_asked_about_what_cannot_be_right(ask: Ask) -> None:
    nowhere = ask(urls=("ldap://127.0.0.1:1",))
    for name, password in (("ann", ""), ("", PASSWORD), ("ann\0", PASSWORD), ("ann", "\0")):
        assert nowhere.prove(name, password) is None
    with pytest.raises(DirectoryUnavailable):
        nowhere.prove("ann", PASSWORD)


def test_a_name_that_two_people_have_is_nobody_s(ask: Ask, server: Slapd) -> None:
    for below in (PEOPLE, LEFT):
        server.add_person("twin", PASSWORD, below=below)
    whole = ask(people=Search(BASE, filter="(objectClass=inetOrgPerson)"))
    with capture_logs() as logs:
        assert whole.prove("twin", PASSWORD) is None
    assert [line["reason"] for line in logs] == ["several people sign in by that name"]
    assert whole.person("twin") is None
    assert ask().prove("twin", PASSWORD) is not None


def test_only_people_below_the_base_who_match_the_filter_sign_in(ask: Ask, server: Slapd, ann: str) -> None:
    server.add_person("former", PASSWORD, below=LEFT)
    assert ask().prove("former", PASSWORD) is None
    assert ask(people=Search(PEOPLE, filter="(mail=*@elsewhere.org)")).prove("ann", PASSWORD) is None
    assert ask(people=Search(BASE, Scope.ONE_LEVEL)).prove("ann", PASSWORD) is None
    assert ask(people=Search(PEOPLE, Scope.ONE_LEVEL, "(uid=a*)")).prove("ann", PASSWORD) is not None


def test_percent_signs_in_the_filter_mean_themselves(ask: Ask, ann: str) -> None:
    assert ask(people=Search(PEOPLE, filter="(!(cn=100%s%%d%))")).prove("ann", PASSWORD) is not None


def test_another_attribute_can_hold_the_name(ask: Ask, ann: str) -> None:
    proven = ask(uid="mail").prove("ann@example.org", PASSWORD)
    assert proven is not None
    assert proven.person.name == "ann@example.org"


def test_somebody_with_two_names_is_known_by_one(ask: Ask, server: Slapd) -> None:
    dn = server.add_person("zoe", PASSWORD)
    server.modify(dn, 0, "uid", ["aaz"])
    found = {person.person for person in (ask().prove(name, PASSWORD) for name in ("zoe", "aaz")) if person}
    assert [person.name for person in found] == ["zoe"]


def test_somebody_without_a_password_is_refused(ask: Ask, server: Slapd) -> None:
    server.add_person("mute")
    assert ask().prove("mute", PASSWORD) is None


def test_a_directory_that_cannot_be_searched_anonymously_is_no_wrong_password(ask: Ask, ann: str) -> None:
    with pytest.raises(DirectoryUnavailable, match="cannot be checked now") as refused:
        ask(search_dn="", search_password=SecretStr("")).prove("ann", PASSWORD)
    assert "may not read" in refused.value.reason
    assert "ldap_search_dn" in refused.value.hint


def test_a_refused_search_account_is_no_wrong_password(ask: Ask, ann: str) -> None:
    with pytest.raises(DirectoryUnavailable) as refused:
        ask(search_password=SecretStr("not-the-password")).prove("ann", PASSWORD)
    assert "refuses the search account" in refused.value.reason
    assert "ldap_search_password" in refused.value.hint


def test_a_search_account_without_its_password_is_not_tried(ask: Ask, ann: str) -> None:
    """A directory would say yes, to nobody."""
    with pytest.raises(DirectoryUnavailable, match="cannot be checked now") as refused:
        ask(search_dn=SEARCH_DN, search_password=SecretStr("")).prove("ann", PASSWORD)
    assert "no password" in refused.value.reason


def test_a_base_that_is_not_there_is_no_empty_directory(ask: Ask) -> None:
    gone = ask(people=Search(f"ou=gone,{BASE}"))
    for question in (
        lambda: gone.person("ann"),
        lambda: gone.people(["x"]),
        lambda: gone.search_people("ann"),
    ):
        with pytest.raises(DirectoryUnavailable):
            question()


def test_neither_password_nor_typed_name_is_logged(
    ask: Ask, ann: str, caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as logs, caplog.at_level("DEBUG"):
        ask().prove("hunter2-typed-as-name", "hunter2-password")
        ask().prove("ann", "hunter2-password")
        with pytest.raises(DirectoryUnavailable):
            ask(urls=("ldap://127.0.0.1:1",)).prove("hunter2-typed-as-name", "hunter2-password")
    assert "hunter2" not in f"{logs}{caplog.text}"
    assert [line["reason"] for line in logs][:2] == ["nobody signs in by that name", "Invalid credentials"]

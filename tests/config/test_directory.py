"""What a directory is configured with has its grammar, and a hostile value costs no time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import directory
from config.kinds import Unacceptable
from tests.deploy.certificates import issue

pytestmark = pytest.mark.unit

GOOD: list[tuple[Callable[[str], str], str]] = [
    (directory.address, "ldaps://ldap.example.org"),
    (directory.address, "ldap://ldap.example.org:3890"),
    (directory.address, "ldap://10.0.0.5"),
    (directory.address, "ldaps://[fd00::5]:636"),
    (directory.name, "dc=example,dc=org"),
    (directory.name, "OU=Über uns, DC=example, DC=org"),
    (directory.name, r"cn=Smith\, John+uid=js,dc=example"),
    (directory.name, r"cn=\23 one\5c,2.5.4.11=x"),
    (directory.attribute, "sAMAccountName"),
    (directory.attribute, "cn;lang-de"),
    (directory.attribute, "2.5.4.3"),
    (directory.filter_, "(objectClass=person)"),
    (
        directory.filter_,
        "(&(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2))(|(a=*)(b>=3)))",
    ),
    (directory.filter_, r"(cn=a\2ab\28)"),
]

BAD: list[tuple[Callable[[str], str], str]] = [
    *(
        (directory.address, text)
        for text in ("ldap.example.org", "http://x", "ldapi:///run/slapd", "ldap://", "ldap://:389")
    ),
    *(
        (directory.address, text)
        for text in ("ldap://a:0", "ldap://a:99999", "ldap://u:p@a", "ldap://a/dc=x", "ldap://a?x")
    ),
    *(
        (directory.address, text)
        for text in ("ldap://a b", "ldap://a:389:389", "ldap://[::1", "ldap://a%00b", "ldap://ä.example")
    ),
    *(
        (directory.name, text)
        for text in ("example", "=x", "dc=a,", ",dc=a", "dc=a,,dc=b", 'cn="a"', "cn=a<b", "cn=a\\")
    ),
    *((directory.attribute, text) for text in ("", "a b", "a=b", "a)(uid=*", "1.", "ä", "a;")),
    *(
        (directory.filter_, text)
        for text in ("(", ")", "()", "(a)", "(a=b", "(a=b))", "(&)", "(!(a=b)(c=d))", "(a=(b)")
    ),
    *(
        (directory.filter_, text)
        for text in ("a=b)(c=d", "(a=\\zz)", "(&(a=b)x)", "(a=b)(c=d)", "(a=\x00)", "(" * 5000)
    ),
]


@pytest.mark.parametrize(("check", "text"), GOOD)
def test_what_is_well_formed_is_kept_as_it_is(check: Callable[[str], str], text: str) -> None:
    assert check(text) == text


@pytest.mark.parametrize(("check", "text"), BAD)
def test_what_is_not_is_refused(check: Callable[[str], str], text: str) -> None:
    with pytest.raises(Unacceptable):
        check(text)


def test_a_filter_typed_without_parentheses_stays_so_and_is_asked_with_them() -> None:
    typed = "objectClass=person"
    assert directory.filter_(typed) == typed
    assert directory.in_parentheses(typed) == "(objectClass=person)"
    assert [directory.in_parentheses(each) for each in ("(uid=*)", "")] == ["(uid=*)", ""]


def test_an_address_is_kept_in_lower_case() -> None:
    assert directory.address("LDAPS://LDAP.Example.ORG:636/") == "ldaps://ldap.example.org:636"


@pytest.mark.parametrize("check", [directory.address, directory.name, directory.attribute, directory.filter_])
@given(text=st.text(alphabet="()&|!=<>~*\\,;:/ab1 .[]ä\x00+#-", max_size=60))
def test_whatever_comes_is_answered_by_yes_or_no(check: Callable[[str], str], text: str) -> None:
    try:
        check(text)
    except Unacceptable:
        return


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (directory.name, "a=" + "b" * 60_000 + "<"),
        (directory.name, "a=b," * 16_000 + "!"),
        (directory.name, "a=" + " " * 60_000 + "<"),
        (directory.filter_, "(" + "a=" + "\\2a" * 20_000 + "("),
        (directory.filter_, "(&" + "(a=b)" * 12_000),
        (directory.filter_, "(!" * 30_000),
        (directory.attribute, "a-" * 30_000 + "!"),
        (directory.attribute, "1." * 30_000 + "!"),
        (directory.address, "ldap://" + "a." * 30_000 + "!"),
    ],
)
def test_a_hostile_value_costs_no_time(check: Callable[[str], str], text: str) -> None:
    started = time.thread_time()
    with pytest.raises(Unacceptable):
        check(text)
    assert time.thread_time() - started < 0.5


def test_authorities_are_certificates_and_nothing_else(tmp_path: Path) -> None:
    issued = issue(tmp_path, "ldap.example.org")
    pem = issued.authority.read_text()
    assert directory.authorities(pem) == pem
    for wrong in (
        "x",
        issued.key.read_text(),
        pem + issued.key.read_text(),
        "-----BEGIN CERTIFICATE-----\nAAAA\n",
        "ä",
    ):
        with pytest.raises(Unacceptable):
            directory.authorities(wrong)

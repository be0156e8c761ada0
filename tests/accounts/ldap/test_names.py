"""Names that mean the same entry are the same text, and values never become part of a filter's grammar."""

from __future__ import annotations

import pytest

pytest.importorskip("ldap", reason="python-ldap is not installed: docs/ldap.md")

from hypothesis import given
from hypothesis import strategies as st
from ldap.dn import dn2str

from accounts.ldap import names
from accounts.ldap.settings import Search
from config.directory import Scope, filter_

pytestmark = pytest.mark.unit

SAME = [
    ("CN=Ann Smith,OU=People,DC=Example,DC=org", "cn=ann smith , ou=people,dc=example, dc=ORG"),
    ("cn=a  b,dc=x", "CN=A B,DC=X"),
    ("cn=a+uid=b,dc=x", "UID=b+CN=A,DC=x"),
    (r"cn=Smith\, Ann,dc=x", r"cn=smith\2c ann,dc=X"),
    ("cn=\u00c5sa,dc=x", "CN=A\u030asa,DC=X"),
    ("2.5.4.3=a,0.9.2342.19200300.100.1.25=x", "commonName=A,domainComponent=X"),
]
OTHER = [
    ("cn=a,dc=x", "cn=b,dc=x"),
    (r"cn=a\,b,dc=x", "cn=a,cn=b,dc=x"),
    ("cn=a,dc=x", "ou=a,dc=x"),
    ("cn=ab", "cn=a b"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_entry_has_one_name(one: str, other: str) -> None:
    assert names.normal(one) == names.normal(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_other_entries_have_others(one: str, other: str) -> None:
    assert names.normal(one) != names.normal(other)


@given(
    st.lists(
        st.tuples(st.sampled_from(["cn", "OU", "dc"]), st.text(min_size=1, max_size=8)),
        min_size=1,
        max_size=4,
    )
)
def test_a_normal_name_stays_as_it_is(parts: list[tuple[str, str]]) -> None:
    dn = dn2str([[(name, value.replace("\0", ""), 1)] for name, value in parts])
    assert names.normal(names.normal(dn)) == names.normal(dn)


@pytest.mark.parametrize("text", ["", "no name", "cn=a\0b", "=", "cn=a,,dc=x"])
def test_what_is_no_name_breaks_nothing(text: str) -> None:
    assert names.normal(names.normal(text)) == names.normal(text)
    assert names.first_value(text, "cn") == ""


@given(st.text(max_size=40).filter(str.isprintable))
def test_no_value_escapes_its_filter(value: str) -> None:
    for made in (names.equals("uid", value), names.holds("cn", value)):
        assert filter_(made) == made
    assert filter_(names.every("(a=b)", names.equals("uid", value), "")).startswith("(&(a=b)(uid=")


def test_octets_are_written_as_such() -> None:
    assert names.equals("objectGUID", b"\x00*)\xff") == r"(objectGUID=\00\2a\29\ff)"


def test_an_entry_is_where_a_search_would_look() -> None:
    base = "ou=People,dc=x"
    inside = {scope: [dn for dn in (base, f"cn=a,{base}", f"cn=b,cn=a,{base}", "cn=a,dc=x", "ou=a\\,ou=people,dc=x") if
                      names.is_in(dn, Search(base, scope))] for scope in Scope}  # fmt: skip
    assert inside[Scope.BASE] == [base]
    assert inside[Scope.ONE_LEVEL] == [f"cn=a,{base}"]
    assert inside[Scope.SUBTREE] == [base, f"cn=a,{base}", f"cn=b,cn=a,{base}"]
    assert names.is_in("cn=a,dc=x", Search(""))

"""Entries are known by the one attribute of their kind of directory, and are closed as that kind says it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from accounts.ldap import Directory
from accounts.ldap.session import Session
from core.errors import DirectoryUnavailable
from tests.accounts.ldap.conftest import settings_of
from tests.ldap.slapd import Slapd, slapd

PASSWORD = "correct horse battery staple"
# As Active Directory and 389 Directory Server define them; here anybody who may write an entry may write them.
SCHEMA = """
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 2.16.840.1.113730.3.1.542 NAME 'nsUniqueId' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 2.16.840.1.113730.3.1.610 NAME 'nsAccountLock' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.4203.666.11.1 NAME 'writtenDown' SUP top AUXILIARY
  MAY ( objectGUID $ nsUniqueId $ nsAccountLock ) )
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """An OpenLDAP server whose entries can hold what other servers know theirs by."""
    policy = "moduleload ppolicy"
    folder = tmp_path_factory.mktemp("slapd")
    with slapd(folder, globally=f"{policy}\n{SCHEMA}", on_database="overlay ppolicy") as running:
        yield running


@pytest.fixture(scope="module")
def server_389(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """One that says it is a 389 Directory Server."""
    folder = tmp_path_factory.mktemp("slapd")
    (folder / "root.ldif").write_text("dn:\nvendorName: 389 Project\n")
    with slapd(folder, globally=f"{SCHEMA}\nrootDSE {folder}/root.ldif") as running:
        yield running


def asked(server: Slapd, **changes: Any) -> Directory:
    return Directory.of(replace(settings_of(server), **changes))


def write_down(server: Slapd, dn: str, attribute: str, value: bytes | str) -> None:
    written = value if isinstance(value, bytes) else value.encode()
    server.root.modify_s(dn, [(0, "objectClass", [b"writtenDown"]), (2, attribute, [written])])


@pytest.mark.parametrize("attribute", ["objectGUID", "nsUniqueId"])
def test_what_a_person_writes_on_an_entry_makes_him_nobody_else(copied: Slapd, attribute: str) -> None:
    victim = copied.uuid(copied.add_person(f"victim-of-{attribute}".lower()))
    name = f"thief-by-{attribute}".lower()
    dn = copied.add_person(name, PASSWORD)
    write_down(copied, dn, attribute, uuid4().bytes if attribute == "objectGUID" else victim)
    proven = asked(copied).prove(name, PASSWORD)
    assert proven is not None
    assert proven.person.subject == copied.uuid(dn)


@pytest.mark.parametrize("attribute", ["objectGUID", "nsUniqueId"])
def test_who_signed_in_is_found_again_by_the_same(copied: Slapd, attribute: str) -> None:
    name = f"copy-of-{attribute}".lower()
    group = copied.add_group(name)
    for dn in (copied.add_person(name, PASSWORD), group):
        write_down(copied, dn, attribute, uuid4().bytes if attribute == "objectGUID" else str(uuid4()))
    directory = asked(copied)
    proven, found = directory.prove(name, PASSWORD), directory.group(group)
    assert proven is not None
    assert found is not None
    assert directory.people([proven.person.subject]) == {proven.person.subject: proven.person}
    assert directory.groups([found.subject]) == {found.subject: found}


def test_389_directory_server_knows_by_its_own(server_389: Slapd) -> None:
    unique = "66446001-1dd211b2-8F9DD6F1-00000000"
    write_down(server_389, server_389.add_person("ann", PASSWORD), "nsUniqueId", unique)
    directory = asked(server_389)
    proven = directory.prove("ann", PASSWORD)
    assert proven is not None
    assert proven.person.subject == unique.lower()
    assert directory.people([unique.lower()]) == {unique.lower(): proven.person}


def test_an_entry_without_it_is_not_known_by_another(server_389: Slapd) -> None:
    dn = server_389.add_person("bob", PASSWORD)
    for question in (
        lambda: asked(server_389).prove("bob", PASSWORD),
        lambda: asked(server_389).person("bob"),
    ):
        with pytest.raises(DirectoryUnavailable, match="cannot be checked now") as refused:
            question()
        assert "nsUniqueId" in refused.value.reason
        assert "nsUniqueId" in refused.value.hint
    assert asked(server_389).people([server_389.uuid(dn)]) == {}


def test_a_directory_that_hides_what_it_is_is_not_guessed_at(tmp_path: Path) -> None:
    with slapd(tmp_path, globally='access to dn.base="" by * none') as server:
        subject = server.uuid(server.add_person("ann", PASSWORD))
        with pytest.raises(DirectoryUnavailable) as refused:
            asked(server).people([subject])
        assert "root entry" in refused.value.hint


def test_it_is_asked_what_it_is_once(copied: Slapd, monkeypatch: pytest.MonkeyPatch) -> None:
    copied.add_person("once", PASSWORD)
    roots: list[str] = []
    read = Session.read

    def counted(self: Session, dn: str, *rest: Any) -> Any:
        roots.extend([dn] if not dn else [])
        return read(self, dn, *rest)

    monkeypatch.setattr(Session, "read", counted)
    assert asked(copied).prove("once", PASSWORD) is not None
    assert roots == [""]


def closed(server: Slapd, name: str) -> bool:
    """As the synchronisation sees it, and a sign-in."""
    directory = asked(server)
    person = directory.person(name)
    assert person is not None
    assert directory.people([person.subject]) == {person.subject: person}
    with capture_logs() as logs:
        proven = directory.prove(name, PASSWORD)
    assert not (proven and person.is_disabled)
    assert person.is_disabled == ("the account is disabled" in [line["reason"] for line in logs])
    return person.is_disabled


@pytest.mark.parametrize(("value", "expected"), [("TRUE", True), ("true", True), ("FALSE", False)])
def test_an_account_locked_in_389_directory_server_is_closed(
    copied: Slapd, value: str, *, expected: bool
) -> None:
    name = f"lock-{len(value)}-{value.islower()}"
    write_down(copied, copied.add_person(name, PASSWORD), "nsAccountLock", value)
    assert closed(copied, name) == expected


def test_an_account_locked_for_good_in_openldap_is_closed_and_one_that_waits_is_not(copied: Slapd) -> None:
    dn = copied.add_person("kim", PASSWORD)
    assert not closed(copied, "kim")
    copied.modify(dn, 2, "pwdAccountLockedTime", ["20260101000000Z"])
    assert not closed(copied, "kim")
    copied.modify(dn, 2, "pwdAccountLockedTime", ["000001010000Z"])
    assert closed(copied, "kim")
    copied.modify(dn, 1, "pwdAccountLockedTime", [])
    assert not closed(copied, "kim")
    assert asked(copied).prove("kim", PASSWORD) is not None

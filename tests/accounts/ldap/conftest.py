"""A directory for each file of tests, and Wharf's view of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from accounts.ldap import Directory, DirectorySettings
from accounts.ldap.settings import Search
from tests.ldap.slapd import GROUPS, PEOPLE, SEARCH_DN, SEARCH_PASSWORD, Slapd, slapd
from tests.shell import Shell

Ask = Callable[..., Directory]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with slapd(tmp_path_factory.mktemp("slapd")) as running:
        yield running


@pytest.fixture
def paused(server: Slapd) -> Iterator[Slapd]:
    """It takes connections and answers nothing, until the end of the test or `resume`."""
    server.pause()
    yield server
    server.resume()


@pytest.fixture(autouse=True)
def no_open_circuits() -> Iterator[None]:
    """A server that failed in one test is asked again in the next."""
    if not _available():
        yield
        return
    from accounts.ldap import limits

    limits.forget()
    yield
    limits.forget()


def _available() -> bool:
    from accounts.ldap import available

    return available()


def settings_of(server: Slapd) -> DirectorySettings:
    """What asks that server, in the clear."""
    return DirectorySettings(
        urls=(server.url,),
        search_dn=SEARCH_DN,
        search_password=SecretStr(SEARCH_PASSWORD),
        people=Search(PEOPLE, filter="(objectClass=inetOrgPerson)"),
        groups=Search(
            GROUPS,
            filter="(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))",
        ),
    )


@pytest.fixture
def ask(server: Slapd) -> Ask:
    """`ask(uid="mail")`: the directory under settings that differ so."""

    def make(**changes: Any) -> Directory:
        return Directory.of(replace(settings_of(server), **changes))

    return make


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)

"""A directory for each file of tests, and a Wharf that signs people in from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.accounts.directories import LOCAL, Configure, forget_passwords
from tests.ldap.slapd import Slapd, slapd
from tests.people import make_user


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with slapd(tmp_path_factory.mktemp("ldap")) as found:
        yield found


@pytest.fixture
def directory(server: Slapd, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Slapd:
    """In use, with an administrator who does not come from it."""
    forget_passwords(monkeypatch)
    configure(**server.settings)
    make_user("admin", password=LOCAL, is_admin=True)
    return server

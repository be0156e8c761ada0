"""A directory for each file of tests, and a Wharf that signs people in from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts.passwords import WharfArgon2PasswordHasher
from audit import denials
from audit.flood import Flood
from audit.recorder import Event
from tests.accounts.directories import LOCAL, Configure, forget_passwords
from tests.ldap.slapd import Slapd, slapd
from tests.people import make_user


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with slapd(tmp_path_factory.mktemp("ldap")) as found:
        found.add_person("resident")  # a directory that shows nobody is taken for a broken one
        yield found


@pytest.fixture
def directory(server: Slapd, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Slapd:
    """In use, with an administrator who does not come from it."""
    forget_passwords(monkeypatch)
    configure(**server.settings)
    make_user("admin", password=LOCAL, is_admin=True)
    return server


@pytest.fixture(autouse=True)
def no_denials_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests of this minute were refused keeps nothing of this one's out of the audit log."""
    fresh = Flood[Event](per_key=denials.PER_MINUTE, in_all=denials.ALL_PER_MINUTE, seconds=denials.MINUTE)
    monkeypatch.setattr(denials, "_flood", fresh)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that went through Argon2."""
    seen: list[str] = []
    encode, verify = WharfArgon2PasswordHasher.encode, WharfArgon2PasswordHasher.verify

    def seen_encode(self: WharfArgon2PasswordHasher, password: str, salt: str) -> str:
        seen.append(password)
        return encode(self, password, salt)

    def seen_verify(self: WharfArgon2PasswordHasher, password: str, encoded: str) -> bool:
        seen.append(password)
        return verify(self, password, encoded)

    monkeypatch.setattr(WharfArgon2PasswordHasher, "encode", seen_encode)
    monkeypatch.setattr(WharfArgon2PasswordHasher, "verify", seen_verify)
    return seen

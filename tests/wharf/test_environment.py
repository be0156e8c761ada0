"""What the environment may say, and the addresses a request may come to."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.instances import CHECKOUT
from wharf.environment import Environment, Role, mistakes

GOOD_SECRET = "q9T2-vLw7Xr4Zb8Ny3Kc6Hd1Jf5Gs0PmQe"

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "MIGRATE_DATABASE_URL", "REDIS_URL", "SECRET_KEY", "EXTERNAL_URLS", "DATA"):
        monkeypatch.delenv(f"WHARF_{name}", raising=False)


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Environment:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Environment()


def test_without_variables_everything_is_embedded_below_the_checkout() -> None:
    environment = Environment()
    assert environment.role is Role.ALL
    assert environment.data == CHECKOUT / "var"
    assert environment.embedded_postgres
    assert environment.embedded_valkey
    assert environment.lease == timedelta(hours=24)
    assert environment.storage_url == f"file://{CHECKOUT / 'var' / 'storage'}"
    assert environment.database.startswith("postgresql://wharf_app@/wharf?host=")
    assert environment.migrate_database.startswith("postgresql://wharf_owner@/wharf?host=")


def test_loopback_names_are_the_addresses_unless_others_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = read(monkeypatch, WHARF_PORT="5123").allowed_origins
    assert {"http://127.0.0.1:5123", "http://localhost:5123", "http://[::1]:5123"} <= set(listed)


def test_listed_addresses_replace_the_default_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    urls = "https://Registry.Example.org/, http://10.0.0.5:80 ,https://other.example.org:8443"
    environment = read(monkeypatch, WHARF_EXTERNAL_URLS=urls)
    expected = ("https://registry.example.org", "http://10.0.0.5", "https://other.example.org:8443")
    assert environment.allowed_origins == expected
    assert environment.allowed_hosts == ["10.0.0.5", "other.example.org", "registry.example.org"]


@pytest.mark.parametrize(
    "url",
    [
        "registry.example.org",
        "ftp://example.org",
        "https://",
        "https://example.org/registry",
        "https://u:p@example.org",
    ],
)
def test_an_address_that_is_no_origin_is_a_mistake(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    with pytest.raises(ValidationError):
        read(monkeypatch, WHARF_EXTERNAL_URLS=url)


def test_proxies_are_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = read(monkeypatch, WHARF_TRUSTED_PROXIES="10.0.0.0/8, ::1")
    assert [str(network) for network in environment.trusted_proxies] == ["10.0.0.0/8", "::1/128"]


def test_a_mistake_never_repeats_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError) as caught:
        read(
            monkeypatch,
            WHARF_DATABASE_URL="mysql://u:hunter22@db/wharf",
            WHARF_SECRET_KEY="changeme-hunter22",
        )
    found = mistakes(caught.value)
    assert len(found) == 2
    assert "hunter22" not in "".join(found)


def test_a_good_secret_is_taken_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = read(monkeypatch, WHARF_SECRET_KEY=GOOD_SECRET)
    assert environment.secret() == GOOD_SECRET
    assert GOOD_SECRET not in repr(environment)


def test_an_external_database_is_also_migrated_unless_another_url_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment = read(monkeypatch, WHARF_DATABASE_URL="postgresql://app@db/wharf")
    assert environment.migrate_database == "postgresql://app@db/wharf"
    again = read(monkeypatch, WHARF_MIGRATE_DATABASE_URL="postgresql://owner@db/wharf")
    assert again.migrate_database == "postgresql://owner@db/wharf"


def test_a_data_folder_is_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, WHARF_DATA="relative").data == Path.cwd() / "relative"


def test_every_setting_is_documented() -> None:
    page = (CHECKOUT / "docs" / "settings.md").read_text()
    documented = re.findall(r"^\| `(WHARF_[A-Z_]+)` \|", page, re.MULTILINE)
    assert sorted(documented) == sorted(f"WHARF_{name.upper()}" for name in Environment.model_fields)

"""Settings of a directory fail closed, and its password goes nowhere it was not given for."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr
from pytest_django import Settings

from accounts.ldap.settings import DirectorySettings
from config import current, queries, services
from config.catalogue import CATALOGUE
from config.catalogue.ldap import LDAP_FILTER, LDAP_SEARCH_PASSWORD
from config.catalogue.setting import Section, Setting
from config.catalogue.tokens import TOKEN_EXPIRATION
from config.models import StoredSetting
from config.proposals import proposed
from core.errors import DirectoryUnavailable, SettingsInvalid, SettingUnreadable
from tests.people import SYSTEM

pytestmark = pytest.mark.django_db

URL, OTHER = "ldaps://ldap.example.org", "ldaps://evil.example.net"
ACCOUNT = {"ldap_search_dn": "cn=wharf,dc=example,dc=org", "ldap_search_password": "s3cret"}
DIRECTORY = [each for each in CATALOGUE.values() if each.section in (Section.LDAP, Section.LDAP_GROUPS)]


def change(**wanted: Any) -> list[str]:
    changed = services.change(SYSTEM, wanted)
    current.forget()
    return changed


def mistakes(**wanted: Any) -> dict[str, str]:
    with pytest.raises(SettingsInvalid) as found:
        services.change(SYSTEM, wanted)
    return dict(found.value.mistakes)


def spoil(key: str, value: Any) -> None:
    StoredSetting.objects.update_or_create(
        key=key, defaults={"value": value, "changed_by": "another version"}
    )
    current.forget()


@pytest.mark.parametrize(
    "setting", [each for each in DIRECTORY if not each.secret], ids=lambda each: each.key
)
def test_a_stored_value_that_cannot_be_read_is_not_taken_for_the_default(setting: Setting[Any]) -> None:
    change(auth_mode="ldap_auth", ldap_url=URL, ldap_base_dn="dc=example,dc=org")
    spoil(setting.key, {"not": "a value"})
    with pytest.raises(SettingUnreadable, match=setting.key):
        current.get(setting)
    with pytest.raises(DirectoryUnavailable) as refused:
        DirectorySettings.current()
    assert setting.key in refused.value.reason
    assert "cannot be checked now" in refused.value.message


def test_it_is_shown_with_its_problem_and_can_be_set_again() -> None:
    spoil("ldap_filter", "(((")
    seen = {each.setting.key: each for each in queries.visible_settings(SYSTEM)}
    assert "must be a search filter" in seen["ldap_filter"].problem
    assert change(ldap_filter="(uid=*)") == ["ldap_filter"]
    assert current.get(LDAP_FILTER) == "(uid=*)"
    spoil("ldap_filter", "(((")
    services.reset(SYSTEM, ["ldap_filter"])
    current.forget()
    assert current.get(LDAP_FILTER) == ""


def test_other_settings_go_on_with_their_defaults() -> None:
    spoil("token_expiration", "soon")
    assert current.get(TOKEN_EXPIRATION) == 5


def test_a_secret_that_does_not_open_refuses_too() -> None:
    change(auth_mode="ldap_auth", ldap_url=URL, ldap_base_dn="dc=example,dc=org", **ACCOUNT)
    spoil("ldap_search_password", {"sealed": "damaged"})
    with pytest.raises(DirectoryUnavailable):
        DirectorySettings.current()


def test_another_server_needs_the_password_again() -> None:
    change(ldap_url=URL, **ACCOUNT)
    assert mistakes(ldap_url=OTHER) == {
        "ldap_url": "names another server: give ldap_search_password again, or reset it"
    }
    assert "another server" in mistakes(ldap_url=f"{URL} {OTHER}")["ldap_url"]
    assert "another server" in mistakes(ldap_url=URL.replace("ldaps:", "ldap:"))["ldap_url"]
    assert change(ldap_url=OTHER, ldap_search_password="s3cret") == ["ldap_url"]


def test_taking_the_address_away_first_helps_nobody() -> None:
    change(ldap_url=URL, **ACCOUNT)
    change(ldap_url="")
    assert "another server" in mistakes(ldap_url=OTHER)["ldap_url"]


def test_servers_can_be_put_in_another_order_and_taken_away() -> None:
    change(ldap_url=f"{URL} {OTHER}", **ACCOUNT)
    assert change(ldap_url=f"{OTHER} {URL}") == ["ldap_url"]
    assert change(ldap_url=URL) == ["ldap_url"]


def test_without_a_stored_password_any_server_may_be_named() -> None:
    assert change(ldap_url=URL) == ["ldap_url"]
    assert change(ldap_url=OTHER) == ["ldap_url"]
    change(ldap_search_password="")
    assert change(ldap_url=URL) == ["ldap_url"]


def test_the_password_can_be_taken_away_with_the_change() -> None:
    change(ldap_url=URL, **ACCOUNT)
    wanted = {"ldap_url": OTHER, "ldap_search_dn": "", "ldap_search_password": ""}
    assert set(change(**wanted)) == set(wanted)


def test_a_password_of_the_environment_is_not_sent_elsewhere_either(settings: Settings) -> None:
    settings.WHARF_SETTING_LOCKS = {"ldap_search_password": SecretStr("s3cret")}
    assert "WHARF_SETTING_LDAP_URL" in mistakes(ldap_url=OTHER)["ldap_url"]


def test_trying_settings_keeps_the_same_rule() -> None:
    """Or a test before saving would send the stored password to any server."""
    change(ldap_url=URL, **ACCOUNT)
    with pytest.raises(SettingsInvalid):
        proposed({"ldap_url": OTHER})
    assert proposed({"ldap_uid": "mail"})(LDAP_SEARCH_PASSWORD).get_secret_value() == "s3cret"
    found = DirectorySettings.proposed({"ldap_url": OTHER, "ldap_search_password": "another"})
    assert (found.urls, found.search_password.get_secret_value()) == ((OTHER,), "another")
    assert not StoredSetting.objects.filter(value=OTHER).exists()

"""Settings that belong together are those of one moment, whatever is changed while they are read."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from accounts.ldap.settings import DirectorySettings
from config import current, services, stored
from config.catalogue.ldap import LDAP_FILTER, LDAP_UID, LDAP_URL
from config.catalogue.setting import Setting
from tests.people import SYSTEM

pytestmark = pytest.mark.django_db

OLD = {
    "auth_mode": "ldap_auth",
    "ldap_url": "ldaps://old.example.org",
    "ldap_base_dn": "dc=old",
    "ldap_search_dn": "cn=wharf,dc=old",
    "ldap_search_password": "old",
    "ldap_group_base_dn": "ou=groups,dc=old",
}
NEW = {
    "ldap_url": "ldaps://new.example.org",
    "ldap_base_dn": "dc=new",
    "ldap_search_dn": "cn=wharf,dc=new",
    "ldap_search_password": "new",
    "ldap_group_base_dn": "ou=groups,dc=new",
}


def change(wanted: dict[str, Any]) -> None:
    services.change(SYSTEM, wanted)
    current.forget()


def test_a_snapshot_does_not_follow(settings: Settings) -> None:
    settings.WHARF_SETTING_LOCKS = {"ldap_filter": "(uid=*)"}
    change({"ldap_uid": "cn"})
    then = current.snapshot()
    settings.WHARF_SETTING_LOCKS = {}
    change({"ldap_uid": "mail", "ldap_url": "ldaps://ldap.example.org"})
    assert (then.get(LDAP_UID), then.get(LDAP_FILTER), then.get(LDAP_URL)) == ("cn", "(uid=*)", ())
    assert (current.get(LDAP_UID), current.get(LDAP_FILTER)) == ("mail", "")
    assert current.snapshot().get(LDAP_URL) == ("ldaps://ldap.example.org",)


def test_a_directory_is_asked_with_the_settings_of_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    change(OLD)
    decode = stored.decode
    changed: list[str] = []

    def overtaken(setting: Setting[Any], value: Any) -> Any:
        """Another process changes everything while the password is being read."""
        found = decode(setting, value)
        if setting.secret and not changed:
            changed.append(setting.key)
            change(NEW)
        return found

    monkeypatch.setattr(stored, "decode", overtaken)
    read = DirectorySettings.current()
    assert changed == ["ldap_search_password"]
    assert (read.urls, read.search_password.get_secret_value()) == (("ldaps://old.example.org",), "old")
    assert (read.people.base, read.groups.base) == ("dc=old", "ou=groups,dc=old")
    assert DirectorySettings.current().groups.base == "ou=groups,dc=new"

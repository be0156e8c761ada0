"""Changing settings: all or nothing, every mistake at once, one act with what was and what is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from access.principal import Principal
from access.table import P
from audit.models import AuditEvent
from config import current, queries, services
from config.catalogue import CATALOGUE
from config.catalogue.ldap import LDAP_BASE_DN, LDAP_SCOPE, LDAP_TIMEOUT, LDAP_UID, LDAP_URL
from config.catalogue.outgoing import OUTGOING_ALLOWED_NETWORKS
from config.catalogue.sign_in import AUTH_MODE
from config.directory import AuthMode, Scope
from config.models import StoredSetting
from core.errors import Denied, SettingsInvalid
from tests import keys
from tests.people import SYSTEM, make_project, make_user, people_of, principal

pytestmark = pytest.mark.django_db

URL, BASE = "ldaps://ldap.example.org", "dc=example,dc=org"


def change(actor: Principal = SYSTEM, **wanted: Any) -> list[str]:
    changed = services.change(actor, wanted)
    current.forget()
    return changed


def events(name: str = "configuration.update") -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(operation=name).order_by("id"))


def refused(**wanted: Any) -> dict[str, str]:
    with pytest.raises(SettingsInvalid) as mistakes:
        services.change(SYSTEM, wanted)
    return dict(mistakes.value.mistakes)


def test_every_setting_is_at_its_default_at_first():
    assert {key: current.get(setting) for key, setting in CATALOGUE.items()} == {
        key: setting.default for key, setting in CATALOGUE.items()
    }


def test_changed_settings_are_in_force_typed():
    assert change(ldap_scope=1, ldap_url=URL, ldap_timeout=9) == ["ldap_url", "ldap_scope", "ldap_timeout"]
    assert current.get(LDAP_URL) == (URL,)
    assert current.get(LDAP_SCOPE) is Scope.ONE_LEVEL
    assert current.get(LDAP_TIMEOUT) == 9


def test_a_change_is_one_event_with_before_and_after():
    admin = principal(make_user("admin", is_admin=True))
    change(admin, ldap_url=URL, ldap_timeout=9)
    (event,) = events()
    assert (event.actor_name, event.permission) == (admin.name, "configuration:update")
    assert (event.resource_type, event.resource_name) == ("configuration", "ldap_url, ldap_timeout")
    assert event.detail == {
        "before": {"ldap_url": "", "ldap_timeout": 5},
        "after": {"ldap_url": URL, "ldap_timeout": 9},
    }
    row = StoredSetting.objects.get(key="ldap_url")
    assert row.changed_by == admin.name


def test_what_is_so_already_is_no_change_and_no_event():
    change(ldap_timeout=9)
    assert change(ldap_timeout=9, ldap_uid="uid") == []
    assert len(events()) == 1


def test_every_mistake_is_told_at_once_and_nothing_is_changed():
    mistakes = refused(ldap_timeout=0, no_such_thing=1, ldap_base_dn="x", ldap_uid="mail")
    assert mistakes == {
        "ldap_timeout": "must be a whole number, 1 to 120 seconds",
        "no_such_thing": "is no setting",
        "ldap_base_dn": "must be a distinguished name such as ou=people,dc=example,dc=org",
    }
    assert StoredSetting.objects.count() == 0
    assert events() == []


def test_settings_that_belong_together_are_judged_together():
    assert "needs ldap_url and ldap_base_dn" in refused(auth_mode="ldap_auth", ldap_url=URL)["auth_mode"]
    change(auth_mode="ldap_auth", ldap_url=URL, ldap_base_dn=BASE)
    assert current.get(AUTH_MODE) is AuthMode.LDAP_AUTH
    assert set(refused(ldap_base_dn="")) == {"auth_mode"}
    assert set(refused(ldap_start_tls=True)) == {"ldap_start_tls"}
    assert set(refused(ldap_search_dn="cn=admin")) == {"ldap_search_password"}
    assert change(ldap_search_dn="cn=admin", ldap_search_password="x") == [
        "ldap_search_dn",
        "ldap_search_password",
    ]
    with pytest.raises(SettingsInvalid):
        services.reset(SYSTEM, ["ldap_url"])


def test_a_reset_brings_the_default_back():
    change(ldap_uid="mail", ldap_timeout=9)
    assert services.reset(SYSTEM, ["ldap_uid", "ldap_scope"]) == ["ldap_uid"]
    current.forget()
    assert (current.get(LDAP_UID), current.get(LDAP_TIMEOUT)) == ("uid", 9)
    assert events()[-1].detail == {"before": {"ldap_uid": "mail"}, "after": {"ldap_uid": "uid"}}
    assert not StoredSetting.objects.filter(key="ldap_uid").exists()


def test_only_administrators_change_settings_and_refusals_are_recorded():
    people = people_of(make_project()).all()
    for kind, person in people.items():
        if kind == "admin":
            continue
        with pytest.raises(Denied):
            services.change(person, {"ldap_timeout": 9})
        with pytest.raises(Denied):
            queries.visible_settings(person)
    assert StoredSetting.objects.count() == 0
    assert {event.result for event in events()} == {"denied"}
    assert change(people["admin"], ldap_timeout=9) == ["ldap_timeout"]


def test_a_locked_setting_refuses_and_names_its_variable(settings: Settings):
    change(ldap_uid="mail")
    settings.WHARF_SETTING_LOCKS = {"ldap_uid": "cn"}
    assert current.get(LDAP_UID) == "cn"
    fixed = "is fixed by WHARF_SETTING_LDAP_UID in the environment: change it there"
    assert refused(ldap_uid="mail", ldap_timeout=0)["ldap_uid"] == fixed
    with pytest.raises(SettingsInvalid, match="WHARF_SETTING_LDAP_UID"):
        services.reset(SYSTEM, ["ldap_uid"])
    # Clients that write back what they read do no harm.
    assert change(ldap_uid="cn", ldap_timeout=9) == ["ldap_timeout"]
    settings.WHARF_SETTING_LOCKS = {}
    assert current.get(LDAP_UID) == "mail"


def test_a_locked_setting_counts_where_settings_are_judged_together(settings: Settings):
    settings.WHARF_SETTING_LOCKS = {"ldap_url": (URL,), "ldap_base_dn": BASE}
    assert change(auth_mode="ldap_auth") == ["auth_mode"]


def test_everything_is_listed_with_where_it_comes_from(settings: Settings):
    change(ldap_uid="mail")
    settings.WHARF_SETTING_LOCKS = {"ldap_timeout": 7}
    seen = {each.setting.key: each for each in queries.visible_settings(SYSTEM)}
    assert list(seen) == list(CATALOGUE)
    assert (seen["ldap_uid"].value, str(seen["ldap_uid"].source)) == ("mail", "stored")
    assert seen["ldap_uid"].changed_by == "tests"
    assert seen["ldap_uid"].changed_at is not None
    assert (seen["ldap_timeout"].value, str(seen["ldap_timeout"].source)) == (7, "environment")
    assert not seen["ldap_timeout"].editable
    assert (seen["ldap_scope"].value, str(seen["ldap_scope"].source)) == (2, "default")


def test_a_row_that_no_version_of_the_setting_can_be_leaves_the_default_in_force():
    StoredSetting.objects.create(key="outgoing_allowed_networks", value=["0.0.0.0/0"], changed_by="hand")
    StoredSetting.objects.create(key="gone_in_this_version", value=1, changed_by="hand")
    assert current.get(OUTGOING_ALLOWED_NETWORKS) == ()
    seen = {each.setting.key: each for each in queries.visible_settings(SYSTEM)}
    assert "each network must lie in one of" in seen["outgoing_allowed_networks"].problem
    assert change(outgoing_allowed_networks=["10.0.0.0/8"]) == ["outgoing_allowed_networks"]
    assert current.get(LDAP_BASE_DN) == ""


def test_a_long_value_is_told_by_its_hash():
    filter_ = "(|" + "(uid=someone)" * 100 + ")"
    change(ldap_filter=filter_)
    assert "SHA-256" in events()[0].detail["after"]["ldap_filter"]
    assert "someone" not in str(events()[0].detail)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ldap_url", URL),
        ("ldap_group_admin_dn", "cn=mine,dc=example,dc=org"),
        ("oidc_admin_group", "mine"),
        ("auth_mode", "ldap_auth"),
        ("self_registration", True),
    ],
)
def test_no_key_changes_who_signs_in_or_who_is_an_administrator(key: str, value: Any):
    bounded = keys.personal(
        make_user("admin", is_admin=True), keys.in_system(frozenset({P.CONFIGURATION_UPDATE}))
    ).principal
    for actor in (bounded, replace(bounded, allowances=None)):
        for act in (lambda by: services.change(by, {key: value}), lambda by: services.reset(by, [key])):
            with pytest.raises(Denied, match="as a person"):
                act(actor)
        assert services.change(actor, {"requests_per_minute": 500 + len(events())}) == ["requests_per_minute"]
    assert not StoredSetting.objects.filter(key=key).exists()
    assert {each.result for each in events() if each.resource_name == ""} == {"denied"}

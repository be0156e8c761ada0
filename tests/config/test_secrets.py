"""Secrets among the settings: sealed in the table, bound to their rows, shown to nobody."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from audit.models import AuditEvent
from config import current, plans, queries, stored
from config import services as settings_services
from config.catalogue.ldap import LDAP_SEARCH_PASSWORD
from config.catalogue.setting import Section, Setting
from config.kinds import secret
from config.models import StoredSetting
from core.errors import SettingsInvalid
from core.sealing import SealBroken, SealMisplaced
from database import sql
from tests.people import SYSTEM
from wharf import programs

pytestmark = pytest.mark.django_db

CANARY = "canary-hunter2-Ω"
KEY = "ldap_search_password"


def put(secret: str = CANARY) -> None:
    settings_services.change(SYSTEM, {KEY: secret})
    current.forget()


def revealed() -> str:
    current.forget()
    return current.get(LDAP_SEARCH_PASSWORD).get_secret_value()


def test_a_secret_comes_back_to_who_needs_it_and_is_shown_to_nobody_else():
    put()
    assert revealed() == CANARY
    (seen,) = [each for each in queries.visible_settings(SYSTEM) if each.setting.key == KEY]
    assert (seen.value, seen.is_set) == (None, True)
    assert CANARY not in repr(seen)
    assert CANARY not in repr(current.get(LDAP_SEARCH_PASSWORD))


def test_the_audit_log_tells_that_a_secret_changed_and_not_what():
    put()
    put("other-hunter2")
    settings_services.reset(SYSTEM, [KEY])
    details = [
        event.detail for event in AuditEvent.objects.filter(operation="configuration.update").order_by("id")
    ]
    assert details == [
        {"before": {KEY: None}, "after": {KEY: "***"}},
        {"before": {KEY: "***"}, "after": {KEY: "***"}},
        {"before": {KEY: "***"}, "after": {KEY: None}},
    ]


def test_a_secret_is_hidden_from_the_audit_log_whatever_its_key_is_called():
    assert plans.shown(LDAP_SEARCH_PASSWORD, LDAP_SEARCH_PASSWORD.kind.read(CANARY)) == "***"
    assert plans.shown(LDAP_SEARCH_PASSWORD, LDAP_SEARCH_PASSWORD.default) is None
    # One that does not open is one all the same.
    assert plans.shown(LDAP_SEARCH_PASSWORD, None) == "***"


def test_no_column_of_the_database_holds_the_secret():
    put()
    rows = sql.rows("SELECT s::text FROM setting s UNION ALL SELECT e::text FROM audit_event e")
    assert KEY in str(rows)
    assert "hunter2" not in str(rows)


@pytest.mark.django_db(transaction=True)
def test_a_dump_of_the_database_holds_no_secret(services: Path):
    put()
    program = programs.client("pg_dump")
    assert program is not None
    url = f"host={services / 'run'} user=postgres dbname={connection.settings_dict['NAME']}"
    dump = subprocess.run([program, "--dbname", url], capture_output=True, text=True, check=True).stdout
    assert KEY in dump
    assert "hunter2" not in dump


def test_a_ciphertext_moved_to_another_row_does_not_open_there():
    put()
    sealed = StoredSetting.objects.get(key=KEY).value
    other = Setting("other_password", Section.LDAP, secret(), LDAP_SEARCH_PASSWORD.default, "")
    with pytest.raises(SealMisplaced):
        stored.decode(other, sealed)


def test_a_ciphertext_of_another_table_does_not_open_here():
    foreign = {"sealed": stored.sealer().seal("registry:secret:1", "hunter2")}
    StoredSetting.objects.create(key=KEY, value=foreign, changed_by="hand")
    with pytest.raises(SealMisplaced):
        revealed()


def test_a_secret_written_into_the_row_as_it_is_counts_for_nothing():
    StoredSetting.objects.create(key=KEY, value="hunter2", changed_by="hand")
    (seen,) = [each for each in queries.visible_settings(SYSTEM) if each.setting.key == KEY]
    assert seen.problem == "is not sealed"


def test_after_a_change_of_the_secret_key_resealing_frees_from_the_old_one(settings: Settings):
    put()
    old, new = settings.SECRET_KEY, "n3w-" + settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = new, [old]
    assert revealed() == CANARY
    before = StoredSetting.objects.get(key=KEY)
    assert settings_services.reseal(SYSTEM) == [KEY]
    settings.SECRET_KEY_FALLBACKS = []
    assert revealed() == CANARY
    after = StoredSetting.objects.get(key=KEY)
    assert after.value != before.value
    assert (after.changed_by, after.changed_at) == (before.changed_by, before.changed_at)
    (event,) = AuditEvent.objects.filter(operation="configuration.reseal")
    assert event.detail == {"after": {"resealed": [KEY]}}


def test_a_secret_whose_key_is_lost_can_be_set_anew(settings: Settings):
    put()
    settings.SECRET_KEY = "an0ther-" + settings.SECRET_KEY
    with pytest.raises(SealBroken):
        revealed()
    (seen,) = [each for each in queries.visible_settings(SYSTEM) if each.setting.key == KEY]
    assert "does not open" in seen.problem
    put("other")
    assert revealed() == "other"


def test_a_locked_secret_does_not_tell_whether_a_guess_is_right(settings: Settings):
    settings.WHARF_SETTING_LOCKS = {KEY: LDAP_SEARCH_PASSWORD.kind.read("hunter2")}
    answers = set()
    for guess in ("hunter2", "hunter3"):
        with pytest.raises(SettingsInvalid) as refused:
            settings_services.change(SYSTEM, {KEY: guess})
        answers.add(json.dumps(refused.value.mistakes))
    assert len(answers) == 1

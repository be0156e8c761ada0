"""/configurations: settings under Harbor's keys; secrets go in and never come out, what the environment fixes stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from audit.models import AuditEvent
from config import current
from config.catalogue.ldap import LDAP_SEARCH_PASSWORD
from config.catalogue.sign_in import SESSION_TIMEOUT
from config.models import StoredSetting
from tests.registry_api.rest.api import World

SECRET = "what only the directory knows"


@pytest.fixture(autouse=True)
def as_it_was(world: World) -> Iterator[None]:
    yield
    StoredSetting.objects.all().delete()
    current.forget()


def change(world: World, **wanted: object) -> int:
    status = world.admin.call("PUT", "/configurations", json=wanted).status_code
    current.forget()
    return status


def test_settings_are_read_with_whether_they_can_be_changed(world: World) -> None:
    told = world.admin.get("/configurations").json()
    assert told["auth_mode"] == {"value": "db_auth", "editable": True}
    assert told["robot_name_prefix"]["value"] == "robot$"
    assert told["ldap_scope"]["value"] == 2


def test_what_is_present_changes_and_the_rest_stays(world: World) -> None:
    assert change(world, session_timeout=45, token_expiration=None) == 200
    told = world.admin.get("/configurations").json()
    assert (told["session_timeout"]["value"], told["token_expiration"]["value"]) == (45, 5)
    assert current.get(SESSION_TIMEOUT) == 45


def test_a_secret_goes_in_and_never_comes_out(world: World) -> None:
    assert change(world, ldap_search_password=SECRET) == 200
    assert current.get(LDAP_SEARCH_PASSWORD).get_secret_value() == SECRET
    answer = world.admin.get("/configurations")
    assert SECRET not in answer.text
    assert not {"ldap_search_password", "oidc_client_secret"} & set(answer.json())
    event = AuditEvent.objects.filter(operation="configuration.update").latest("id")
    assert SECRET not in str(event.detail)


def test_one_mistake_changes_nothing_and_its_key_is_named(world: World) -> None:
    body = {"session_timeout": 45, "token_expiration": 100_000}
    status, message = world.admin.refused("PUT", "/configurations", json=body)
    assert (status, "token_expiration" in message) == (400, True)
    assert world.admin.get("/configurations").json()["session_timeout"]["value"] == 60


def test_keys_of_harbors_that_are_no_settings_here_are_ignored(world: World) -> None:
    assert change(world, uaa_endpoint="https://uaa.example.org", session_timeout=50) == 200
    assert "uaa_endpoint" not in world.admin.get("/configurations").json()


def test_settings_of_harbors_that_are_as_they_are_here_are_told_and_stay(world: World) -> None:
    """Without them Terraform's provider changes no quota, and sends one of them again at each run."""
    told = world.admin.get("/configurations").json()
    assert told["quota_per_project_enable"] == {"value": True, "editable": False}
    assert told["project_creation_restriction"] == {"value": "adminonly", "editable": False}
    as_read = {"quota_per_project_enable": True, "project_creation_restriction": "adminonly"}
    assert change(world, **as_read, session_timeout=50) == 200
    for wrong in ({"quota_per_project_enable": False}, {"project_creation_restriction": "everyone"}):
        (key,) = wrong
        status, message = world.admin.refused("PUT", "/configurations", json=wrong | {"session_timeout": 55})
        assert (status, message.startswith(key)) == (400, True)
    assert world.admin.get("/configurations").json()["session_timeout"]["value"] == 50


def test_what_the_environment_fixes_is_told_and_stays(world: World, settings: LazySettings) -> None:
    settings.WHARF_SETTING_LOCKS = {SESSION_TIMEOUT.key: 30}
    told = world.admin.get("/configurations").json()
    assert told["session_timeout"] == {"value": 30, "editable": False}
    status, message = world.admin.refused("PUT", "/configurations", json={"session_timeout": 45})
    assert (status, "WHARF_SETTING_SESSION_TIMEOUT" in message) == (400, True)
    # Clients write back all they have read.
    assert change(world, session_timeout=30) == 200

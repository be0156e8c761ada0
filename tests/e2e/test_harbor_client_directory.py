"""Harbor's Go client against a server with a real directory: the `ldap` commands of Harbor's command line, and OIDC's."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.e2e.clients import Login
from tests.e2e.directory import PASSWORD, Place, place
from tests.e2e.harbor_client import HarborClient, RefusedError
from tests.e2e.server import Wharf


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place("slapd", tmp_path_factory.mktemp("directory")) as found:
        yield found


@pytest.fixture
def live(here: Place) -> Wharf:
    """In the place of the shared one: the client asks this server."""
    return here.wharf


def test_a_directory_is_tried_before_and_after_its_settings_are_kept(
    harbor: HarborClient, here: Place
) -> None:
    # A directory without people or groups is told from one that is right.
    person = here.add_person(f"fay{uuid4().hex[:8]}")
    here.directory.add_group(f"crew{uuid4().hex[:8]}", [person])
    kept = harbor.call("Ldap.PingLdap", Ldapconf={})
    assert kept.get("success"), kept
    wrong = harbor.call(
        "Ldap.PingLdap", Ldapconf={"ldap_url": "ldap://127.0.0.1:1", "ldap_search_password": "x"}
    )
    assert not wrong.get("success")
    assert "127.0.0.1" in wrong["message"]


def test_people_of_the_directory_are_found_taken_over_and_sign_in(harbor: HarborClient, here: Place) -> None:
    name = f"dora{uuid4().hex[:8]}"
    here.add_person(name)
    [found] = harbor.call("Ldap.SearchLdapUser", Username=name)
    assert found["username"] == name
    harbor.call("Ldap.ImportLdapUser", UIDList={"ldap_uid_list": [name]})
    assert name in {each["username"] for each in harbor.call("User.SearchUsers", Username=name)}
    own = HarborClient(harbor.binary, harbor.url, Login(name, PASSWORD))
    assert own.call("User.GetCurrentUserInfo")["username"] == name


def test_groups_of_the_directory_are_found(harbor: HarborClient, here: Place) -> None:
    name = f"crew{uuid4().hex[:8]}"
    distinguished = here.directory.add_group(name, [here.add_person(f"erik{uuid4().hex[:8]}")])
    [found] = harbor.call("Ldap.SearchLdapGroup", Groupname=name)
    assert found["ldap_group_dn"].lower() == distinguished.lower()


def test_a_provider_that_is_not_there_is_told(harbor: HarborClient) -> None:
    asked = {"url": "http://127.0.0.1:1/nothing", "verify_cert": False}
    with pytest.raises(RefusedError, match="PingOIDCBadRequest"):
        harbor.call("OIDC.PingOIDC", Endpoint=asked)

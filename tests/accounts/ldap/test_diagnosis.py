"""A directory that is tried tells each step with its time, and at the first that fails what to do about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from access.models import Member
from access.table import Role
from accounts.ldap import DirectorySettings, Step, diagnose
from accounts.ldap.roles import expected_roles
from accounts.ldap.settings import Search
from accounts.models import Group, Source
from tests.accounts.ldap.conftest import settings_of
from tests.ldap.certificates import issue
from tests.ldap.slapd import BASE, GROUPS, PEOPLE, Slapd
from tests.people import make_project, unique
from tests.shell import Shell

PASSWORD = "a password of ann"


@pytest.fixture(scope="module")
def settings(server: Slapd) -> DirectorySettings:
    server.add_group("devs", [server.add_person("ann", PASSWORD)])
    return replace(settings_of(server), urls=(server.tls_url,), authorities=server.certificates.authority_pem)


def failure(settings: DirectorySettings, *sample: str, **changes: Any) -> Step:
    steps = diagnose(replace(settings, **changes), *sample)
    assert [step.ok for step in steps] == [True] * (len(steps) - 1) + [False]
    assert steps[-1].hint or sample
    return steps[-1]


def test_all_steps_of_a_working_directory(settings: DirectorySettings) -> None:
    steps = diagnose(settings, "ann", PASSWORD, roles=lambda proven: f"{len(proven.groups)} roles")
    found = {step.name: step for step in steps}
    assert list(found) == ["name", "connection", "encryption", "search account", "people", "groups", "sample user",
                           "groups found", "roles in Wharf"]  # fmt: skip
    assert all(step.ok and 0 <= step.milliseconds < 5000 for step in steps)
    assert "TLSv1.3, certificate of CN=127.0.0.1, valid until 20" in found["encryption"].detail
    assert found["people"].filter == "(&(objectClass=inetOrgPerson)(uid=*))"
    assert found["people"].detail == f"1 people below {PEOPLE}"
    assert found["sample user"].filter == "(&(objectClass=inetOrgPerson)(uid=ann))"
    assert found["sample user"].detail == f"uid=ann,{PEOPLE}, and the password is right"
    assert found["groups found"].detail.startswith("devs, ")
    assert found["roles in Wharf"].detail == "1 roles"


def test_each_server_is_tried_by_itself(settings: DirectorySettings, server: Slapd) -> None:
    steps = diagnose(replace(settings, urls=(server.tls_url, "ldap://127.0.0.1:1")))
    assert f"connection ({server.tls_url})" in [step.name for step in steps]
    assert (steps[-1].name, steps[-1].ok) == ("connection (ldap://127.0.0.1:1)", False)


def test_what_fails_is_said_with_what_to_do(
    settings: DirectorySettings, server: Slapd, tmp_path: Path
) -> None:
    assert failure(settings, urls=()).name == "settings"
    assert failure(settings, urls=("ldap://127.0.0.1:1",)).name == "connection"
    other = issue(tmp_path, "127.0.0.1").authority_pem
    unknown = failure(settings, authorities=other)
    assert (unknown.name, unknown.hint) == (
        "encryption", "it is not signed by a known authority: set ldap_ca_certificates"
    )  # fmt: skip
    assert failure(settings, search_password=SecretStr("wrong")).name == "search account"
    assert "ldap_base_dn" in failure(settings, people=Search(f"ou=gone,{BASE}")).hint
    nobody = failure(settings, people=Search(PEOPLE, filter="(uid=none)"))
    assert (nobody.name, nobody.detail) == ("people", f"0 people below {PEOPLE}")
    assert failure(settings, groups=Search(GROUPS, filter="(cn=none)")).name == "groups"


def test_a_sample_user_who_is_not_there_or_types_another_password(settings: DirectorySettings) -> None:
    assert failure(settings, "bob").detail == "nobody signs in by that name"
    assert "refused: Invalid credentials" in failure(settings, "ann", "wrong").detail
    assert failure(settings, "*").detail == "nobody signs in by that name"
    assert "no password to try" in diagnose(settings, "ann")[-2].detail


def test_a_server_that_stops_is_a_failed_step(settings: DirectorySettings, server: Slapd) -> None:
    server.pause()
    try:
        step = failure(settings, connect_timeout=1)
    finally:
        server.resume()
    assert step.name == "encryption"
    assert 900 < step.milliseconds < 4500


def test_without_encryption_there_is_a_warning(settings: DirectorySettings, server: Slapd) -> None:
    found = {step.name: step for step in diagnose(replace(settings, urls=(server.url,)))}
    assert "passwords can be read" in found["encryption"].hint
    unchecked = {step.name: step for step in diagnose(replace(settings, verify=False))}
    assert "not checked" in unchecked["encryption"].hint


@pytest.mark.django_db
def test_roles_are_those_of_known_groups(settings: DirectorySettings, server: Slapd) -> None:
    group = Group.objects.create(
        name=unique("devs"), source=Source.LDAP, subject=server.uuid(f"cn=devs,{GROUPS}")
    )
    project = make_project()
    Member.objects.create(project=project, group=group, role_id=Role.DEVELOPER)
    changed = replace(settings, admin_dn=f"CN=devs, {GROUPS}")
    steps = diagnose(changed, "ann", roles=lambda proven: expected_roles(changed, proven))
    assert steps[-1].detail == f"system administrator, developer in {project.name} through {group.name}"


@pytest.mark.django_db
def test_the_command_tries_settings_that_are_not_saved(
    shell: Shell, server: Slapd, settings: DirectorySettings, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text(server.certificates.authority_pem)
    (tmp_path / "secret").write_text("search-account-password")
    pairs = {**server.settings, "ldap_url": server.tls_url}
    files = {"ldap_ca_certificates": tmp_path / "ca.pem", "ldap_search_password": tmp_path / "secret"}
    arguments = ["ldap", "test", "--user", "ann", "--password-stdin"]
    for key, path in files.items():
        pairs.pop(key)
        arguments += ["--from-file", f"{key}={path}"]
    for key, value in pairs.items():
        arguments += ["--set", f"{key}={value}"]
    status, out, _ = shell.run(*arguments, stdin=f"{PASSWORD}\n")
    assert status == 0, out
    assert "the password is right" in out
    assert "searched for people: (&(objectClass=inetOrgPerson)(uid=*))" in out
    status, out, _ = shell.run(*arguments, stdin="wrong\n")
    assert status == 1
    assert PASSWORD not in out


@pytest.mark.django_db
def test_the_command_searches(
    shell: Shell, server: Slapd, settings: DirectorySettings, configure: Any
) -> None:
    status, _, err = shell.run("ldap", "search", "people", "ann")
    assert (status, "no directory is in use" in err) == (1, True)
    configure(**server.settings)
    assert [row["name"] for row in shell.json("ldap", "search", "people", "an")] == ["ann"]
    assert "devs" in shell.run("ldap", "search", "groups", "dev")[1]
    assert "no people found" in shell.run("ldap", "search", "people", "nobody")[2]
    server.stop()
    try:
        status, _, err = shell.run("ldap", "search", "people", "ann")
    finally:
        server.start()
    assert (status, "connection refused" in err) == (1, True)

"""`wharf config`, as a person at the machine types it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from audit.models import AuditEvent
from config import current
from config.catalogue import CATALOGUE
from config.catalogue.ldap import LDAP_CA_CERTIFICATES, LDAP_SEARCH_PASSWORD, LDAP_TIMEOUT, LDAP_UID
from tests.deploy.certificates import issue
from tests.shell import Shell

pytestmark = pytest.mark.django_db


def test_settings_are_changed_together_and_listed(shell: Shell):
    status, out, err = shell.run("config", "set", "ldap_uid=mail", "ldap_timeout=9")
    assert (status, out, err) == (0, "changed: ldap_uid, ldap_timeout\n", "")
    rows = {row["key"]: row for row in shell.json("config", "list")}
    assert list(rows) == list(CATALOGUE)
    assert (rows["ldap_uid"]["value"], rows["ldap_uid"]["source"]) == ("mail", "stored")
    assert rows["ldap_scope"]["value"] == 2
    status, out, _ = shell.run("config", "list")
    assert status == 0
    assert "ldap_uid" in out


def test_one_value_is_printed_for_programs(shell: Shell):
    shell.run("config", "set", "outgoing_allowed_networks=10.0.0.0/8,fd00::/8")
    assert shell.run("config", "get", "outgoing_allowed_networks") == (0, "10.0.0.0/8, fd00::/8\n", "")
    assert shell.json("config", "get", "outgoing_allowed_networks")["value"] == ["10.0.0.0/8", "fd00::/8"]
    assert shell.run("config", "get", "ldap_start_tls")[1] == "false\n"


def test_a_description_tells_what_one_has_to_know(shell: Shell):
    shell.run("config", "set", "ldap_timeout=9")
    _, out, _ = shell.run("config", "describe", "ldap_timeout")
    for part in (
        "LDAP directory",
        "1 to 120 seconds",
        "Value:    9 (set by",
        "Default:  5",
        "WHARF_SETTING_LDAP_TIMEOUT",
    ):
        assert part in out


def test_a_secret_comes_from_standard_input_and_goes_nowhere(shell: Shell):
    status, out, err = shell.run("config", "set", "--stdin", "ldap_search_password", stdin="correct horse\n")
    assert (status, out, err) == (0, "changed: ldap_search_password\n", "")
    current.forget()
    assert current.get(LDAP_SEARCH_PASSWORD).get_secret_value() == "correct horse"
    shown = [
        shell.run("config", verb, *key, *json)[1]
        for verb, key in (
            ("list", ()),
            ("get", ("ldap_search_password",)),
            ("describe", ("ldap_search_password",)),
        )
        for json in ((), ("--json",))
    ]
    assert "correct" not in str(shown)
    assert shown[2] == "***\n"
    assert "correct" not in str(list(AuditEvent.objects.values()))


def test_a_secret_comes_from_a_file(shell: Shell, tmp_path: Path):
    (tmp_path / "password").write_text("correct horse\n")
    status, _, _ = shell.run("config", "set", "--from-file", f"ldap_search_password={tmp_path / 'password'}")
    assert status == 0
    current.forget()
    assert current.get(LDAP_SEARCH_PASSWORD).get_secret_value() == "correct horse"


def test_a_secret_is_no_argument_and_is_not_echoed(shell: Shell):
    for given in ("ldap_search_password=canary", "canary", "canary=x", "Canary!=x"):
        status, out, err = shell.run("config", "set", given)
        assert (status, out) == (1, ""), given
        assert "canary" not in err.lower().replace("canary is no setting", "")
    status, _, err = shell.run("config", "set", "ldap_search_password=canary")
    assert "arguments show in `ps`: give it with --stdin or --from-file" in err


def test_a_block_of_text_comes_from_a_file(shell: Shell, tmp_path: Path):
    authority = issue(tmp_path, "ldap.example.org").authority
    assert shell.run("config", "set", "--from-file", f"ldap_ca_certificates={authority}")[0] == 0
    current.forget()
    assert current.get(LDAP_CA_CERTIFICATES) == authority.read_text()


def test_all_mistakes_are_on_one_line_and_nothing_is_changed(shell: Shell):
    status, out, err = shell.run(
        "config", "set", "ldap_timeout=soon", "ldap_scope=9", "ldap_uids=x", "ldap_uid=mail"
    )
    assert (status, out) == (1, "")
    assert err == (
        "wharf: ldap_timeout must be a whole number, 1 to 120 seconds; "
        "ldap_scope must be one of 0 (base), 1 (one_level), 2 (subtree); ldap_uids is no setting\n"
    )
    current.forget()
    assert current.get(LDAP_UID) == "uid"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("get", "nothing"), "there is no setting 'nothing': wharf config list"),
        (("set",), "nothing to change: give KEY=VALUE"),
        (("set", "ldap_uid"), "write KEY=VALUE"),
        (("set", "ldap_uid=a", "ldap_uid=b"), "ldap_uid is given twice"),
        (("set", "--from-file", "ldap_uid=/no/such/file"), "/no/such/file cannot be read"),
        (("reset", "nothing"), "nothing is no setting"),
    ],
)
def test_a_mistake_is_one_line_on_standard_error(shell: Shell, arguments: tuple[str, ...], words: str):
    status, out, err = shell.run("config", *arguments)
    assert (status, out) == (1, "")
    assert words in err


def test_a_reset_and_a_locked_setting(shell: Shell, settings: Settings):
    shell.run("config", "set", "ldap_timeout=9")
    assert shell.json("config", "reset", "ldap_timeout", "ldap_uid") == {"changed": ["ldap_timeout"]}
    current.forget()
    assert current.get(LDAP_TIMEOUT) == 5
    settings.WHARF_SETTING_LOCKS = {"ldap_timeout": 7}
    status, _, err = shell.run("config", "set", "ldap_timeout=9")
    assert status == 1
    assert "is fixed by WHARF_SETTING_LDAP_TIMEOUT in the environment" in err
    assert "(environment)" in shell.run("config", "describe", "ldap_timeout")[1]


def test_secrets_are_sealed_anew(shell: Shell):
    shell.run("config", "set", "--stdin", "ldap_search_password", stdin="correct horse")
    assert shell.json("config", "reseal") == {"resealed": ["ldap_search_password"]}

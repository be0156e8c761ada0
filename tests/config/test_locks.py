"""Settings fixed by the environment: read with the rest of it, wrong ones stop the start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import locks
from config.directory import Scope
from tests.instances import CHECKOUT

pytestmark = pytest.mark.unit


def test_values_are_typed_and_empty_variables_fix_nothing() -> None:
    found = locks.read(
        {
            "WHARF_SETTING_LDAP_SCOPE": "subtree",
            "WHARF_SETTING_LDAP_START_TLS": "yes",
            "WHARF_SETTING_OUTGOING_ALLOWED_PORTS": "443, 5000",
            "WHARF_SETTING_LDAP_UID": "",
            "WHARF_PORT": "5000",
        }
    )
    assert found.values == {
        "ldap_scope": Scope.SUBTREE,
        "ldap_start_tls": True,
        "outgoing_allowed_ports": (443, 5000),
    }
    assert found.mistakes == ()


def test_every_mistake_is_one_line_without_the_value() -> None:
    found = locks.read(
        {
            "WHARF_SETTING_LDAP_TIMEOUT": "canary",
            "WHARF_SETTING_LDAP_UIDS": "canary",
            "WHARF_SETTING_": "canary",
        }
    )
    assert found.mistakes == (
        "WHARF_SETTING_: there is no such setting (wharf config list)",
        "WHARF_SETTING_LDAP_TIMEOUT: must be a whole number, 1 to 120 seconds",
        "WHARF_SETTING_LDAP_UIDS: there is no such setting (wharf config list)",
    )


def test_the_start_is_refused_with_all_mistakes_of_both_kinds(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "WHARF_DATA": str(tmp_path),
        "WHARF_PORT": "0",
        "WHARF_SETTING_LDAP_TIMEOUT": "soon",
        "WHARF_SETTING_NONE": "x",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "config", "list"],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert [line.partition(": ")[2].partition(":")[0] for line in done.stderr.splitlines()] == [
        "WHARF_PORT",
        "WHARF_SETTING_LDAP_TIMEOUT",
        "WHARF_SETTING_NONE",
    ]

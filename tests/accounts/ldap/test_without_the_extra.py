"""Without python-ldap Wharf starts, signs local people in, and says what is missing when a directory is asked."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.instances import CHECKOUT

pytestmark = pytest.mark.unit

BLOCKED = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("ldap", "_ldap", "django_auth_ldap"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import django
django.setup()
"""
ASKED = """
from core.errors import DirectoryUnavailable
from accounts import ldap
from accounts.ldap.settings import Search
import wharf.commands.ldap

settings = ldap.DirectorySettings(urls=("ldap://127.0.0.1:1",), people=Search("dc=x"), groups=Search(""))
assert not ldap.available() and not ldap.enabled()
try:
    ldap.Directory.of(settings)
except DirectoryUnavailable as refused:
    assert "docs/ldap.md" in refused.hint, refused.hint
else:
    raise AssertionError("a directory without a library")
[step] = ldap.diagnose(settings)
assert (step.name, step.ok) == ("installation", False)
print("fine")
"""


def test_everything_but_asking_works() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED + ASKED],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip().endswith("fine"), done.stderr

"""What is kept of a name that was tried in vain: nothing that may be a password or a token."""

from __future__ import annotations

import pytest

from access.principal import ActorKind, Origin
from accounts import gate
from accounts.gate import tried_names
from accounts.keys import secrets
from audit.models import AuditEvent
from core.errors import Unauthenticated
from tests import keys
from tests.people import make_project, make_user, unique

pytestmark = pytest.mark.django_db
HERE = Origin("192.0.2.7")


def kept(name: str, password: str = "wrong") -> str:
    """The name in the audit log after a refusal."""
    with pytest.raises(Unauthenticated):
        gate.prove(name, password, HERE)
    return (
        AuditEvent.objects.filter(operation__endswith=".sign-in", result="denied").latest("id").resource_name
    )


@pytest.mark.parametrize("prefix", secrets.PREFIXES)
def test_a_generated_secret_in_the_field_of_the_name_is_not_kept(prefix: str):
    secret = secrets.generate(prefix)
    for typed in (secret, secret.upper(), f"ann {secret}", f"robot${secret}"):
        for password in ("wrong", secret):
            assert kept(typed, password) == f"{prefix}***"


def test_a_password_in_the_field_of_the_name_is_not_kept():
    robot = keys.robot().username.partition("$")[2]
    with_a_mark = (f"My{unique('p')}$secret", f"Pass${robot}", "robot$A+b")
    for typed in ("Correct-horse-1", "correct horse", *with_a_mark, "\ud800-half-a-character"):
        found = kept(typed)
        assert found.startswith(f"{typed[:2]}\u2026 (".replace("\ud800", "\ufffd")), typed
        assert f"({len(typed)} characters, #" in found
        assert typed[2:] not in found


def test_the_same_one_is_known_again_and_another_is_not():
    first, second = unique("nobody-a"), unique("nobody-b")
    assert kept(first) == kept(first) != kept(second)


def test_names_of_accounts_and_of_robots_are_kept():
    user, project = make_user("Ann"), make_project()
    assert kept(user.username.upper()) == user.username
    robot = keys.robot(project=project)
    for name in (robot.username, f"robot${project.name}+gone", "robot$gone"):
        assert kept(name) == name


def test_a_name_can_be_shown_whatever_it_is():
    for typed in ("", "\0", "$", "robot$", "+$+", "x" * 100_000, "\ud800"):
        for kind in (ActorKind.USER, ActorKind.ROBOT):
            assert len(tried_names.shown(kind, typed)) < 100

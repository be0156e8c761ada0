"""docker with every kind of key: each signs in, pushes and pulls, and the audit log tells which it was."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.clients import Docker, Login
from tests.e2e.conftest import PASSWORD, Project
from tests.e2e.server import CHECKOUT, Wharf
from tests.images import image, write_docker_archive

KEYS = ("password", "access token", "CLI secret", "robot")
METHODS = {"password": "basic", "access token": "pat", "CLI secret": "cli-secret", "robot": "robot"}
SECRET = re.compile(r"wharf_(?:pat|rob|cli)_[A-Za-z0-9_-]{43}")
# What a page of the person's own account does.
NEW_CLI_SECRET = """
import django; django.setup()
from access.principal import ActorKind, AuthMethod, Principal
from accounts.models import User
from accounts.services.access_tokens import new_cli_secret
user = User.objects.get(username="{name}")
print(new_cli_secret(Principal(ActorKind.USER, user.pk, user.username, auth=AuthMethod.SESSION), user)[1])
"""


def _secret(text: str) -> str:
    found = SECRET.search(text)
    assert found is not None, text
    return found[0]


def _cli_secret(live: Wharf, name: str) -> str:
    command = [sys.executable, "-c", NEW_CLI_SECRET.format(name=name)]
    environment = live.environment({"DJANGO_SETTINGS_MODULE": "wharf.settings", "PYTHONPATH": str(CHECKOUT)})
    done = subprocess.run(command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return _secret(done.stdout)


@pytest.fixture
def login_by(live: Wharf, project: Project) -> Callable[[str], Login]:
    """The login of a developer of the project, or of a robot that may push to it."""

    def make(key: str) -> Login:
        name = project.developer.username
        if key == "access token":
            made = live.run(
                *("token", "create", name, project.name, "--project", project.name, "--allow", "push"),
                stdin=PASSWORD + "\n",
            )
            return Login(name, _secret(made))
        if key == "CLI secret":
            return Login(name, _cli_secret(live, name))
        if key == "robot":
            made = live.run("robot", "create", "ci", "--project", project.name, "--allow", "push")
            return Login(f"robot${project.name}+ci", _secret(made))
        return project.developer

    return make


@pytest.mark.parametrize("key", KEYS)
def test_a_login_by_it_pushes_and_pulls_and_is_audited(
    docker: Docker, live: Wharf, project: Project, login_by: Callable[[str], Login], key: str, tmp_path: Path
) -> None:
    who = login_by(key)
    name = docker.name(f"{project.name}/app:1")
    made = image({"key": key.encode()}, {"same": b"same"}, docker=True)
    docker.run("load", "--input", str(write_docker_archive(tmp_path / "image.tar", made, name)))
    assert "Login Succeeded" in docker.login(who)
    docker.run("push", name)
    docker.forget(name)
    docker.run("pull", name)
    assert docker.image_id(name) == made.config.digest
    with live.database() as connection:
        kind = "robot" if key == "robot" else "user"
        signed_in = connection.execute(
            "SELECT DISTINCT ip::text FROM audit_event WHERE operation = %s AND actor_name = %s AND auth = %s"
            " AND result = 'ok'",
            (f"{kind}.sign-in", who.username, METHODS[key]),
        ).fetchall()
        pushed = connection.execute(
            "SELECT actor_kind, actor_name, detail -> 'proof' ->> 'via' FROM audit_event WHERE operation = 'artifact.push'"
            " AND starts_with(resource_name, %s)",
            (f"{project.name}/app",),
        ).fetchall()
        used = connection.execute(
            "SELECT last_used_at IS NOT NULL, last_used_ip::text FROM robot WHERE name = 'ci'"
            " AND project_id = (SELECT id FROM project WHERE name = %(project)s) UNION ALL"
            " SELECT last_used_at IS NOT NULL, last_used_ip::text FROM access_token"
            " WHERE user_id = (SELECT id FROM account_user WHERE username = %(user)s) AND kind = %(kind)s"
            " AND (kind = 'cli' OR name = %(project)s)",
            {
                "project": project.name,
                "user": who.username,
                "kind": {"access token": "pat", "CLI secret": "cli"}.get(key, ""),
            },
        ).fetchall()
    assert signed_in == [("127.0.0.1/32",)]
    assert pushed == [(kind, who.username, METHODS[key])]
    assert used == ([] if key == "password" else [(True, "127.0.0.1/32")])


def test_a_rotated_secret_ends_and_a_disabled_robot_is_refused(
    docker: Docker, live: Wharf, project: Project, login_by: Callable[[str], Login]
) -> None:
    who = login_by("robot")
    docker.login(who)
    rotated = replace(who, password=_secret(live.run("robot", "rotate", f"{project.name}+ci")))
    arguments = ("login", "--username", who.username, "--password-stdin", docker.host)
    assert "unauthorized" in docker.refused(*arguments, stdin=who.password)
    assert "Login Succeeded" in docker.login(rotated)
    live.run("robot", "disable", f"{project.name}+ci")
    assert "unauthorized" in docker.refused(*arguments, stdin=rotated.password)

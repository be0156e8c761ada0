"""docker-compose.yml as Debian's docker-compose reads it, and the .env that deploy/new-env writes."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import RequireTool
from tests.deploy.roles import CHECKOUT
from wharf.environment import Environment

INSTALL_LINE = "apt-get install -y --no-install-recommends docker-compose"
ROLES = {
    "registry": "registry",
    "registry-b": "registry",
    "web": "web",
    "worker": "worker",
    "beat": "beat",
    "shipper": "shipper",
}
PATH = {"PATH": os.defpath + ":/usr/sbin:/sbin"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what compose looks at, so that no .env is written beside the real one."""
    shutil.copy(CHECKOUT / "docker-compose.yml", tmp_path)
    shutil.copytree(CHECKOUT / "deploy", tmp_path / "deploy")
    return tmp_path


def new_env(checkout: Path, host: str = "registry.example.org") -> subprocess.CompletedProcess[str]:
    command = [str(checkout / "deploy" / "new-env"), host]
    return subprocess.run(command, env=PATH, capture_output=True, text=True, check=False)


def variables(checkout: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (checkout / ".env").read_text().splitlines())


def compose(checkout: Path, require_tool: RequireTool, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = require_tool("docker-compose", INSTALL_LINE)
    return subprocess.run(
        [program, *arguments], cwd=checkout, env=PATH, capture_output=True, text=True, check=False
    )


@pytest.fixture
def services(checkout: Path, require_tool: RequireTool) -> dict[str, Any]:
    """The services of both profiles, as compose understands them."""
    assert new_env(checkout).returncode == 0
    done = compose(checkout, require_tool, "--profile", "full", "config")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = yaml.safe_load(done.stdout)["services"]
    return found


def test_the_default_profile_is_one_of_each_and_full_adds_a_second_registry(
    checkout: Path, require_tool: RequireTool
) -> None:
    new_env(checkout)
    usual = compose(checkout, require_tool, "config", "--services").stdout.split()
    full = compose(checkout, require_tool, "--profile", "full", "config", "--services").stdout.split()
    both = {"postgres", "valkey", "migrate", "nginx", *ROLES}
    assert set(full) == both
    assert set(usual) == both or set(usual) == both - {"registry-b"}


def test_compose_refuses_to_start_without_secrets(checkout: Path, require_tool: RequireTool) -> None:
    refused = compose(checkout, require_tool, "config")
    assert refused.returncode != 0
    assert "run deploy/new-env" in refused.stderr


def test_the_repository_holds_no_secret_that_would_start(checkout: Path) -> None:
    for path in (CHECKOUT / "docker-compose.yml", *(CHECKOUT / "deploy").rglob("*")):
        if path.is_file():
            assert not re.search(r"(PASSWORD|SECRET_KEY)[=:] *['\"]?[A-Za-z0-9]", path.read_text()), path


def test_new_env_makes_different_secrets_that_wharf_accepts_for_its_owner_alone(checkout: Path) -> None:
    assert new_env(checkout).returncode == 0
    given = variables(checkout)
    secrets = [value for name, value in given.items() if name != "WHARF_EXTERNAL_URLS"]
    assert len(secrets) == len(set(secrets)) == 5
    assert Environment(secret_key=given["WHARF_SECRET_KEY"]).secret() == given["WHARF_SECRET_KEY"]
    assert stat.S_IMODE((checkout / ".env").stat().st_mode) == 0o600


def test_new_env_never_replaces_an_env_that_is_there(checkout: Path) -> None:
    new_env(checkout)
    before = variables(checkout)
    assert new_env(checkout, "other.example.org").returncode != 0
    assert variables(checkout) == before


def test_each_role_is_told_who_it_is_and_nothing_but_the_migration_may_change_tables(
    services: dict[str, Any],
) -> None:
    assert {name: services[name]["environment"]["WHARF_ROLE"] for name in ROLES} == ROLES
    owners = [
        name
        for name, service in services.items()
        if "WHARF_MIGRATE_DATABASE_URL" in service.get("environment", {})
    ]
    assert owners == ["migrate"]
    assert all(
        services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
        for name in ROLES
    )


def test_what_wharf_and_nginx_run_in_is_closed(services: dict[str, Any]) -> None:
    for name in (*ROLES, "migrate", "nginx"):
        service = services[name]
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    assert "outside" not in services["postgres"]["networks"]
    assert list(services["nginx"]["networks"]) == ["outside"]
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]


def test_servers_are_watched(services: dict[str, Any]) -> None:
    for name in ("postgres", "valkey", "registry", "registry-b", "web", "nginx"):
        assert services[name]["healthcheck"]["test"][0].startswith("CMD"), name


def test_the_sockets_are_those_nginx_looks_for(services: dict[str, Any]) -> None:
    upstreams = (CHECKOUT / "deploy" / "nginx" / "upstreams.conf").read_text()
    for name in ("registry", "registry-b", "web"):
        bind = services[name]["environment"]["WHARF_BIND"]
        assert f"server {bind} max_fails=0" in upstreams

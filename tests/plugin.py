"""Loaded before Django's settings (pytest -p): gives the run its own environment, and blocks the far network.

Each process that runs tests has services of its own (one PostgreSQL, one Valkey), started by the first test that asks for them
(tests/conftest.py): a transaction under way in another process would hold up what waits for a whole
cluster, as the sealer does.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

KEPT = ("WHARF_REQUIRE_ALL", "WHARF_TEST_ROOT")
PREFIX = "wharf-tests-"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
OWNS_ROOT = not WORKER


def _root() -> Path:
    if WORKER:
        return Path(os.environ["WHARF_TEST_ROOT"])
    _sweep()
    root = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    root.chmod(0o755)  # the servers run as another user when we are root
    return root


def _sweep() -> None:
    """Remove what killed runs left: folders that name a process that is gone (its servers went with it)."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        pid = left.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(left, ignore_errors=True)


ROOT = _root()
SERVICES = ROOT / (WORKER or "main") / "services"
TEST_DATABASE = f"test_{WORKER or 'main'}"


def _database_url(role: str, database: str) -> str:
    return f"postgresql://{role}@/{database}?host={SERVICES / 'run'}"


def _set_environment() -> None:
    for name in [name for name in os.environ if name.startswith("WHARF_") and name not in KEPT]:
        del os.environ[name]
    data = ROOT / (WORKER or "main")
    data.mkdir(exist_ok=True)
    (data / "storage").mkdir(exist_ok=True)
    os.environ.update(
        WHARF_TEST_ROOT=str(ROOT),
        WHARF_DATA=str(data),
        WHARF_DATABASE_URL=_database_url("wharf_app", TEST_DATABASE),
        WHARF_MIGRATE_DATABASE_URL=_database_url("wharf_owner", TEST_DATABASE),
        WHARF_REDIS_URL=f"unix://{SERVICES / 'run' / 'valkey.sock'}",
        WHARF_SECRET_KEY="b7Jq2-t3sts-only-0Zr8wX5vKf1nYd6uHg4mLpQe",
        WHARF_EXTERNAL_URLS="http://testserver,http://127.0.0.1:5000,http://localhost:5000",
        DJANGO_SETTINGS_MODULE="wharf.settings",
    )


def _refuse_far_hosts(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: Python-level connections leave this machine never, whatever library makes them."""
    if event == "socket.connect" or event == "socket.sendto":
        address = arguments[1]
        if isinstance(address, tuple) and address and not _near(str(address[0])):
            raise RuntimeError(f"a test tried to reach {address[0]}")
    elif event == "socket.getaddrinfo" and arguments[0] is not None and not _near(_text(arguments[0])):
        raise RuntimeError(f"a test tried to resolve {arguments[0]!r}")


def _text(host: str | bytes) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else host


def _near(host: str) -> bool:
    if host in ("", "localhost", "0.0.0.0", "::"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_set_environment()
sys.addaudithook(_refuse_far_hosts)


def pytest_unconfigure() -> None:
    from tests.session import stop

    stop()
    if OWNS_ROOT:
        shutil.rmtree(ROOT, ignore_errors=True)

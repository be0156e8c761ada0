"""A started instance that several tests of a file share, and who can log in to one."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.clients import Login
from tests.instances import Instance


@contextlib.contextmanager
def running(*, ready: bool = True, **environment: str) -> Iterator[Instance]:
    """An instance with a data folder of its own, started; stopped and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="wharf-door-"))
    folder.chmod(0o755)  # the servers' own user passes through
    instance = Instance(folder / "data", environment=environment, ready=ready)
    try:
        instance.start()
        yield instance
    finally:
        instance.end()
        shutil.rmtree(folder, ignore_errors=True)


def admin(instance: Instance) -> Login:
    """The administrator its first start printed."""
    return Login("admin", instance.admin_password)

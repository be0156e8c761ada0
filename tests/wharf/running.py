"""A started instance that several tests of a file share, and who can log in to one."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.clients import Login
from tests.instances import Instance


@contextlib.contextmanager
def running(**environment: str) -> Iterator[Instance]:
    """An instance with a data folder of its own, started; stopped and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="wharf-door-"))
    folder.chmod(0o755)  # the servers' own user passes through
    instance = Instance(folder / "data", environment=environment)
    try:
        instance.start()
        yield instance
    finally:
        if instance.process is not None:
            instance.stop()
        if instance.output_file is not None:
            instance.output_file.unlink()
        shutil.rmtree(folder, ignore_errors=True)


def admin(instance: Instance) -> Login:
    """The administrator its first start printed."""
    found = re.search(r"Administrator:\s+admin\s+/\s+(\S+)", instance.output)
    assert found is not None, instance.output
    return Login("admin", found[1])

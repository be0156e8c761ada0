"""Data folders that are made once in a run and copied for every test that does not ask how they come to be.

The one made here has had its first start: by the real `wharf up`, with the library and the administrator of that start.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

# What tests ask a started server's first output for.
ADMINISTRATOR = re.compile(r"Administrator:\s+admin\s+/\s+(\S+)")
# Of the server that ran there, not of its data.
TRANSIENT = ("logs", "run", "metrics", "lock")


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder `make` filled, one for all processes of the run; those that come meanwhile wait."""
    root = Path(os.environ["WHARF_TEST_ROOT"]) / "ready"
    root.mkdir(mode=0o755, exist_ok=True)
    folder, draft = root / name, root / f"{name}.draft"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            shutil.rmtree(draft, ignore_errors=True)  # another process failed at it
            draft.mkdir(mode=0o755)
            make(draft)
            draft.rename(folder)
    return folder


def copy(source: Path, target: Path) -> None:
    """With owners and modes, which PostgreSQL insists on; no bytes are copied where the file system can share them."""
    subprocess.run(["cp", "-a", "--reflink=auto", str(source), str(target)], check=True)


def fill(data: Path) -> str:
    """Make `data`, as it is after a first start and a stop; the password of its administrator."""
    ready = made_once("started", _first_start)
    copy(ready / "data", data)
    return (ready / "password").read_text()


def _first_start(folder: Path) -> None:
    from tests.instances import Instance

    instance = Instance(folder / "data")
    try:
        instance.start()
        (folder / "password").write_text(instance.admin_password)
        assert instance.stop() == 0, instance.output
    finally:
        instance.end()
    for name in TRANSIENT:
        path = instance.data / name
        path.unlink() if path.is_file() else shutil.rmtree(path)

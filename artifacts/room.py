"""How much room the store of the blobs has."""

from __future__ import annotations

import shutil

from access.check import require
from access.principal import Principal
from access.table import P
from artifacts.storage import folder
from core.errors import StorageFailed


def of_the_store(actor: Principal) -> tuple[int, int]:
    """(total, free) bytes of the file system the store lies on. Raises StorageFailed, Denied."""
    require(actor, P.SYSTEM_VOLUMES_READ, None)
    try:
        found = shutil.disk_usage(folder())
    except OSError as error:
        raise StorageFailed(f"the blob store cannot be looked at: {error.strerror}") from error
    return found.total, found.free

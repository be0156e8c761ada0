"""Several acts at the same moment, each on a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection

from core.errors import WharfError


def at_once(*acts: Callable[[], object]) -> list[type[BaseException] | None]:
    """Start all acts together; what each of them raised."""
    barrier = threading.Barrier(len(acts))
    raised: list[type[BaseException] | None] = [None] * len(acts)

    def run(number: int, act: Callable[[], object]) -> None:
        barrier.wait(10)
        try:
            act()
        except WharfError as error:
            raised[number] = type(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return raised

"""Carries connections from one address to another: the way into a network namespace, through a socket file both sides see.

`python relay.py FROM TO [FROM TO]…`, each an absolute path (a Unix socket) or a port of 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Iterable

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _relay_to(target: str) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            if target.startswith("/"):
                far_reader, far_writer = await asyncio.open_unix_connection(target)
            else:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", int(target))
            await asyncio.gather(_carry(reader, far_writer), _carry(far_reader, writer))
        writer.close()

    return handle


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()


def command(sources: Iterable[object], targets: Iterable[object]) -> str:
    """The line of a shell that carries connections from each source to its target."""
    pairs = (f"{source} {target}" for source, target in zip(sources, targets, strict=True))
    return f"{sys.executable} {__file__} {' '.join(pairs)}"


async def main(addresses: list[str]) -> None:
    for source, target in zip(addresses[::2], addresses[1::2], strict=True):
        if source.startswith("/"):
            await asyncio.start_unix_server(_relay_to(target), source)
        else:
            await asyncio.start_server(_relay_to(target), "127.0.0.1", int(source))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))

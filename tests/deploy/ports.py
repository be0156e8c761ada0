"""Ports of the tests in this folder, apart from those of the other server tests."""

from __future__ import annotations

import random
import socket

from tests import ports

PORTS = ports.own(range(5500, 5600))
_given: set[int] = set()


def free_port() -> int:
    """A port of loopback that nobody listens on, never the same twice. Raises OSError when none is left."""
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if port not in _given and probe.connect_ex(("127.0.0.1", port)) != 0:
                _given.add(port)
                return port
    raise OSError(f"no free port in {PORTS}")

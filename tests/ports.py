"""Ports for servers of tests: each worker has its own, so that none takes one that another has chosen and not bound yet."""

from __future__ import annotations

import os

WORKERS = 4


def own(ports: range) -> range:
    """This worker's share of the ports: a quarter of them."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return ports[int(worker) % WORKERS :: WORKERS]

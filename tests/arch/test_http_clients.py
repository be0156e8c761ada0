"""There is one way out over HTTP: net/safe_http.py. Nothing else of the product speaks HTTP to other hosts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.arch import sources

pytestmark = pytest.mark.unit

CLIENTS = {
    "urllib.request", "urllib3", "http.client", "requests", "httpx", "httpx2", "httpcore", "httpcore2", "aiohttp", "niquests",
    "pycurl", "websockets", "xmlrpc.client", "ftplib", "smtplib", "telnetlib",
}  # fmt: skip

EXCEPTIONS = {
    "wharf/probe.py": "asks the server of this very environment, at its own socket or port, whether it serves",
}


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__"):
                yield str(node.args[0].value)


def _speaks_http(path: Path) -> bool:
    names = set(_imported(path))
    return any(name == client or name.startswith(f"{client}.") for name in names for client in CLIENTS)


def test_nothing_but_net_speaks_http_to_other_hosts() -> None:
    found = {
        str(path.relative_to(sources.CHECKOUT))
        for path in sources.product_files()
        if _speaks_http(path) and path.parent.name != "net"
    }
    assert found == set(EXCEPTIONS)


def test_only_net_makes_connections_of_its_own_to_names() -> None:
    """A name is resolved where its addresses are judged."""
    found = {
        str(path.relative_to(sources.CHECKOUT))
        for path in sources.product_files()
        if path.parent.name != "net"
        and any(word in path.read_text() for word in ("create_connection(", "getaddrinfo(", "gethostbyname"))
    }
    assert found == set()

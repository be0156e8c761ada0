"""Requests put into WSGI by hand: raw paths, bodies that break off or wait, headers that no client library sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import httpx2

from tests.registry_api.client import HOST, Registry, Repository, conforms

Step = bytes | Exception | Callable[[], object]
MEASURED = -1
"""Content-Length as an honest client says it: the bytes of the body."""
CHUNKED = -2


class Body:
    """A `wsgi.input` in steps: bytes are read, exceptions raised, functions called; then it ends, announced or not."""

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps)
        self.was_read = False

    @property
    def size(self) -> int:
        return sum(len(step) for step in self._steps if isinstance(step, bytes))

    def read(self, size: int = -1) -> bytes:
        self.was_read = True
        while self._steps:
            step = self._steps.pop(0)
            if isinstance(step, Exception):
                raise step
            if callable(step):
                step()
                continue
            if 0 <= size < len(step):
                self._steps.insert(0, step[size:])
                return step[:size]
            if step:
                return step
        return b""

    readline = read  # Django binds it and never calls it here


def send(
    registry: Registry,
    method: str,
    target: str,
    *,
    body: Body | bytes = b"",
    length: int | str = MEASURED,
    headers: Mapping[str, str] | None = None,
    **environ: Any,
) -> httpx2.Response:
    """What the registry answers to this request; `environ` replaces what a server would have put there."""
    stream = body if isinstance(body, Body) else Body(body)
    path, _, query = target.partition("?")
    built: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "5000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": HOST,
        "wsgi.url_scheme": "http",
        "wsgi.input": stream,
        **_framing(stream, length),
        **{_key(name): value for name, value in (headers or {}).items()},
        **environ,
    }
    return _call(registry, built)


def _framing(stream: Body, length: int | str) -> dict[str, str]:
    if length == CHUNKED:
        return {"HTTP_TRANSFER_ENCODING": "chunked"}
    if length == MEASURED:
        return {"CONTENT_LENGTH": str(stream.size)} if stream.size else {}
    return {"CONTENT_LENGTH": str(length)}


def _key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key == "CONTENT_TYPE" else f"HTTP_{key}"


def _call(registry: Registry, environ: dict[str, Any]) -> httpx2.Response:
    seen: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], error: Any = None) -> None:
        seen[:] = [int(status.partition(" ")[0]), headers]

    result = registry.application(environ, start_response)
    try:
        content = b"".join(result)
    finally:
        getattr(result, "close", lambda: None)()
    request = httpx2.Request(environ["REQUEST_METHOD"], f"http://{HOST}/")
    answer = httpx2.Response(seen[0], headers=seen[1], content=content, request=request)
    conforms(answer)
    return answer


def bearer(repository: Repository, actions: str = "pull,push,delete") -> dict[str, str]:
    """The Authorization header of a fresh token for these actions on the repository."""
    client = repository.client
    token = client.registry.token(f"repository:{repository.name}:{actions}", basic=client.basic)
    return {"Authorization": f"Bearer {token}"}

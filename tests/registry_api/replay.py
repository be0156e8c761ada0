"""The registry with the read lane on and off, told apart by nobody: every read of the protocol suite is asked of both.

A GET or HEAD goes to the views alone, then twice through the lane (the second time it may answer by itself). Status, headers
and bytes must be the same. Tests in which something else changes meanwhile, or that count statements, are marked `plain`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from registry_api.v2.fastlane import FastLane

Environ = dict[str, Any]
PER_REQUEST = {"x-request-id", "date"}


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    headers: list[tuple[str, str]]
    body: bytes

    def comparable(self) -> tuple[str, list[tuple[str, str]], bytes]:
        kept = sorted(
            (name.lower(), value) for name, value in self.headers if name.lower() not in PER_REQUEST
        )
        return self.status, kept, self.body


class Replaying:
    """The WSGI callable tests speak to; what they see is always the views' answer."""

    def __init__(self, views: Callable[..., Iterable[bytes]]) -> None:
        self._views = views
        self._lane = FastLane(views, is_current=lambda: True)
        self.enabled = True
        self.replayed = 0

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        is_read = environ["REQUEST_METHOD"] in ("GET", "HEAD") and environ["PATH_INFO"].startswith("/v2/")
        if not self.enabled or not is_read:
            return self._views(environ, start_response)
        answer = _asked(self._views, environ)
        if not answer.status.startswith("5"):
            for _ in range(2):
                assert _asked(self._lane, environ).comparable() == answer.comparable()
            self.replayed += 1
        start_response(answer.status, answer.headers)
        return [answer.body]


def _asked(application: Callable[..., Any], environ: Environ) -> Answer:
    started: list[Any] = []
    response = application({**environ, "wsgi.input": BytesIO()}, lambda *told: started.append(told))
    try:
        body = b"".join(response)
    finally:
        if hasattr(response, "close"):
            response.close()
    return Answer(started[0][0], started[0][1], body)

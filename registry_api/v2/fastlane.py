"""The read lane: repeated GETs and HEADs answered from the rendered responses of the Django views, before Django.

Correctness never depends on it. It answers only what a view answered with 200 for the same method, path, query, Accept and
Host, while the caller's token still grants the pull, the epochs the token carries are the current ones, and the generations of
repository and project are what they were before that view read. 404s are never remembered, and permission comes from the token.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from access.origin import origin_from
from access.principal import AuthMethod, Principal
from accounts import signing_keys
from accounts.gate import rates
from accounts.registry_tokens import Claims, remembered
from audit import pulls
from core import request_facts
from database import generations
from projects import registry_access
from registry_api.v2.lane_note import MAX_BODY, NOTE, Note

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

MAX_TOTAL: Final = 64 * 1024 * 1024
# Bounds what a process killed between COMMIT and its bump can leave behind on a host whose listener is late.
FRESH_SECONDS: Final = 5.0

_PATH = re.compile(r"/v2/(.+)/(manifests/[^/]+|blobs/[^/]+|tags/list)", re.ASCII | re.DOTALL)
_CONDITIONAL = ("HTTP_RANGE", "HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH", "HTTP_IF_RANGE")
_PER_REQUEST = frozenset({"x-request-id", "date"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A rendered response. `generation` is that of repository and project before the view read them."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes
    generation: bytes
    project_id: int
    stale_at: float
    pull: dict[str, Any] | None
    leased: bool


Key = tuple[str, str, str, str, str]


class Memory:
    """Entries by key, least recently used out first, bounded in bytes."""

    def __init__(self, limit: int = MAX_TOTAL) -> None:
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._limit = limit
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Key) -> Entry | None:
        return self._entries.get(key)

    def put(self, key: Key, entry: Entry) -> None:
        with self._lock:
            self._drop(key)
            self._entries[key] = entry
            self._size += _weight(entry)
            while self._size > self._limit:
                self._drop(next(iter(self._entries)))

    def drop(self, key: Key) -> None:
        with self._lock:
            self._drop(key)

    def _drop(self, key: Key) -> None:
        if (old := self._entries.pop(key, None)) is not None:
            self._size -= _weight(old)


def _weight(entry: Entry) -> int:
    return len(entry.body) + 1024


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request the lane might answer."""

    key: Key
    repository: str
    claims: Claims


class FastLane:
    """The WSGI callable around `application`. `is_current` says whether changes made on other hosts are heard of here."""

    def __init__(self, application: Application, is_current: Callable[[], bool]) -> None:
        self._application = application
        self._is_current = is_current
        self._memory = Memory()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        asked = _asked(environ)
        if asked is None:
            return self._application(environ, start_response)
        entry = self._memory.get(asked.key)
        if entry is not None and self._is_current() and _holds(entry, asked):
            bearer = asked.claims.bearer
            if not rates.admits(bearer.kind, bearer.id, origin_from(environ).ip):
                return self._application(environ, start_response)  # which tells him, and keeps the entry
            request_facts.note_lane_hit(environ)
            return _answer(entry, asked, environ, start_response)
        request_facts.note_lane_miss(environ)
        return self._through(asked, environ, start_response)

    def _through(self, asked: _Asked, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Ask the view, and keep what it says may be kept."""
        note = environ[NOTE] = Note()
        generation = generations.current(asked.repository)
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started[:] = [status, headers]
            return start_response(status, headers, exc_info)

        response = self._application(environ, start)
        if not note.keep or not started[0].startswith("200 "):
            self._memory.drop(asked.key)
            return response
        body = b"".join(response)
        project_id = asked.claims.projects[asked.repository.partition("/")[0]][0]
        headers = [pair for pair in started[1] if pair[0].lower() not in _PER_REQUEST]
        entry = Entry(
            started[0],
            headers,
            body,
            generation,
            project_id,
            time.monotonic() + FRESH_SECONDS,
            note.pull,
            note.leased,
        )
        if len(body) <= MAX_BODY:
            self._memory.put(asked.key, entry)
        return _Closing(body, response)


class _Closing:
    """A body already read from a response that the server still has to close."""

    def __init__(self, body: bytes, response: Any) -> None:
        self._body = body
        self._response = response

    def __iter__(self) -> Any:
        yield self._body

    def close(self) -> None:
        if hasattr(self._response, "close"):
            self._response.close()


def _asked(environ: Environ) -> _Asked | None:
    """None for whatever the lane leaves to the views: other methods and paths, conditions, ranges, unknown tokens."""
    method = environ["REQUEST_METHOD"]
    if method not in ("GET", "HEAD") or any(name in environ for name in _CONDITIONAL):
        return None
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    path = environ.get("PATH_INFO", "")
    matched = _PATH.fullmatch(path) if scheme.lower() == "bearer" else None
    if matched is None:
        return None
    claims, repository = remembered.get(token), matched[1]
    if claims is None or "pull" not in claims.repositories.get(repository, ()):
        return None
    if not signing_keys.is_current(claims.key_id):
        return None
    if not registry_access.still_holds(claims, repository.partition("/")[0]):
        return None
    where = environ.get("QUERY_STRING", ""), environ.get("HTTP_ACCEPT", ""), environ.get("HTTP_HOST", "")
    return _Asked((method, path, *where), repository, claims)


def _holds(entry: Entry, asked: _Asked) -> bool:
    """Whether the view would say the same now."""
    now = time.monotonic()
    project_id, _epoch = asked.claims.projects[asked.repository.partition("/")[0]]
    if now > entry.stale_at or entry.project_id != project_id:
        return False
    if not entry.leased and "push" in asked.claims.repositories[asked.repository]:
        return False
    return generations.current(asked.repository) == entry.generation


def _answer(entry: Entry, asked: _Asked, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    origin = origin_from(environ)
    bearer = asked.claims.bearer
    name = bearer.name or "anonymous"
    request_facts.note_actor(environ, name)
    start_response(entry.status, [*entry.headers, ("X-Request-Id", origin.request_id)])
    if entry.pull is not None:
        actor = Principal(
            bearer.kind, bearer.id, name, auth=AuthMethod.TOKEN, token_id=asked.claims.token_id, origin=origin
        )
        pulls.note(pulls.PullLine.of(actor, **entry.pull))
    return [entry.body]

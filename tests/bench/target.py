"""A registry under load: where it listens, how it lets us in, what was pushed to it, which processes it is."""

from __future__ import annotations

import base64
import http.client
import json
import re
import socket
import time
import urllib.parse
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from tests.bench.content import Blob
from tests.bench.processes import Meter, memory_mib, tree
from tests.e2e.clients import Login

CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
# Well below what registries give out (Wharf: 300 s), well above the time one measurement takes.
TOKEN_SECONDS = 60.0
TIMEOUT = 120.0


class Refused(Exception):
    """A registry answered otherwise than it must; the message holds status and body."""


@dataclass(slots=True)
class Pushed:
    """What lies in the registry for reading: one image with its parts, and the large blob once somebody asked for it."""

    repository: str
    config: Blob
    layers: tuple[Blob, ...]
    manifest: bytes
    digest: str
    large: Blob | None = None
    prepared: set[str] = field(default_factory=set)


class Target(ABC):
    """One registry at a loopback address. `project` is the first part of every name we push to."""

    name: str
    pushed: Pushed

    def __init__(self, name: str, port: int, *, project: str, who: Login | None = None) -> None:
        self.name = name
        self.port = port
        self.project = project
        self.who = who
        self._realm = ""
        self._service = ""
        self._scheme: str | None = None
        self._headers: dict[tuple[str, ...], tuple[dict[str, str], float]] = {}

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def version(self) -> str:
        """For the report."""
        return ""

    @abstractmethod
    def roots(self) -> tuple[int, ...]:
        """The processes whose trees are the server; none when nobody knows."""

    @abstractmethod
    def restart(self) -> None:
        """Start the server anew on its data, so that no earlier load is seen in its memory; a peer stays as it is."""

    @abstractmethod
    def forget(self, blob: Blob) -> None:
        """Give the space of a pushed blob back to the disk, where the store is ours."""

    def meter(self) -> Meter:
        return Meter.start(self.roots())

    def memory(self) -> float:
        """MiB of PSS of all its processes."""
        return memory_mib(tree(self.roots()))

    def connection(self, timeout: float = TIMEOUT) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def pull(self, repository: str) -> dict[str, str]:
        """The headers of a caller who only reads."""
        return self.authorization(f"repository:{repository}:pull")

    def push(self, repository: str) -> dict[str, str]:
        return self.authorization(f"repository:{repository}:pull,push")

    def authorization(self, *scopes: str) -> dict[str, str]:
        """What the registry's challenge asks for: nothing, Basic, or a Bearer token of these scopes."""
        headers, until = self._headers.get(scopes, ({}, 0.0))
        if until < time.monotonic():
            headers = self._authorize(scopes)
            self._headers = {scopes: (headers, time.monotonic() + TOKEN_SECONDS), **self._young()}
        return headers

    def _young(self) -> dict[tuple[str, ...], tuple[dict[str, str], float]]:
        now = time.monotonic()
        return {scopes: kept for scopes, kept in self._headers.items() if kept[1] > now}

    def _authorize(self, scopes: tuple[str, ...]) -> dict[str, str]:
        if self._scheme is None:
            self._read_challenge()
        if self._scheme == "":
            return {}
        basic = self._basic()
        if self._scheme == "basic":
            return basic
        query = urllib.parse.urlencode([("service", self._service), *(("scope", scope) for scope in scopes)])
        path = urllib.parse.urlsplit(self._realm).path
        token = json.loads(self.request("GET", f"{path}?{query}", headers=basic, expect=200).body)["token"]
        return {"Authorization": f"Bearer {token}"}

    def _basic(self) -> dict[str, str]:
        if self.who is None:
            return {}
        pair = base64.b64encode(f"{self.who.username}:{self.who.password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}

    def _read_challenge(self) -> None:
        connection = self.connection()
        connection.request("GET", "/v2/")
        answer = connection.getresponse()
        answer.read()
        connection.close()
        challenge = answer.getheader("WWW-Authenticate") or ""
        self._scheme = challenge.partition(" ")[0].lower() if answer.status == 401 else ""
        fields = dict(CHALLENGE.findall(challenge))
        self._realm, self._service = fields.get("realm", ""), fields.get("service", "")

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str],
        expect: int,
        body: bytes = b"",
        connection: http.client.HTTPConnection | None = None,
    ) -> Answered:
        """One request with a body that is not worth timing. Raises Refused when the status is not `expect`."""
        used = connection or self.connection()
        used.request(method, path, body=body, headers={"Content-Length": str(len(body)), **headers})
        answer = used.getresponse()
        answered = Answered(answer.status, location(answer.getheader("Location") or ""), answer.read())
        if connection is None:
            used.close()
        if answer.status != expect:
            raise Refused(f"{self.name}: {method} {path}: {answer.status} {answered.body[:300]!r}")
        return answered


@dataclass(frozen=True, slots=True)
class Answered:
    """`location` is path and query alone."""

    status: int
    location: str
    body: bytes


def location(url: str) -> str:
    """Path and query of a Location header."""
    parts = urllib.parse.urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def closing(place: str, digest: str) -> str:
    """The URL that finishes an upload session as `digest`."""
    return f"{place}{'&' if '?' in place else '?'}digest={urllib.parse.quote(digest, safe='')}"

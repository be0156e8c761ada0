"""How tests speak to the registry: as any HTTP client, with a token asked for as clients do."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

from access.principal import Principal
from access.table import Role
from accounts.models import User
from core.oci.digest import Digest
from tests import keys, people

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
HOST = "127.0.0.1:5000"
PASSWORD = "correct horse battery staple"


def conforms(answer: httpx2.Response) -> None:
    """What every answer of the API keeps to, whatever was asked: asserted for each request of each test."""
    headers, told = answer.headers, f"{answer.request.method} {answer.request.url}: {answer.status_code}"
    assert headers["Docker-Distribution-Api-Version"] == "registry/2.0", told
    assert headers["X-Content-Type-Options"] == "nosniff", told
    assert headers["X-Request-Id"], told
    assert "Set-Cookie" not in headers, told
    assert "Content-Encoding" not in headers, told
    assert "charset" not in headers.get("Content-Type", ""), told
    assert "html" not in headers.get("Content-Type", ""), told
    assert headers.get("Location", "/v2/").startswith("/v2/"), told
    assert ("Content-Length" in headers) == (answer.status_code not in (204, 304)), told
    assert len(headers.get_list("WWW-Authenticate")) == (answer.status_code == 401), told
    if answer.status_code >= 400:
        _is_a_refusal(answer)


def _is_a_refusal(answer: httpx2.Response) -> None:
    """JSON that docker can read; a range that no blob has is told by its headers alone."""
    if answer.status_code == 416 and "Content-Range" in answer.headers:
        return
    assert answer.headers["Content-Type"] == "application/json"
    content = answer.read()
    if answer.request.method == "HEAD":
        assert content == b""
        return
    body = json.loads(content)
    assert body["errors"]
    assert set(body) <= {"error", "errors"}
    for entry in body["errors"]:
        assert set(entry) <= {"code", "message", "detail"}
        assert re.fullmatch("[A-Z_]+", entry["code"])


class Registry:
    """The registry behind a WSGI callable or a URL."""

    def __init__(self, application: Any = None, url: str = f"http://{HOST}") -> None:
        transport = httpx2.WSGITransport(application, raise_app_exceptions=True) if application else None
        self.application = application
        self.http = httpx2.Client(
            transport=transport, base_url=url, timeout=60, event_hooks={"response": [conforms]}
        )

    def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> httpx2.Response:
        return self.http.request(method, path, headers=dict(headers or {}), **options)

    def token(self, *scopes: str, basic: str | None = None) -> str:
        """A registry token for these scopes; `basic` is the value of an Authorization header."""
        headers = {"Authorization": basic} if basic else {}
        answer = self.request(
            "GET", "/service/token", params=[("scope", scope) for scope in scopes], headers=headers
        )
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["token"]
        return token


@dataclass
class Client:
    """One person's view of the registry. Tokens are fetched per call, for exactly the scope the call needs."""

    registry: Registry
    basic: str | None
    principal: Principal

    def call(
        self,
        method: str,
        path: str,
        *,
        scope: str = "",
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> httpx2.Response:
        """A request with a token for `scope` ("name:actions" or a full scope; several separated by spaces)."""
        scopes = [
            part if part.startswith(("repository:", "registry:")) else f"repository:{part}"
            for part in scope.split()
        ]
        token = self.registry.token(*scopes, basic=self.basic)
        return self.registry.request(
            method, path, headers={"Authorization": f"Bearer {token}", **(headers or {})}, **options
        )

    def repository(self, name: str) -> Repository:
        return Repository(self, name)


@dataclass
class Repository:
    """A repository as one person uses it."""

    client: Client
    name: str

    def call(self, method: str, path: str, *, also: str = "", **options: Any) -> httpx2.Response:
        """`path` below /v2/<name>/, with a token for everything the person may do here; `also` names further scopes."""
        return self.client.call(
            method, f"/v2/{self.name}/{path}", scope=f"{self.name}:pull,push,delete {also}".strip(), **options
        )

    def push_blob(self, content: bytes) -> str:
        digest = str(Digest.of(content))
        answer = self.call("POST", f"blobs/uploads/?digest={digest}", content=content)
        assert answer.status_code == 201, answer.text
        return digest

    def start(self) -> str:
        """Open a session; its location below /v2/<name>/."""
        answer = self.call("POST", "blobs/uploads/")
        assert answer.status_code == 202, answer.text
        return str(answer.headers["Location"]).removeprefix(f"/v2/{self.name}/")

    def put_manifest(
        self, reference: str, manifest: bytes, media_type: str | None = MANIFEST, **options: Any
    ) -> httpx2.Response:
        headers = {"Content-Type": media_type} if media_type else {}
        return self.call(
            "PUT",
            f"manifests/{reference}",
            content=manifest,
            headers=headers | options.pop("headers", {}),
            **options,
        )

    def push_image(
        self,
        tag: str = "latest",
        *,
        config: bytes = b"{}",
        layers: Iterable[bytes] = (b"layer",),
        **extra: Any,
    ) -> str:
        """A whole small image; its manifest digest."""
        from tests.registry_api import documents

        parts = list(layers)
        for content in (config, *parts):
            self.push_blob(content)
        manifest = documents.manifest(config, parts, **extra)
        answer = self.put_manifest(tag, manifest)
        assert answer.status_code == 201, answer.text
        return str(answer.headers["Docker-Content-Digest"])


@dataclass
class World:
    """A private project, its people and programs (the kinds of tests.keys), and a registry to meet them."""

    registry: Registry
    project: Any
    clients: dict[str, Client] = field(default_factory=dict)

    @classmethod
    def make(cls, registry: Registry, **project: Any) -> World:
        return cls(registry, people.make_project(**project))

    def __getattr__(self, kind: str) -> Client:
        """`world.developer` and so on: made when first asked for."""
        if kind.startswith("_"):
            raise AttributeError(kind)
        if kind not in self.clients:
            self.clients[kind] = self._person(kind)
        return self.clients[kind]

    def _person(self, kind: str) -> Client:
        if kind == "anonymous":
            return Client(self.registry, None, people.ANONYMOUS)
        if kind in keys.KINDS:
            key = keys.KINDS[kind](self.project)
            return Client(self.registry, basic(key.username, key.secret), key.principal)
        user = self._user(kind)
        return Client(self.registry, basic(user.username, PASSWORD), people.principal(user))

    def _user(self, kind: str) -> User:
        if kind.upper() in Role.__members__:
            return people.make_member(self.project, Role[kind.upper()], password=PASSWORD)
        return people.make_user(
            kind, password=PASSWORD, is_admin=kind == "admin", is_auditor=kind == "auditor"
        )

    def name(self, path: str = "") -> str:
        return f"{self.project.name}/{path or 'r' + uuid4().hex[:8]}"

    def repository(self, kind: str = "maintainer", path: str = "") -> Repository:
        """A fresh repository of the project, used by a person of that kind."""
        client: Client = getattr(self, kind)
        return client.repository(self.name(path))


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()

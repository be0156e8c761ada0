"""A small honest /v2 client for tests: fetches tokens as challenged, hides nothing of the answers."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

import httpx2

from tests.e2e.clients import Login
from tests.images import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Content,
    Image,
    Index,
    sha256,
)

MANIFEST_TYPES = f"{OCI_INDEX}, {OCI_MANIFEST}, {DOCKER_LIST}, {DOCKER_MANIFEST}"
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


def basic(who: Login) -> str:
    """The Authorization header of a user name and password."""
    return "Basic " + base64.b64encode(f"{who.username}:{who.password}".encode()).decode()


class Registry:
    """One caller of one registry; safe to share between threads. `who=None` is an anonymous caller."""

    def __init__(self, url: str, who: Login | None = None, *, timeout: float = 60.0) -> None:
        self.url = url
        self.who = who
        limits = httpx2.Limits(max_connections=64, max_keepalive_connections=64)
        self.http = httpx2.Client(base_url=url, timeout=timeout, limits=limits, trust_env=False)
        self._tokens: dict[str, str] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def authorization(self, scope: str = "") -> str:
        """The Authorization header for `scope`: a Bearer token, or Basic where the registry asks for that."""
        with self._lock:
            if scope not in self._tokens:
                self._tokens[scope] = self._fetch(scope)
            return self._tokens[scope]

    def forget_tokens(self) -> None:
        """Fetch anew before the next request: tokens die with the server's keys or the caller's rights."""
        with self._lock:
            self._tokens.clear()

    def _fetch(self, scope: str) -> str:
        challenge = self.http.get("/v2/").headers.get("www-authenticate", "")
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "basic":
            return basic(self.who) if self.who else ""
        fields = dict(CHALLENGE.findall(rest))
        headers = {"Authorization": basic(self.who)} if self.who else {}
        query = {"service": fields["service"]} | ({"scope": scope} if scope else {})
        answer = self.http.get(fields["realm"], params=query, headers=headers)
        answer.raise_for_status()
        return f"Bearer {answer.json()['token']}"

    def request(
        self,
        method: str,
        path: str,
        *,
        scope: str = "",
        content: bytes | Iterable[bytes] = b"",
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """One request with the token of `scope`; any status is returned, none raises."""
        sent = {"Authorization": self.authorization(scope), **(headers or {})}
        return self.http.request(method, path, content=content, headers=sent)

    def push_scope(self, repository: str) -> str:
        """The scope a push of `repository` needs."""
        return f"repository:{repository}:pull,push"

    def start_upload(self, repository: str) -> str:
        """The Location of a new upload session."""
        answer = self.request("POST", f"/v2/{repository}/blobs/uploads/", scope=self.push_scope(repository))
        assert answer.status_code == 202, answer.text
        return answer.headers["location"]

    def push_blob(self, repository: str, data: bytes) -> httpx2.Response:
        """Upload as docker does: POST, PATCH, empty PUT. The answer of the step that failed, or the last."""
        scope = self.push_scope(repository)
        answer = self.request("POST", f"/v2/{repository}/blobs/uploads/", scope=scope)
        if answer.status_code != 202:
            return answer
        answer = self.request("PATCH", answer.headers["location"], scope=scope, content=data)
        if answer.status_code != 202:
            return answer
        separator = "&" if "?" in answer.headers["location"] else "?"
        target = f"{answer.headers['location']}{separator}digest={sha256(data)}"
        return self.request("PUT", target, scope=scope)

    def put_manifest(self, repository: str, reference: str, manifest: Content) -> httpx2.Response:
        """PUT the manifest under a tag or its digest."""
        return self.request(
            "PUT",
            f"/v2/{repository}/manifests/{reference}",
            scope=self.push_scope(repository),
            content=manifest.data,
            headers={"Content-Type": manifest.media_type},
        )

    def push(self, repository: str, tag: str, root: Image | Index) -> None:
        """Push everything below `root`, then its manifest as `tag`; AssertionError at the first refusal."""
        for blob in root.blobs:
            answer = self.push_blob(repository, blob.data)
            assert answer.status_code == 201, answer.text
        for child in root.images if isinstance(root, Index) else ():
            answer = self.put_manifest(repository, child.digest, child.manifest)
            assert answer.status_code == 201, answer.text
        answer = self.put_manifest(repository, tag, root.manifest)
        assert answer.status_code == 201, answer.text

    def get_manifest(self, repository: str, reference: str) -> httpx2.Response:
        """GET a manifest with every type we know in Accept."""
        return self.request(
            "GET",
            f"/v2/{repository}/manifests/{reference}",
            scope=f"repository:{repository}:pull",
            headers={"Accept": MANIFEST_TYPES},
        )

    def get_blob(self, repository: str, digest: str) -> httpx2.Response:
        """GET a whole blob."""
        scope = f"repository:{repository}:pull"
        return self.request("GET", f"/v2/{repository}/blobs/{digest}", scope=scope)

    def pull_whole(self, repository: str, reference: str) -> list[str]:
        """Pull a manifest with all below it; the digests seen. AssertionError if bytes and digest differ."""
        answer = self.get_manifest(repository, reference)
        assert answer.status_code == 200, answer.text
        digest = sha256(answer.content)
        assert answer.headers["docker-content-digest"] == digest
        document = answer.json()
        seen = [digest]
        for child in document.get("manifests", []):
            seen += self.pull_whole(repository, child["digest"])
        for descriptor in [*document.get("layers", []), *filter(None, [document.get("config")])]:
            blob = self.get_blob(repository, descriptor["digest"])
            assert blob.status_code == 200, blob.text
            assert sha256(blob.content) == descriptor["digest"]
            seen.append(descriptor["digest"])
        return seen

"""One upload session as honest and dishonest clients see it."""

from __future__ import annotations

import time

from tests.e2e.conftest import Project
from tests.e2e.registry import Registry
from tests.e2e.server import Wharf
from tests.images import sha256


class Session:
    """An upload session of the developer, driven by hand."""

    def __init__(self, live: Wharf, project: Project, registry: Registry) -> None:
        self.host = live.host
        self.registry = registry
        self.repository = f"{project.name}/wire"
        self.scope = registry.push_scope(self.repository)
        self.path = registry.start_upload(self.repository)

    def headers(self, *extra: str) -> list[str]:
        return [f"Authorization: {self.registry.authorization(self.scope)}", *extra]

    def range(self) -> str:
        """The Range the server reports for the session, or its status when that is not 204."""
        answer = self.registry.request("GET", self.path, scope=self.scope)
        return answer.headers["range"] if answer.status_code == 204 else str(answer.status_code)

    def settled(self, expected: str) -> str:
        """The session's Range once the server noticed that its client is gone (at most ten seconds)."""
        deadline = time.monotonic() + 10
        while (seen := self.range()) != expected and time.monotonic() < deadline:
            time.sleep(0.1)
        return seen

    def append(self, data: bytes, start: int) -> int:
        """Status of an honest PATCH at `start`, repeated while the dead request still holds the session."""
        headers = {"Content-Range": f"{start}-{start + len(data) - 1}"}
        deadline = time.monotonic() + 45
        while True:
            answer = self.registry.request(
                "PATCH", self.path, scope=self.scope, content=data, headers=headers
            )
            if answer.status_code != 416 or time.monotonic() > deadline:
                self.path = answer.headers.get("location", self.path)
                return int(answer.status_code)
            time.sleep(0.25)

    def finish(self, data: bytes) -> int:
        """Status of the closing PUT with the digest of `data`."""
        separator = "&" if "?" in self.path else "?"
        target = f"{self.path}{separator}digest={sha256(data)}"
        return int(self.registry.request("PUT", target, scope=self.scope).status_code)

    def stored(self, data: bytes) -> bool:
        return bool(self.registry.get_blob(self.repository, sha256(data)).content == data)

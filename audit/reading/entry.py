"""One row of the audit log as it is read, whichever table it lies in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.streams import Stream


@dataclass(frozen=True, slots=True)
class Entry:
    """An event, or pulls that are alike. Names are those of the time; `ts` is in UTC; ids are unique over both streams.

    Of pulls: operation "artifact.pull", `resource_name` "library/nginx:1.27" or "library/nginx@sha256:…", and in `detail` n,
    repository, repository_id, tag ("" by digest) and digest. Nothing is known of their auth, token and request.
    """

    stream: Stream
    id: int
    ts: datetime
    actor_kind: str
    actor_id: int
    actor_name: str
    auth: str
    token_id: str
    ip: str | None
    agent: str
    request_id: str
    operation: str
    permission: str
    resource_type: str
    resource_id: str
    resource_name: str
    project_id: int | None
    result: str
    detail: Mapping[str, Any]

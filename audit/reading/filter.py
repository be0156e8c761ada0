"""What somebody looks for in the audit log: one type for commands, REST and pages."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from access.principal import ActorKind
from audit.parts import Result
from audit.streams import Stream
from core.errors import InvalidInput

DEFAULT_SPAN: Final = timedelta(days=7)
"""A search that does not say since when looks so far back: old partitions stay unread."""
BIGGEST: Final = 2**63 - 1
LONGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class Filter:
    """All that is given must hold. Times have a zone: `since` itself is in, `until` is not.

    `actor`: a name, whatever the case. `operations`: names of the catalogue, wildcards resolved (audit.reading.parsing).
    `resource`: how the name begins; `resource_exact`: the whole name. `project_ids`: None for all projects, an empty tuple for
    none. `actor_contains`, `resource_contains`: a part of the name, whatever the case; no index helps to find these, so they
    need a short time. `not_ok`: refused, or failed. Raises InvalidInput for text that no database holds, and ids that none has.
    """

    streams: frozenset[Stream] = frozenset(Stream)
    since: datetime | None = None
    until: datetime | None = None
    actor: str = ""
    actor_contains: str = ""
    actor_kind: ActorKind | None = None
    actor_id: int | None = None
    operations: tuple[str, ...] = ()
    resource_type: str = ""
    resource: str = ""
    resource_exact: str = ""
    resource_contains: str = ""
    project_ids: tuple[int, ...] | None = None
    result: Result | None = None
    not_ok: bool = False
    address: IPv4Network | IPv6Network | None = None
    request_id: str = ""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            for text in value if field.name == "operations" else (value,):
                if isinstance(text, str) and (len(text) > LONGEST or not _is_storable(text)):
                    raise InvalidInput(f"no entry of the audit log has such a {field.name.replace('_', ' ')}")
        if any(not 0 <= id_ <= BIGGEST for id_ in (*(self.project_ids or ()), self.actor_id or 0)):
            raise InvalidInput("an id is a whole number from 0 to 9223372036854775807")
        if any(moment is not None and moment.tzinfo is None for moment in (self.since, self.until)):
            raise InvalidInput("a time to search by names its zone, as in 2026-11-21T18:00Z")


def _is_storable(text: str) -> bool:
    """PostgreSQL refuses NUL and lone surrogates."""
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)

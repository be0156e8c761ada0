"""What is being uploaded to a repository at this moment, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from artifacts.places import Located
from core.oci.digest import Digest
from database import sql

MOST: Final = 20
MOST_NEWS: Final = 3
# A session is touched every ten seconds while bytes arrive. What its client stored shortly before belongs to the same push.
_IS_LIVE: Final = (
    "u.state <> 'done' AND (u.updated_at > now() - interval '1 minute' OR u.lease_until > now())"
)
_NOW: Final = f"""
    WITH live AS MATERIALIZED (
      SELECT u.actor_kind, u.actor_id, u.actor_name, min(u.created_at) - interval '2 minutes' AS since FROM upload u
      WHERE u.repository_id = %(repository)s AND u.expires_at > now() AND {_IS_LIVE}
      GROUP BY u.actor_kind, u.actor_id, u.actor_name ORDER BY max(u.updated_at) DESC LIMIT {MOST}
    )
    SELECT u.actor_name, u.actor_kind, min(u.created_at), max(u.updated_at), count(*) FILTER (WHERE u.state <> 'done'),
      count(*) FILTER (WHERE u.state = 'done'), coalesce(sum(u.received), 0)::bigint
    FROM live JOIN upload u USING (actor_kind, actor_id, actor_name)
    WHERE u.repository_id = %(repository)s AND u.expires_at > now()
      AND (({_IS_LIVE}) OR (u.state = 'done' AND u.updated_at > live.since))
    GROUP BY u.actor_kind, u.actor_id, u.actor_name ORDER BY max(u.updated_at) DESC
"""
_LATEST: Final = """
    SELECT * FROM tag_event WHERE repository_id = %(repository)s ORDER BY at DESC, id DESC LIMIT 20
"""
_NEWS: Final = f"""
    SELECT e.id, e.name, e.new_digest FROM ({_LATEST}) e WHERE e.id > %(since)s
      AND e.new_digest IS NOT NULL AND e.kind <> 'restore' ORDER BY e.id DESC LIMIT {MOST_NEWS}
"""
_LAST: Final = f"SELECT max(id) FROM ({_LATEST}) e"


@dataclass(frozen=True, slots=True)
class Upload:
    """What one actor uploads: `open` blobs are on their way and `stored` ones are in. `received`: bytes that are certain, which
    a client that sends a blob in one piece makes of it at its end."""

    actor: str
    actor_kind: str
    started_at: datetime
    touched_at: datetime
    open: int
    stored: int
    received: int

    @property
    def rate(self) -> int:
        """Bytes a second from the first to the last that is known, 0 where nothing is."""
        seconds = (self.touched_at - self.started_at).total_seconds()
        return round(self.received / seconds) if seconds >= 1 else 0


@dataclass(frozen=True, slots=True)
class News:
    """A tag that was pushed."""

    event: int
    tag: str
    digest: Digest


def uploads(place: Located) -> list[Upload]:
    """The last touched first, for who may push there (one query)."""
    return [Upload(*row) for row in sql.rows(_NOW, {"repository": place.repository_id})]


def news(place: Located, since: int) -> list[News]:
    """The last tags that were pushed after the event `since`, the newest first (one query)."""
    found = sql.rows(_NEWS, {"repository": place.repository_id, "since": since})
    return [News(id_, name, Digest.from_bytes(bytes(raw))) for id_, name, raw in found]


def last_event(place: Located) -> int:
    """The id of the newest event of a tag, 0 for none (one query)."""
    return int(sql.value(_LAST, {"repository": place.repository_id}) or 0)

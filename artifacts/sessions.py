"""Rows of upload sessions: one writer at a time through a lease column, an offset that moves only with whole requests.

Statements here commit without waiting for the disk (`RELAXED`): a lost row costs a restarted upload, never a blob.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from access.principal import Principal
from artifacts import links
from artifacts.repositories import CURRENT, Target
from core.blobstore.base import Session
from core.errors import TooManyRequests, UploadOutOfOrder, UploadUnknown
from core.oci.digest import Digest
from database import sql

LEASE_SECONDS = 30
RENEW_SECONDS = 10
IDLE = "interval '24 hours'"
MAX_SESSIONS = 1000

# Local to the statement's own transaction; a condition, so that it costs no round trip of its own.
RELAXED = "set_config('synchronous_commit', 'off', true) = 'off'"

_MINE = f"""
    u.id = %(id)s AND u.repository_id = r.id AND {CURRENT}
    AND u.actor_kind = %(actor_kind)s AND u.actor_id = %(actor_id)s AND u.expires_at > now()
"""

_CREATE = f"""
    WITH place AS (
        SELECT r.id, coalesce(q.hard_limit >= 0 AND q.used >= q.hard_limit, false) AS is_full
        FROM repository r LEFT JOIN quota q ON q.project_id = r.project_id WHERE {CURRENT}
    ), live AS (
        SELECT count(*) AS n FROM (
            SELECT FROM upload WHERE actor_kind = %(actor_kind)s::text AND actor_id = %(actor_id)s::bigint
            AND updated_at > now() - interval '10 minutes' AND state <> 'done' LIMIT {MAX_SESSIONS}) touched
    ), made AS (
        INSERT INTO upload (id, storage_state, repository_id, actor_kind, actor_id, actor_name, state, digest,
                            lease_owner, lease_until, expires_at)
        SELECT %(id)s::uuid, %(storage_state)s, place.id, %(actor_kind)s::text, %(actor_id)s::bigint, %(actor_name)s,
               CASE WHEN %(digest)s::bytea IS NULL THEN 'open' ELSE 'finalizing' END, %(digest)s::bytea,
               CASE WHEN %(digest)s::bytea IS NULL THEN NULL ELSE %(owner)s::uuid END,
               CASE WHEN %(digest)s::bytea IS NULL THEN NULL ELSE now() + interval '{LEASE_SECONDS} seconds' END,
               now() + {IDLE}
        FROM place, live WHERE NOT place.is_full AND live.n < {MAX_SESSIONS} AND {RELAXED}
        RETURNING id
    )
    SELECT place.id, place.is_full, EXISTS (SELECT FROM made) FROM place
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write to a session until the lease ends. `received` bytes are acknowledged, `prefix` is their sha256."""

    session: Session
    owner: UUID
    repository_id: int
    received: int
    prefix: Digest | None
    digest: Digest | None = None  # named by a finishing request: a file of that name may be published already
    claimed_at: float = field(default_factory=time.monotonic)

    @property
    def is_fresh(self) -> bool:
        """Whether the lease is ours for certain: nobody else may have claimed the session yet."""
        return time.monotonic() - self.claimed_at < LEASE_SECONDS - RENEW_SECONDS


@dataclass(frozen=True, slots=True)
class Finished:
    """A session that already ended with this digest: a repeated PUT is answered as the first one was."""

    digest: Digest


def identity(actor: Principal, target: Target, upload_id: UUID) -> dict[str, object]:
    """Parameters that find the session only for its own actor in its own repository."""
    return target.key | {"id": upload_id, "actor_kind": str(actor.kind), "actor_id": actor.id}


def create(actor: Principal, target: Target, session: Session, digest: Digest | None = None) -> Claim | None:
    """A new session; one that names its digest at once is born `finalizing` with its lease taken. None: no such repository.

    Raises TooManyRequests when the actor has MAX_SESSIONS sessions touched within ten minutes, QuotaExceeded when the project's
    quota is used up already.
    """
    owner = uuid4()
    params = identity(actor, target, session.upload_id) | {
        "storage_state": session.state,
        "actor_name": actor.name,
        "digest": digest.raw if digest else None,
        "owner": owner,
    }
    found = sql.row(_CREATE, params)
    if found is None:
        return None
    repository_id, is_full, made = found
    if is_full:
        raise links.exceeded(target.project.id, 1)
    if not made:
        raise TooManyRequests(f"{MAX_SESSIONS} uploads are open: finish or cancel some first", retry_after=60)
    return Claim(session, owner, repository_id, 0, None, digest)


def claim(
    actor: Principal, target: Target, upload_id: UUID, *, start: int | None, digest: Digest | None = None
) -> Claim | Finished:
    """Take the session's lease, at offset `start` if given; a `digest` makes it `finalizing` in the same statement.

    Raises UploadUnknown (foreign, expired, ended otherwise), UploadOutOfOrder (wrong offset, or another request writes).
    """
    owner = uuid4()
    params = identity(actor, target, upload_id) | {
        "owner": owner,
        "start": start,
        "digest": digest.raw if digest else None,
    }
    found = sql.row(
        f"""
        UPDATE upload u SET lease_owner = %(owner)s, lease_until = now() + interval '{LEASE_SECONDS} seconds',
          updated_at = now(), state = CASE WHEN %(digest)s::bytea IS NULL THEN u.state ELSE 'finalizing' END,
          digest = coalesce(%(digest)s::bytea, u.digest)
        FROM repository r
        WHERE {_MINE} AND u.state <> 'done' AND (u.lease_until IS NULL OR u.lease_until < now())
          AND (u.digest = %(digest)s::bytea OR u.digest IS NULL OR %(digest)s::bytea IS NULL)
          AND (%(start)s::bigint IS NULL OR u.received = %(start)s::bigint) AND {RELAXED}
        RETURNING u.repository_id, u.received, u.prefix_sha256, u.storage_state, u.digest
        """,
        params,
    )
    if found is None:
        return _refuse(params, digest)
    repository_id, received, prefix, state, named = found
    return Claim(Session(upload_id, state), owner, repository_id, received, _digest(prefix), _digest(named))


def _digest(raw: bytes | memoryview | None) -> Digest | None:
    return None if raw is None else Digest.from_bytes(bytes(raw))


def _refuse(params: dict[str, object], digest: Digest | None) -> Finished:
    found = sql.row(
        f"SELECT u.received, u.state, u.digest, u.lease_until > now() FROM upload u, repository r WHERE {_MINE}",
        params,
    )
    if found is None:
        raise unknown()
    received, state, finished, busy = found
    if state == "done":
        if digest is not None and _digest(finished) == digest:
            return Finished(digest)
        raise unknown()
    if busy:
        raise UploadOutOfOrder("another request is writing to this upload", offset=received)
    if digest is not None and finished is not None and _digest(finished) != digest:
        raise unknown()
    raise UploadOutOfOrder(f"the upload continues at byte {received}", offset=received)


def unknown() -> UploadUnknown:
    """The one answer for a session that is unknown, foreign, expired or ended: it tells nobody which."""
    return UploadUnknown("the upload is unknown or has expired: start a new one")


def received(actor: Principal, target: Target, upload_id: UUID) -> int:
    """Acknowledged bytes of a session. Raises UploadUnknown."""
    found = sql.value(
        f"SELECT u.received FROM upload u, repository r WHERE {_MINE} AND u.state <> 'done'",
        identity(actor, target, upload_id),
    )
    if found is None:
        raise unknown()
    return int(found)


def renew(held: Claim) -> None:
    """Keep the lease while bytes arrive. Raises UploadUnknown when the session was cancelled or has moved on meanwhile."""
    _guarded(f"lease_until = now() + interval '{LEASE_SECONDS} seconds', updated_at = now()", held)


def advance(held: Claim, received: int, prefix: Digest | None) -> None:
    """Acknowledge `received` bytes, whose sha256 is `prefix` if known, and give the lease back. Raises UploadUnknown."""
    _guarded(
        f"received = %(received)s::bigint, prefix_sha256 = %(prefix)s::bytea, lease_until = NULL, state = 'open',"
        " digest = NULL,"
        f" updated_at = now(), expires_at = now() + {IDLE}",
        held,
        received=received,
        prefix=prefix.raw if prefix else None,
        keep=None,
    )


def release(held: Claim) -> None:
    """Give the lease back with the offset unchanged: the request failed, the session survives."""
    _guarded("lease_until = NULL, state = 'open', digest = NULL", held, keep=None)


def abandon(held: Claim) -> None:
    """Give the lease back but keep `finalizing` and the digest: whether the blob was committed is not known."""
    _guarded("lease_until = NULL", held, keep=None)


def name_digest(held: Claim, digest: Digest) -> None:
    """Before publication: the row now tells a reaper the names of both files. Raises UploadUnknown."""
    _guarded(
        f"state = 'finalizing', digest = %(digest)s::bytea, lease_until = now() + interval '{LEASE_SECONDS} seconds'",
        held,
        digest=digest.raw,
    )


def forget(held: Claim) -> bool:
    """Remove the row of a session that did not end well; False when it was gone, done or another request's."""
    statement = f"""
        DELETE FROM upload WHERE id = %s AND state <> 'done' AND (lease_owner = %s OR lease_owner IS NULL) AND {RELAXED}
        """
    return bool(sql.execute(statement, [held.session.upload_id, held.owner]))


def _guarded(assignments: str, held: Claim, **params: object) -> None:
    """Write to the session if it is still ours.

    A lease that another request took and gave back is ours again: nothing was acknowledged meanwhile (`received` is unchanged)
    and the blob store lets one writer at a time touch the bytes.
    """
    still_ours = sql.execute(
        f"""
        UPDATE upload SET {assignments}, lease_owner = %(keep)s::uuid
        WHERE id = %(id)s AND (lease_owner = %(owner)s::uuid OR lease_owner IS NULL)
          AND received = %(start)s::bigint AND state <> 'done' AND {RELAXED}
        """,
        {"keep": held.owner, "id": held.session.upload_id, "owner": held.owner, "start": held.received}
        | params,
    )
    if not still_ours:
        raise unknown()

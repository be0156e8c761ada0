"""Sessions of browsers: begun by a proof, found by the cookie, ended by whoever may. Times and limits are the database's.

The cookie holds 256 random bits; the row has their SHA-256, so that whoever reads the table opens nothing, not even what a
session keeps sealed. A moved `auth_epoch` or a disabled account ends all sessions of a user without touching their rows.
Source: OWASP, Session Management Cheat Sheet.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from access.check import require
from access.principal import ActorKind, AuthMethod, Origin, Principal
from access.table import P
from accounts.models import User
from audit import sign_ins
from audit.actions import action
from config import current
from config.catalogue.sign_in import SESSION_LIFETIME, SESSION_TIMEOUT
from core.errors import NotFound, Unauthenticated
from core.sealing import SealBroken, Sealer
from database import sql
from database.transactions import retried

KEY_BYTES: Final = 32
PER_PERSON: Final = 50
CONFIRMED_MINUTES: Final = 15

_KEY = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
# Whether a row `session` of a user `person` is one still; `hours` and `minutes` are the limits in force.
_LIVE = """person.is_active AND person.auth_epoch = session.epoch AND session.expires_at > now()
  AND session.created_at > now() - make_interval(hours => %(hours)s)
  AND session.seen_at > now() - make_interval(mins => %(minutes)s)"""
# Nothing for whoever has lost a right since he proved himself.
_START = """
    INSERT INTO web_session (key_digest, user_id, epoch, auth, ip, agent, sealed, expires_at)
    SELECT %(digest)s::bytea, id, auth_epoch, %(auth)s::text, %(ip)s::inet, %(agent)s::text, %(sealed)s::text,
      now() + make_interval(hours => %(hours)s)
    FROM account_user WHERE id = %(user)s AND is_active AND auth_epoch = %(epoch)s
"""
_TRIM = """
    DELETE FROM web_session WHERE id IN (
      SELECT id FROM web_session WHERE user_id = %s ORDER BY seen_at DESC, id DESC OFFSET %s)
"""
_FIND = f"""
    SELECT session.id, session.auth, session.sealed, person.id, person.username, person.is_admin, person.is_auditor,
      person.auth_epoch, session.confirmed_at > now() - make_interval(mins => {CONFIRMED_MINUTES}),
      session.seen_at < now() - interval '1 minute', person.preferences::text
    FROM web_session session JOIN account_user person ON person.id = session.user_id
    WHERE session.key_digest = %(digest)s::bytea AND {_LIVE}
"""
# Two requests at once write it once.
_SEEN = (
    "UPDATE web_session SET seen_at = now() WHERE id = %s AND seen_at < now() - interval '1 minute' "
    "AND key_digest = %s::bytea"
)
_CONFIRM = """
    UPDATE web_session SET key_digest = %(new)s::bytea, sealed = %(sealed)s, confirmed_at = now(), seen_at = now()
    WHERE id = %(id)s AND key_digest = %(old)s::bytea
"""
_LIST = f"""
    SELECT session.id, session.auth, host(session.ip), session.agent, session.created_at, session.seen_at
    FROM web_session session JOIN account_user person ON person.id = session.user_id
    WHERE person.id = %(user)s AND {_LIVE} ORDER BY session.seen_at DESC, session.id DESC
"""
_END = "DELETE FROM web_session WHERE id = %s AND user_id = %s"
_END_OTHERS = "DELETE FROM web_session WHERE user_id = %s AND id <> %s"
_CARRY_ON = "UPDATE web_session SET epoch = %s WHERE id = %s AND user_id = %s"
_FORGET = f"""
    DELETE FROM web_session WHERE id IN (
      SELECT session.id FROM web_session session JOIN account_user person ON person.id = session.user_id
      WHERE NOT ({_LIVE}) FOR UPDATE OF session SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class Session:
    """One that lives. `auth`: how its user signed in; the principal's own method is SESSION. `key` is the cookie's value.

    `preferences`: as the account has them (accounts.preferences.stored).
    """

    id: int
    principal: Principal
    auth: AuthMethod
    key: str = field(repr=False)
    sealed: str = field(repr=False, default="")
    preferences: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listed:
    """A session as its owner sees it. `ip` and `agent` are those it began with."""

    id: int
    auth: AuthMethod
    ip: str | None
    agent: str
    created_at: datetime
    seen_at: datetime


@retried
def start(user: User | Principal, auth: AuthMethod, origin: Origin, sealed: str = "") -> str:
    """Begin a session of somebody who has just proved himself by `auth`; the key for his cookie, which is stored nowhere.

    `sealed`: what only this session may know; it opens with the key alone. Beyond 50 sessions the one unused for longest goes.
    Raises Unauthenticated where he lost a right since the proof.
    """
    key = secrets.token_urlsafe(KEY_BYTES)
    facts = {
        "digest": _digest(key),
        "user": user.id,
        "epoch": user.epoch if isinstance(user, Principal) else user.auth_epoch,
        "auth": str(auth),
        "ip": origin.ip,
        "agent": origin.agent.replace("\0", ""),
        "sealed": _sealed(key, user.id, sealed),
        "hours": current.get(SESSION_LIFETIME),
    }
    name = user.name if isinstance(user, Principal) else user.username
    with transaction.atomic():
        if not sql.execute(_START, facts):
            raise Unauthenticated("your rights have changed this very moment: sign in again")
        sql.execute(_TRIM, (user.id, PER_PERSON))
        sign_ins.record(Principal(ActorKind.USER, user.id, name, auth=auth, origin=origin), auth)
    return key


def find(key: str, origin: Origin) -> Session | None:
    """The living session of that key, as seen from `origin`. One query, and one more a minute to note the use."""
    if not _KEY.fullmatch(key):
        return None
    digest = _digest(key)
    found = sql.row(_FIND, {"digest": digest, **_limits()})
    if found is None:
        return None
    id_, auth, sealed, user_id, name, is_admin, is_auditor, epoch, confirmed, is_unseen, preferences = found
    if is_unseen:
        sql.execute(_SEEN, (id_, digest))
    principal = Principal(
        ActorKind.USER,
        user_id,
        name,
        is_admin=is_admin,
        is_auditor=is_auditor,
        auth=AuthMethod.SESSION,
        origin=origin,
        epoch=epoch,
        confirmed=confirmed,
    )
    return Session(id_, principal, AuthMethod(auth), key, sealed, json.loads(preferences))


def opened(session: Session) -> str:
    """What was sealed into the session, "" for nothing."""
    if not session.sealed:
        return ""
    try:
        return _sealer(session.key).unseal(_context(session.principal.id), session.sealed).decode()
    except SealBroken:  # a row somebody has changed
        return ""


@retried
def confirm(session: Session, proven_id: int, sealed: str | None = None) -> str:
    """The user with the id `proven_id` has proved himself again; the session's new key, the old one opens nothing any more.

    `sealed`: what it knows from now on, None for what it knew. Raises Unauthenticated for another user, and where it has ended.
    """
    user = session.principal
    if proven_id != user.id:
        raise Unauthenticated(f"this browser is signed in as {user.name}: prove that it is you, or sign out")
    key = secrets.token_urlsafe(KEY_BYTES)
    kept = opened(session) if sealed is None else sealed
    facts = {"id": session.id, "old": _digest(session.key), "new": _digest(key)}
    with transaction.atomic():
        if not sql.execute(_CONFIRM, {**facts, "sealed": _sealed(key, user.id, kept)}):
            raise Unauthenticated("the session has ended: sign in again")
        sign_ins.record(user, session.auth, confirmed=True)
    return key


@retried
def end(session: Session) -> None:
    """Its own user signs out."""
    user = session.principal
    with action(user, P.SESSION_DELETE, name="user.sign-out", owner=user.id) as draft:
        draft.resource("user", user.id, user.name)
        draft.before({"session": session.id})
        if not sql.execute(_END, (session.id, user.id)):
            draft.discard()


@retried
def end_one(actor: Principal, user: User, session_id: int) -> None:
    """End one session of the user. Raises NotFound, Denied."""
    with action(actor, P.SESSION_DELETE, name="session.revoke", owner=user.pk) as draft:
        draft.resource("user", user.pk, user.username)
        draft.before({"session": session_id})
        if not sql.execute(_END, (session_id, user.pk)):
            raise NotFound(f"'{user.username}' has no session {session_id}: it may have ended by itself")


@retried
def end_all(actor: Principal, user: User, but: int = 0) -> int:
    """End all sessions of the user except the one with the id `but`; how many there were. Raises Denied."""
    with action(actor, P.SESSION_DELETE, name="session.revoke", owner=user.pk) as draft:
        draft.resource("user", user.pk, user.username)
        ended = sql.execute(_END_OTHERS, (user.pk, but))
        draft.before({"sessions": ended})
        if not ended:
            draft.discard()
    return ended


def sessions_of(actor: Principal, user: User) -> list[Listed]:
    """The living sessions of the user, the one used last first. Raises Denied."""
    require(actor, P.SESSION_LIST, None, owner=user.pk)
    found = sql.rows(_LIST, {"user": user.pk, **_limits()})
    return [Listed(id_, AuthMethod(auth), *rest) for id_, auth, *rest in found]


def keep_only(user_id: int, session_id: int, epoch: int) -> None:
    """All sessions of the user end but that one (0: none stays), which goes on under his new epoch. In the caller's act."""
    sql.execute(_END_OTHERS, (user_id, session_id))
    sql.execute(_CARRY_ON, (epoch, session_id, user_id))


def forget_ended() -> int:
    """Remove the rows of sessions that are over; how many."""
    return sql.execute(_FORGET, _limits())


def _limits() -> dict[str, int]:
    return {"hours": current.get(SESSION_LIFETIME), "minutes": current.get(SESSION_TIMEOUT)}


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _sealed(key: str, user_id: int, text: str) -> str:
    return _sealer(key).seal(_context(user_id), text) if text else ""


def _sealer(key: str) -> Sealer:
    # Not under the installation's secret: that would open it for whoever has both, and outlives the session.
    return Sealer((key,))


def _context(user_id: int) -> str:
    return f"web_session:sealed:{user_id}"

"""Registry tokens: what the token service signs and every /v2 request proves itself with.

JWT (RFC 7519) by ES256 with the claims of the distribution token specification, and a private claim `wharf` that ties the
token to its principal's and its projects' epochs.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jwt
from jwt.types import Options

from access.principal import ActorKind, AuthMethod
from accounts import signing_keys
from config import current
from config.catalogue.tokens import TOKEN_EXPIRATION
from core.errors import Unauthenticated

ALGORITHM: Final = "ES256"
ISSUER: Final = "wharf"
SERVICE: Final = "wharf-registry"
LEEWAY_SECONDS: Final = 60
# Headers of 8 KiB must hold the token; what does not fit is left out and earns an insufficient_scope of its own later.
MAX_TOKEN_BYTES: Final = 6000
REMEMBERED: Final = 10_000

_REFUSED_HEADERS = frozenset({"jwk", "jku", "x5u", "x5c", "crit"})
_REQUIRED = ["exp", "nbf", "iat", "iss", "aud", "sub", "jti", "access"]
_OPTIONS: Options = {"require": _REQUIRED, "strict_aud": True}

Epoch = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a token speaks for. `epoch` is the principal's when it was issued; 0 for the anonymous.

    `key_id`: the access token a user got it by, 0 for none. The token ends with that. `via`: how he proved himself.
    """

    kind: ActorKind
    id: int
    name: str
    epoch: int
    key_id: int = 0
    via: AuthMethod = AuthMethod.NONE


@dataclass(frozen=True, slots=True)
class Grant:
    """An entry of the `access` claim."""

    type: str
    name: str
    actions: tuple[str, ...]

    def as_claim(self) -> dict[str, Any]:
        """The entry in JSON shape."""
        return {"type": self.type, "name": self.name, "actions": list(self.actions)}


@dataclass(frozen=True, slots=True)
class Issued:
    """A signed token; `issued_at` in seconds since the epoch (UTC)."""

    token: str
    issued_at: int
    expires_in: int
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Claims:
    """A verified token. `projects` maps project names to (id, epoch) as they were when it was issued."""

    bearer: Bearer
    token_id: str
    expires_at: float
    repositories: Mapping[str, frozenset[str]]
    may_list_catalog: bool
    projects: Mapping[str, Epoch] = field(default_factory=dict)
    key_id: str = ""  # a retired key ends its tokens at once, remembered ones too
    issued_at: float = 0.0


def issue(bearer: Bearer, grants: Iterable[Grant], projects: Mapping[str, Epoch]) -> Issued:
    """Sign a token for `grants`, in the order asked, as many as fit into a header."""
    keys = signing_keys.keyset()
    subject = bearer.name if bearer.kind is not ActorKind.ANONYMOUS else ""
    kept = _fitting(grants, projects, subject)
    now, lifetime = int(time.time()), lifetime_seconds()
    claims = {
        "iss": ISSUER,
        "sub": subject,
        "aud": SERVICE,
        "exp": now + lifetime,
        "nbf": now - 1,
        "iat": now,
        "jti": str(uuid.uuid4()),
        "access": [grant.as_claim() for grant in kept],
        "wharf": {
            "kind": str(bearer.kind),
            "id": bearer.id,
            "epoch": bearer.epoch,
            "key": bearer.key_id,
            "via": str(bearer.via),
            "projects": {name: list(projects[name]) for name in _project_names(kept) if name in projects},
        },
    }
    token = jwt.encode(claims, keys.private, algorithm=ALGORITHM, headers={"kid": keys.kid})
    return Issued(token, now, lifetime, tuple(kept))


def lifetime_seconds() -> int:
    """How long a token issued now is valid."""
    return current.get(TOKEN_EXPIRATION) * 60


def _project_names(grants: Iterable[Grant]) -> list[str]:
    names = (grant.name.partition("/")[0] for grant in grants if grant.type == "repository" and grant.actions)
    return list(dict.fromkeys(names))


def _fitting(grants: Iterable[Grant], projects: Mapping[str, Epoch], subject: str) -> list[Grant]:
    """Base64 makes 4 characters of 3 bytes; 600 bytes cover header, signature and the fixed claims.

    JSON writes a character of the subject in up to 12.
    """
    room = (MAX_TOKEN_BYTES - 600) * 3 // 4 - len(json.dumps(subject))
    kept: list[Grant] = []
    for grant in grants:
        name = grant.name.partition("/")[0]
        room -= len(json.dumps(grant.as_claim())) + 1 + (len(name) + 50 if name in projects else 0)
        if room < 0:
            break
        kept.append(grant)
    return kept


class _Remembered:
    """Tokens verified once by this process, until they expire; bounded, oldest out first."""

    def __init__(self) -> None:
        self._claims: OrderedDict[str, Claims] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, token: str) -> Claims | None:
        claims = self._claims.get(token)
        return claims if claims is not None and claims.expires_at > time.time() else None

    def put(self, token: str, claims: Claims) -> None:
        with self._lock:
            self._claims[token] = claims
            while len(self._claims) > REMEMBERED:
                self._claims.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._claims.clear()


remembered = _Remembered()


def verify(token: str) -> Claims:
    """Check signature, times, audience and shape. Epochs are the caller's to compare. Raises Unauthenticated."""
    known = remembered.get(token)
    kid = _key_id(token) if known is None else known.key_id
    key = signing_keys.keyset(wanted=kid).public.get(kid)
    if key is None:
        raise Unauthenticated("the token is signed by an unknown key")
    if known is not None:
        return known
    try:
        payload = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=SERVICE,
            issuer=ISSUER,
            leeway=LEEWAY_SECONDS,
            options=_OPTIONS,
        )
        claims = _claims(payload, kid)
    except (jwt.PyJWTError, AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise Unauthenticated("the token is invalid or has expired") from error
    remembered.put(token, claims)
    return claims


def _key_id(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError) as error:
        raise Unauthenticated("the token is malformed") from error
    kid = header.get("kid")
    if header.get("alg") != ALGORITHM or not isinstance(kid, str) or not _REFUSED_HEADERS.isdisjoint(header):
        raise Unauthenticated("the token is not one of this registry's")
    return kid


def _claims(payload: dict[str, Any], key_id: str) -> Claims:
    private = payload["wharf"]
    bearer = Bearer(
        ActorKind(private["kind"]),
        _whole(private["id"]),
        str(payload["sub"]),
        _whole(private["epoch"]),
        _whole(private.get("key", 0)),  # not in a token of the release before
        _method(private.get("via")),
    )
    entries = [Grant(entry["type"], entry["name"], tuple(entry["actions"])) for entry in payload["access"]]
    return Claims(
        bearer=bearer,
        token_id=str(payload["jti"]),
        expires_at=float(payload["exp"]) + LEEWAY_SECONDS,
        repositories={
            entry.name: frozenset(entry.actions) for entry in entries if entry.type == "repository"
        },
        may_list_catalog=any(
            entry.type == "registry" and entry.name == "catalog" and "*" in entry.actions for entry in entries
        ),
        projects={name: (_whole(pair[0]), _whole(pair[1])) for name, pair in private["projects"].items()},
        key_id=key_id,
        issued_at=float(payload["iat"]),
    )


def _whole(told: object) -> int:
    """A number the database can be asked for. Raises ValueError."""
    if not isinstance(told, int) or not 0 <= told < 2**63:
        raise ValueError("a claim is no number that a row could have")
    return told


def _method(told: object) -> AuthMethod:
    """NONE also for a token of another release, which tells of none or of one unknown here."""
    return next((each for each in AuthMethod if each == told), AuthMethod.NONE)

"""The key pairs registry tokens are signed with: rows sealed with the installation's secret, so that every replica has them.

A new key signs at once and an old one verifies until the last token it signed has run out, so rotation refuses nobody.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections import deque
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from access.principal import Principal
from access.table import P
from accounts.models import SigningKey
from audit.actions import action
from config.catalogue.tokens import LONGEST_TOKEN_MINUTES
from core.sealing import Sealer
from database import sql

CURVE = ec.SECP256R1
REFRESH_SECONDS = 30
# A key that another process has made a moment ago must be found at once; one that somebody made up costs little.
UNKNOWN_KEY_LOADS = 10
UNKNOWN_KEY_SECONDS = 1.0
COORDINATE_BYTES = 32
# After its last token has run out a retired key proves nothing; a verifier's clock may be a minute off.
CLOCKS_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Keyset:
    """The key that signs and all that verify, by RFC 7638 thumbprint."""

    kid: str
    private: ec.EllipticCurvePrivateKey
    public: dict[str, ec.EllipticCurvePublicKey]
    loaded_at: float


_lock = threading.Lock()
_loaded: Keyset | None = None
_looked_for_unknown: deque[float] = deque(maxlen=UNKNOWN_KEY_LOADS)


def keyset(*, wanted: str | None = None) -> Keyset:
    """The current keys, read again every 30 s, and when a token names a key not among them: ten times a second at most."""
    global _loaded
    known = _loaded
    if known is None or _is_old(known) or _lacks(known, wanted):
        with _lock:
            if _loaded is None or _is_old(_loaded) or (_lacks(_loaded, wanted) and _may_look()):
                _loaded = _load()
            known = _loaded
    return known


def _is_old(known: Keyset) -> bool:
    return time.monotonic() - known.loaded_at > REFRESH_SECONDS


def _lacks(known: Keyset, wanted: str | None) -> bool:
    return wanted is not None and wanted not in known.public


def _may_look() -> bool:
    """Whether to look for an unknown key now; noted if so. Called with the lock held."""
    now = time.monotonic()
    if len(_looked_for_unknown) == UNKNOWN_KEY_LOADS and now - _looked_for_unknown[0] < UNKNOWN_KEY_SECONDS:
        return False
    _looked_for_unknown.append(now)
    return True


def is_current(kid: str) -> bool:
    """Whether the key verifies, from memory alone: False also when the keys would have to be read again."""
    known = _loaded
    return known is not None and not _is_old(known) and kid in known.public


def forget() -> None:
    """Read the keys again at the next use (after a rotation in this process)."""
    global _loaded
    _loaded = None


def _load() -> Keyset:
    still_verifies = Q(retired_at__isnull=True) | Q(retired_at__gt=Now())
    rows = list(SigningKey.objects.filter(still_verifies).order_by("-activated_at", "kid"))
    if not any(row.retired_at is None for row in rows):
        return _first()
    private = {row.kid: _open(row) for row in rows}
    signing = next(row.kid for row in rows if row.retired_at is None)
    public = {kid: key.public_key() for kid, key in private.items()}
    return Keyset(signing, private[signing], public, time.monotonic())


def _first() -> Keyset:
    """The first process that needs a key makes it; others wait for it."""
    with transaction.atomic():
        sql.value("SELECT pg_advisory_xact_lock(hashtext('wharf.signing_key'))")
        if not SigningKey.objects.filter(retired_at__isnull=True).exists():
            _create()
    return _load()


def rotate(actor: Principal) -> str:
    """Sign with a fresh key from now on; the thumbprint of that key. Raises Denied.

    The old one verifies as long as any token may live: the setting may have been lowered since its last ones were issued.
    """
    with action(actor, P.CONFIGURATION_UPDATE, name="signing-key.rotate") as draft:
        retired = sql.rows(
            "UPDATE signing_key SET retired_at = now() + make_interval(secs => %s::integer) WHERE retired_at IS NULL "
            "RETURNING kid",
            [LONGEST_TOKEN_MINUTES * 60 + CLOCKS_SECONDS],
        )
        kid = _create()
        draft.resource("signing-key", kid, kid)
        draft.before({"signs": [former for (former,) in retired]})
        draft.after({"signs": [kid]})
    forget()
    return kid


def _create() -> str:
    private = ec.generate_private_key(CURVE())
    jwk = _jwk(private.public_key())
    kid = thumbprint(jwk)
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    SigningKey.objects.create(
        kid=kid,
        private_key=_sealer().seal(_context(kid), der),
        public_jwk=jwk | {"kid": kid},
        activated_at=Now(),
    )
    return kid


def jwks() -> list[dict[str, str]]:
    """Public keys for verifiers other than this registry (RFC 7517)."""
    return [_jwk(key) | {"kid": kid, "use": "sig", "alg": "ES256"} for kid, key in keyset().public.items()]


def thumbprint(jwk: dict[str, str]) -> str:
    """RFC 7638: base64url SHA-256 of the required members in order."""
    canonical = json.dumps(
        {name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"), sort_keys=True
    )
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def _jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    x, y = (_base64url(value.to_bytes(COORDINATE_BYTES, "big")) for value in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _open(row: SigningKey) -> ec.EllipticCurvePrivateKey:
    key = load_der_private_key(_sealer().unseal(_context(row.kid), row.private_key), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"signing key {row.kid} is not an elliptic curve key")
    return key


def _sealer() -> Sealer:
    return Sealer([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])


def _context(kid: str) -> str:
    return f"signing_key:private_key:{kid}"

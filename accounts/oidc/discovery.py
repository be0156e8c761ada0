"""Where a provider is asked what: its discovery document, checked, and remembered for a while.

Source: OpenID Connect Discovery 1.0 §3 and §4, RFC 8414, RFC 9207 §3.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from authlib.oidc.discovery import get_well_known_url

from accounts.oidc import asking
from accounts.oidc.settings import ProviderSettings
from core.errors import ProviderUnavailable
from core.oci.quoting import quoted

FRESH_SECONDS: Final = 3600.0
# A document that was good may serve while the provider cannot be asked anew.
KEPT_SECONDS: Final = 24 * 3600.0
# A provider that failed is not asked again by everybody at once.
FAILED_SECONDS: Final = 3.0
ASYMMETRIC: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """A provider's own word about itself. "" for an endpoint it does not have.

    `algorithms`: those we take of the ones it signs ID tokens with. `names_issuer`: its answers name it (RFC 9207).
    """

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str = ""
    end_session: str = ""
    algorithms: frozenset[str] = frozenset({"RS256"})
    client_methods: frozenset[str] = frozenset({"client_secret_basic"})
    names_issuer: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    endpoints: Endpoints
    read_at: float


_Place = tuple[str, bool]

_lock = threading.Lock()
_known: dict[_Place, _Known] = {}
_failed: dict[_Place, tuple[float, ProviderUnavailable]] = {}


def endpoints(settings: ProviderSettings) -> Endpoints:
    """As remembered, else as asked for now. Raises ProviderUnavailable."""
    place = (settings.issuer, settings.certificates_checked)
    now = time.monotonic()
    known = _known.get(place)
    if known is not None and now - known.read_at < FRESH_SECONDS:
        return known.endpoints
    failed = _failed.get(place)
    if failed is None or now - failed[0] > FAILED_SECONDS:
        # One asks; who comes meanwhile waits a little, and finds what it has found.
        with asking.one_asks(_lock):
            if _known.get(place) is known and _failed.get(place) is failed:
                _read_again(settings, place)
        known, failed = _known.get(place), _failed.get(place)
    if known is not None and now - known.read_at < KEPT_SECONDS:
        return known.endpoints
    assert failed is not None, "what could not be read has failed"
    raise ProviderUnavailable(failed[1].reason, hint=failed[1].hint)


def doubt(settings: ProviderSettings) -> None:
    """What is remembered led nowhere: ask anew the next time."""
    _known.pop((settings.issuer, settings.certificates_checked), None)


def forget() -> None:
    """For tests, whose providers change their minds."""
    _known.clear()
    _failed.clear()


def read(settings: ProviderSettings) -> Endpoints:
    """As asked for now. Raises ProviderUnavailable."""
    url = get_well_known_url(settings.issuer, external=True)
    reply = asking.get(url, certificates_checked=settings.certificates_checked)
    reply.require_success("its discovery document")
    return parse(settings, reply.members)


def parse(settings: ProviderSettings, document: Mapping[str, Any]) -> Endpoints:
    """Raises ProviderUnavailable for a document of another issuer, and for one that lacks what signing in takes."""
    issuer = document.get("issuer")
    if issuer != settings.issuer:
        raise ProviderUnavailable(
            f"the discovery document is that of another issuer: {quoted(str(issuer))}, not {quoted(settings.issuer)}",
            hint="set oidc_endpoint to exactly the provider's issuer, also with or without the slash at the end",
        )
    algorithms = _texts(document, "id_token_signing_alg_values_supported") or {"RS256"}
    if not algorithms & ASYMMETRIC:
        raise ProviderUnavailable(
            "the provider signs ID tokens with none of the algorithms taken here",
            hint="let it sign with RS256 or ES256",
        )
    return Endpoints(
        issuer=settings.issuer,
        authorization=_endpoint(settings, document, "authorization_endpoint", required=True),
        token=_endpoint(settings, document, "token_endpoint", required=True),
        keys=_endpoint(settings, document, "jwks_uri", required=True),
        userinfo=_endpoint(settings, document, "userinfo_endpoint"),
        end_session=_endpoint(settings, document, "end_session_endpoint"),
        algorithms=frozenset(algorithms & ASYMMETRIC),
        client_methods=frozenset(
            _texts(document, "token_endpoint_auth_methods_supported") or {"client_secret_basic"}
        ),
        names_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _read_again(settings: ProviderSettings, place: _Place) -> None:
    try:
        _known[place] = _Known(read(settings), time.monotonic())
        _failed.pop(place, None)
    except ProviderUnavailable as error:
        log.warning("the OpenID provider's discovery document cannot be read", reason=error.told)
        _failed[place] = (time.monotonic(), error)


def _texts(document: Mapping[str, Any], member: str) -> set[str]:
    found = document.get(member)
    return {each for each in found if isinstance(each, str)} if isinstance(found, list) else set()


def _endpoint(
    settings: ProviderSettings, document: Mapping[str, Any], member: str, *, required: bool = False
) -> str:
    url = document.get(member, "")
    if not isinstance(url, str) or (required and not url):
        raise ProviderUnavailable(f"the discovery document names no {member}", hint="check oidc_endpoint")
    if url and not _is_safe(url, is_local=settings.is_local):
        raise ProviderUnavailable(
            f"the discovery document's {member} is no https:// address",
            hint="let the provider know its own address (behind a proxy: forwarded headers)",
        )
    return url


def _is_safe(url: str, *, is_local: bool) -> bool:
    """https; or http on this machine, for a provider on this machine. Nothing that ends a header or hides a host."""
    if not url.isascii() or not url.isprintable() or {" ", "\\", '"', "<", ">", "#"} & set(url):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.username is not None:
        return False
    return parts.scheme == "https" or (is_local and parts.scheme == "http" and host in _LOCAL)

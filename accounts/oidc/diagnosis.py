"""What an administrator is told when a provider is tried: one step after the other, up to the first that fails.

Nothing remembered is used: an administrator who tries wants to know how it is now.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from authlib.oidc.discovery import get_well_known_url
from django.conf import settings as django_settings

from accounts.oidc import asking, discovery, exchange, keys
from accounts.oidc.attempts import CALLBACK
from accounts.oidc.discovery import Endpoints
from accounts.oidc.id_token import LEEWAY_SECONDS
from accounts.oidc.logout import BACK
from accounts.oidc.settings import ProviderSettings
from core.errors import ProviderUnavailable

SKEW_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Step:
    """`detail`: what was found or what went wrong. `hint`: what to do about it."""

    name: str
    ok: bool
    milliseconds: int
    detail: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What one step found; as Step."""

    detail: str
    hint: str = ""
    ok: bool = True


def diagnose(settings: ProviderSettings) -> list[Step]:
    """Discovery, keys, clocks, the client, and what is to be registered. A provider that fails is a step that says so."""
    steps: list[Step] = []
    for name, run in _Trial(settings).steps():
        begun = time.monotonic()
        try:
            found = run()
        except ProviderUnavailable as error:
            found = Found(error.reason, error.hint, ok=False)
        milliseconds = round((time.monotonic() - begun) * 1000)
        steps.append(Step(name, found.ok, milliseconds, found.detail, found.hint))
        if not found.ok:
            break
    return steps


class _Trial:
    """Each step needs those before it to have gone well."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings
        self._endpoints: Endpoints | None = None
        self._skew: float | None = None

    def steps(self) -> Iterator[tuple[str, Callable[[], Found]]]:
        yield "discovery", self._discover
        yield "clock", self._compare_clocks
        yield "signing keys", self._read_keys
        yield "client", self._try_client
        yield "redirect address", self._to_register
        if self._settings.logout:
            yield "signing out", self._sign_out

    def _discover(self) -> Found:
        url = get_well_known_url(self._settings.issuer, external=True)
        reply = asking.get(url, certificates_checked=self._settings.certificates_checked)
        reply.require_success("its discovery document")
        self._endpoints = discovery.parse(self._settings, reply.members)
        self._skew = _skew(reply.headers.get("date", ""))
        checked = self._settings.certificates_checked or self._settings.is_local
        hint = "" if checked else "the certificate is not checked: set oidc_verify_cert"
        return Found(f"{self._settings.issuer}, signs with {', '.join(sorted(self._known.algorithms))}", hint)

    @property
    def _known(self) -> Endpoints:
        assert self._endpoints is not None
        return self._endpoints

    def _compare_clocks(self) -> Found:
        if self._skew is None:
            return Found("the provider does not tell the time")
        ahead = "ahead of" if self._skew > 0 else "behind"
        if abs(self._skew) <= SKEW_SECONDS:
            return Found(f"{abs(self._skew):.0f} s {ahead} ours")
        return Found(
            f"the provider's is {abs(self._skew):.0f} s {ahead} ours",
            f"set both by NTP: beyond {LEEWAY_SECONDS} s nobody can sign in",
            ok=abs(self._skew) < LEEWAY_SECONDS,
        )

    def _read_keys(self) -> Found:
        found = keys.read(self._known.keys, certificates_checked=self._settings.certificates_checked)
        names = ", ".join(sorted(kid or "without a name" for kid, _, _ in found.listed))
        usable = any(
            found.fitting(kid, each) for kid, _, _ in found.listed for each in self._known.algorithms
        )
        hint = "" if usable else "no key fits an algorithm the provider lists"
        return Found(f"{len(found.listed)}: {names}", hint, ok=usable)

    def _try_client(self) -> Found:
        """A code nobody gave out: who refuses the code has taken the client."""
        if not self._settings.client_id:
            return Found(
                "oidc_client_id is empty", "set it to what the provider knows this registry by", ok=False
            )
        error = exchange.error_of(
            self._settings,
            self._known,
            code=secrets.token_urlsafe(16),
            verifier=secrets.token_urlsafe(48),
            redirect_uri=next(iter(django_settings.WHARF_EXTERNAL_URLS)) + CALLBACK,
        )
        if error in ("invalid_client", "unauthorized_client"):
            hint = "check oidc_client_id and oidc_client_secret; the client needs the authorization code flow"
            return Found(f"the provider refuses this client ({error})", hint, ok=False)
        is_public = not self._settings.client_secret.get_secret_value()
        how = "public, proven by PKCE alone" if is_public else "the secret is right"
        if error == "invalid_grant":
            return Found(f"{self._settings.client_id}, {how}")
        return Found(f"{self._settings.client_id}; whether the secret is right shows the first sign-in")

    def _to_register(self) -> Found:
        listed = ", ".join(f"{origin}{CALLBACK}" for origin in django_settings.WHARF_EXTERNAL_URLS)
        return Found(listed, "register exactly this at the provider, letter by letter")

    def _sign_out(self) -> Found:
        if not self._known.end_session:
            return Found(
                "the provider names no end_session_endpoint",
                "it cannot sign people out: unset oidc_logout",
                ok=False,
            )
        listed = ", ".join(f"{origin}{BACK}" for origin in django_settings.WHARF_EXTERNAL_URLS)
        return Found(listed, "register this as the address after signing out (post_logout_redirect_uri)")


def _skew(date: str) -> float | None:
    """Seconds the provider is ahead, to a second or so."""
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except (ValueError, TypeError):
        return None

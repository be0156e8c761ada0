"""What a provider is asked over HTTP: bounded in time, size and number, its answers read strictly.

Only a few requests of one process wait for the provider at a time: one that is slow holds up nobody who does not need it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

from config import outgoing
from core.errors import (
    ManifestInvalid,
    OutgoingFailed,
    OutgoingRefused,
    ProviderUnavailable,
    Stage,
)
from core.oci.strict_json import parse_json
from database.transactions import release_connection
from net.answers import Whole
from net.credentials import Credentials
from net.safe_http import Limits, SafeHttp

MAX_BYTES: Final = 256 * 1024
LIMITS: Final = Limits(connect_seconds=4, idle_seconds=5, total_seconds=8, body_bytes=MAX_BYTES)
AT_ONCE: Final = 8
WAIT_SECONDS: Final = 2.0
_FORM: Final = "application/x-www-form-urlencoded"

_slots = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `members`: those of the JSON object it holds, {} for anything else that is no success."""

    status: int
    members: Mapping[str, Any]
    headers: Mapping[str, str]
    where: str

    def require_success(self, what: str) -> None:
        """Raises ProviderUnavailable."""
        if self.status != 200:
            raise ProviderUnavailable(
                f"{self.where} answered with status {self.status} when asked for {what}",
                hint="check oidc_endpoint and the provider's log",
            )


def get(url: str, *, certificates_checked: bool, bearer: str = "") -> Reply:
    """Raises ProviderUnavailable. `bearer`: an access token, which goes to hosts of the URL's site alone."""
    return _asked("GET", url, certificates_checked=certificates_checked, bearer=bearer)


def post(
    url: str,
    form: Mapping[str, str],
    *,
    certificates_checked: bool,
    basic: tuple[str, str] | None = None,
) -> Reply:
    """`basic`: name and password, encoded as RFC 6749 §2.3.1 has it. Raises ProviderUnavailable."""
    return _asked(
        "POST", url, certificates_checked=certificates_checked, body=urlencode(form).encode(), basic=basic
    )


def _asked(
    method: str,
    url: str,
    *,
    certificates_checked: bool,
    body: bytes | None = None,
    basic: tuple[str, str] | None = None,
    bearer: str = "",
) -> Reply:
    headers = {"Accept": "application/json"} | ({"Content-Type": _FORM} if body is not None else {})
    client = _client(certificates_checked)
    # Nobody waits for another host with a connection to the database in his hands.
    release_connection()
    with _one_of_few(), told():
        credentials = _credentials(client, url, basic, bearer)
        answer = client.fetch(method, url, headers=headers, body=body, credentials=credentials)
    return Reply(answer.status, _members(answer), answer.headers, answer.target.where)


@contextmanager
def told() -> Iterator[None]:
    """Our client's errors as the provider's fault, with what an administrator can do about it."""
    try:
        yield
    except OutgoingRefused as refused:
        raise ProviderUnavailable(refused.message, hint=_advice(refused.message)) from None
    except OutgoingFailed as failed:
        raise ProviderUnavailable(failed.message, hint=_HINTS.get(failed.stage, "")) from None


_HINTS: Final = {
    Stage.RESOLVE: "check the host in oidc_endpoint, and this machine's resolver",
    Stage.CONNECT: "check that the provider runs, and that a firewall lets this machine reach it",
    Stage.TLS: "add the authority of the provider's certificate to this machine's, or check the host in oidc_endpoint",
}


def _advice(message: str) -> str:
    if message.startswith("port "):
        return "add the provider's port to outgoing_allowed_ports"
    if "no public address" in message:
        return (
            "for a provider on this machine set outgoing_allowed_networks to 127.0.0.0/8,::1/128 and add its port to "
            "outgoing_allowed_ports; for one in your own network, that network"
        )
    return ""


@contextmanager
def one_asks(lock: threading.Lock) -> Iterator[None]:
    """What all need is asked for by one. Raises ProviderUnavailable for who has waited long enough."""
    if not lock.acquire(timeout=WAIT_SECONDS):
        raise ProviderUnavailable("the provider has not answered yet", hint="it answers too slowly")
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _one_of_few() -> Iterator[None]:
    if not _slots.acquire(timeout=WAIT_SECONDS):
        raise ProviderUnavailable(
            "too many requests are waiting for the provider", hint="it answers too slowly"
        )
    try:
        yield
    finally:
        _slots.release()


def _credentials(
    client: SafeHttp, url: str, basic: tuple[str, str] | None, bearer: str
) -> Credentials | None:
    if basic is not None:
        return Credentials.basic(client.target(url), *basic)
    return Credentials.bearer(client.target(url), bearer) if bearer else None


def _members(answer: Whole) -> Mapping[str, Any]:
    try:
        found = parse_json(answer.body)
    except ManifestInvalid as invalid:
        if answer.status == 200:
            raise ProviderUnavailable(
                f"{answer.target.where} sent something that is no JSON as it should be: {invalid.message}",
                hint="check oidc_endpoint: another program may answer there",
            ) from None
        return {}
    if isinstance(found, dict):
        return found
    if answer.status == 200:
        raise ProviderUnavailable(f"{answer.target.where} sent JSON that is no object")
    return {}


@cache
def _client(certificates_checked: bool) -> SafeHttp:
    return outgoing.http(certificates_checked=certificates_checked, limits=LIMITS)

"""The one outgoing HTTP client: what people and other hosts name as a URL is asked for here or not at all.

It resolves a name once, refuses addresses that are not public (an administrator can open networks), connects to exactly the
address it judged, follows no redirect unless told to and then judges each anew, takes no proxy, netrc or cookie from anywhere,
bounds time and size, and lets credentials travel to hosts of their own site alone. Errors never repeat what a host sent.

    http = SafeHttp(allowed=networks, ports=ports)
    with http.stream("GET", url, limits=Limits(body_bytes=size, total_seconds=None)) as answer:
        answer.require(200)
        for piece in answer.pieces(): ...

Source: reliability design, threat model, SSRF.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import httpx2

from core.errors import OutgoingFailed, OutgoingRefused, Stage
from net import targets
from net.addresses import Network
from net.answers import Answer, Whole, told
from net.credentials import Credentials
from net.deadlines import Deadline
from net.pinned import Backend, Transport
from net.resolving import Resolver, system
from net.sockets import trust, unchecked
from net.targets import Target

Body = bytes | Iterable[bytes]

SCHEMES: Final = frozenset({"http", "https"})
AGENT: Final = "Wharf"
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
FOLLOWED: Final = frozenset({"GET", "HEAD"})

_METHOD = re.compile(r"[A-Z]{3,10}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_VALUE = re.compile(r"[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?|", re.ASCII)
# Said by the client itself, or by `Credentials`, which know where they may go.
_OURS: Final = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "cookie",
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
    }
    | {"te", "trailer", "upgrade", "expect", "proxy-connection", "keep-alive", "user-agent"}
)
# All that another host is told when a redirect leads to it; any other header may hold a secret of the first one.
_TRAVELS: Final = frozenset({"accept", "accept-encoding", "range", "if-none-match", "if-modified-since"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one call. `total_seconds` None: as long as bytes move (a pause ends it after `idle_seconds`).

    `body_bytes` bounds the answer's body as sent and as decoded. `redirects`: how many are followed, of GET and HEAD.
    """

    connect_seconds: float = 5.0
    idle_seconds: float = 15.0
    total_seconds: float | None = 30.0
    body_bytes: int = 64 * 1024
    redirects: int = 0

    def begin(self, host: str) -> Deadline:
        """The deadline of a call to `host` that begins now."""
        return Deadline.of(
            host,
            total_seconds=self.total_seconds,
            connect_seconds=self.connect_seconds,
            idle_seconds=self.idle_seconds,
        )


STRICT: Final = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is asked of one target. `length`: of a body given piece by piece, if known; else it is sent chunked."""

    method: str
    target: Target
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    length: int | None = None
    credentials: Credentials | None = None

    def request(self) -> httpx2.Request:
        """Raises OutgoingRefused for headers that are not the caller's to say, or that would end the header early."""
        headers = {"User-Agent": AGENT, "Accept-Encoding": "identity", **self.headers}
        if self.length is not None:
            headers["Content-Length"] = str(self.length)
        if self.credentials is not None:
            headers["Authorization"] = self.credentials.value.get_secret_value()
        for name, value in headers.items():
            if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
                raise OutgoingRefused("a header of the request holds characters that do not belong there")
        return httpx2.Request(self.method, self.target.url, headers=headers, content=self._content())

    def _content(self) -> Body | None:
        if self.length is None or self.body is None:
            return self.body
        return _exactly(self.length, [self.body] if isinstance(self.body, bytes) else self.body, self.target)

    def moved(self, target: Target) -> Call:
        """The same question to where a redirect leads. Another origin learns no credentials and no header of its own."""
        if target.origin == self.target.origin:
            return replace(self, target=target)
        kept = {name: value for name, value in self.headers.items() if name.lower() in _TRAVELS}
        return replace(self, target=target, headers=kept, credentials=None)


def _exactly(length: int, pieces: Iterable[bytes], target: Target) -> Iterator[bytes]:
    left = length
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left:
        raise OutgoingFailed(
            f"the body sent to {target.where} has another length than was promised", stage=Stage.SEND
        )


class SafeHttp:
    """A pool of connections under one set of rules; safe to share between threads, to be closed after use.

    `allowed` gives the networks an administrator opened and `ports` the ports that may be asked, each time anew.
    `authorities`: PEM of further certificate authorities. Raises ValueError when that holds none. `certificates_checked` False:
    whoever sits in between can answer in another's name; for what an administrator has said this of alone.
    """

    def __init__(
        self,
        *,
        allowed: Callable[[], Iterable[Network]],
        ports: Callable[[], Collection[int]],
        schemes: Collection[str] = SCHEMES,
        authorities: str = "",
        certificates_checked: bool = True,
        limits: Limits = STRICT,
        resolve: Resolver = system,
    ) -> None:
        self._limits = limits
        self._ports = ports
        self._schemes = frozenset(schemes)
        context = trust(authorities) if certificates_checked else unchecked()
        self._transport = Transport(Backend(allowed=allowed, resolve=resolve), context)

    def target(self, url: str) -> Target:
        """The URL as this client would ask for it. Raises OutgoingRefused for one it would not ask for."""
        return targets.parse(url, schemes=self._schemes, ports=self._ports())

    @contextmanager
    def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        length: int | None = None,
        credentials: Credentials | None = None,
        limits: Limits | None = None,
    ) -> Iterator[Answer]:
        """Ask, and read the answer's body piece by piece within the block.

        A redirect that is not followed is an answer like any other. What iterating over `body` raises reaches the
        caller as it is. Raises OutgoingRefused, OutgoingFailed, OutgoingTimeout, AnswerTooLarge.
        """
        target = self.target(url)
        call = Call(
            method=_checked(method),
            target=target,
            headers=_callers(headers or {}),
            body=body,
            length=length,
            credentials=credentials,
        )
        limits = limits or self._limits
        deadline = limits.begin(target.where)
        response, target = self._followed(call, deadline, limits.redirects)
        try:
            yield Answer(response, target, deadline=deadline, max_bytes=limits.body_bytes)
        finally:
            response.close()

    def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        credentials: Credentials | None = None,
        limits: Limits | None = None,
    ) -> Whole:
        """Ask, and read the answer whole. Raises as `stream`."""
        asked = self.stream(method, url, headers=headers, body=body, credentials=credentials, limits=limits)
        with asked as answer:
            return Whole(answer.status, answer.headers, answer.target, answer.read())

    def close(self) -> None:
        """Close the connections that are kept for further requests."""
        self._transport.close()

    def _followed(self, call: Call, deadline: Deadline, redirects: int) -> tuple[httpx2.Response, Target]:
        for left in range(redirects, -1, -1):
            response = self._sent(call, deadline)
            location = response.headers.get("location")
            is_redirect = response.status_code in REDIRECTS and location is not None
            if not is_redirect or redirects == 0 or call.method not in FOLLOWED:
                break
            response.close()
            if left == 0:
                raise OutgoingFailed(f"{call.target.where} redirects too often", stage=Stage.ANSWER)
            call = call.moved(self._next(call.target, str(location)))
        return response, call.target

    def _next(self, before: Target, location: str) -> Target:
        target = self.target(targets.join(before, location))
        if before.scheme == "https" and target.scheme != "https":
            raise OutgoingRefused(f"{before.where} redirects from https to http")
        return target

    def _sent(self, call: Call, deadline: Deadline) -> httpx2.Response:
        credentials = call.credentials
        if credentials is not None and not credentials.may_go_to(call.target):
            raise OutgoingRefused(
                f"credentials for {credentials.home} are not sent to {call.target.scheme}://{call.target.where}"
            )
        with deadline.running(), told(call.target):
            return self._transport.handle_request(call.request())


def _checked(method: str) -> str:
    if not _METHOD.fullmatch(method) or method in ("CONNECT", "TRACE"):
        raise OutgoingRefused("that is no method of a request to another host")
    return method


def _callers(headers: Mapping[str, str]) -> dict[str, str]:
    reserved = sorted(name for name in headers if name.lower() in _OURS)
    if reserved:
        raise OutgoingRefused(f"the header {reserved[0]} is not the caller's to say")
    return dict(headers)

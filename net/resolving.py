"""Names to addresses, each lookup once and within its deadline; addresses nobody may connect to are left out."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Final

import structlog

from core.errors import OutgoingFailed, OutgoingRefused, OutgoingTimeout, Stage
from net.addresses import Address, Network, landing, refusal
from net.deadlines import Deadline

Resolver = Callable[[str], Sequence[Address]]

# A name with a thousand addresses would be tried for hours.
MAX_ADDRESSES: Final = 8

log = structlog.get_logger(__name__)


def system(host: str) -> list[Address]:
    """The host's addresses as this machine resolves them, in its order of preference. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    # A scope ("fe80::1%eth0") belongs to link-local addresses alone, which nobody opens by name.
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def addresses(
    host: str, *, resolve: Resolver, allowed: Iterable[Network], deadline: Deadline
) -> list[Address]:
    """The addresses of `host` a connection may be made to, at least one. They are to be connected to as they are:
    a second lookup could find others.

    Raises OutgoingRefused when there are some but none may be used, OutgoingFailed, OutgoingTimeout.
    """
    found = _literal(host) or _looked_up(host, resolve, deadline)
    networks = tuple(allowed)
    judged = {landing(address): refusal(address, networks) for address in found[:MAX_ADDRESSES]}
    usable = [address for address, why in judged.items() if why is None]
    if not usable:
        # The addresses themselves would tell the asker how an inner network is laid out.
        log.info("outgoing connection refused", host=host, addresses=[str(address) for address in judged])
        kinds = ", ".join(sorted({why for why in judged.values() if why is not None}))
        raise OutgoingRefused(
            f"{host} has no public address ({kinds}): an administrator can allow its network in "
            "outgoing_allowed_networks",
            host=host,
        )
    return usable


def lookup(host: str, seconds: float) -> Sequence[Address]:
    """The addresses of a host that an administrator named himself, whatever they are; at least one.

    Raises OutgoingFailed, OutgoingTimeout.
    """
    deadline = Deadline.of(host, total_seconds=seconds, connect_seconds=seconds, idle_seconds=seconds)
    return _literal(host) or _looked_up(host, system, deadline)


def judged(host: str, seconds: float, allowed: Iterable[Network]) -> Sequence[Address]:
    """The addresses of a host an administrator named, without those of no public network that is not `allowed`; at least one.

    Raises OutgoingRefused, OutgoingFailed, OutgoingTimeout.
    """
    deadline = Deadline.of(host, total_seconds=seconds, connect_seconds=seconds, idle_seconds=seconds)
    return addresses(host, resolve=system, allowed=allowed, deadline=deadline)


def _literal(host: str) -> list[Address]:
    try:
        return [ip_address(host)]
    except ValueError:
        return []


def _looked_up(host: str, resolve: Resolver, deadline: Deadline) -> Sequence[Address]:
    """The system's resolver has no time limit of its own: a thread waits for it, and we for the thread."""
    outcome: list[Sequence[Address] | BaseException] = []

    def look() -> None:
        try:
            outcome.append(resolve(host))
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            outcome.append(error)

    thread = threading.Thread(target=look, name="outgoing resolver", daemon=True)
    thread.start()
    thread.join(deadline.to_connect(Stage.RESOLVE))
    if not outcome:
        raise OutgoingTimeout(f"the address of {host} was not found in time", stage=Stage.RESOLVE, host=host)
    return _addresses_or_error(host, outcome[0])


def _addresses_or_error(host: str, outcome: Sequence[Address] | BaseException) -> Sequence[Address]:
    if isinstance(outcome, OSError | UnicodeError) or outcome == []:
        raise OutgoingFailed(f"there is no address for {host}", stage=Stage.RESOLVE, host=host)
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome

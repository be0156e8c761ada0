"""Text from people made into parts of a Filter. Times in REST are written as Harbor does: registry_api/rest/filters.py."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from audit import operations as catalogue
from audit.reading.limits import START_OF_TIME
from core.errors import InvalidInput

_AGO: Final = re.compile(r"([0-9]{1,6})([smhdw])", re.ASCII)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SHOWN: Final = 64


def operations(texts: Iterable[str]) -> tuple[str, ...]:
    """Names of the catalogue; "tag.*" stands for all that begin so. Raises InvalidInput for what fits none."""
    found: dict[str, None] = {}
    for text in texts:
        names = catalogue.matching(text.strip())
        if not names:
            raise InvalidInput(
                f"there is no operation {text[:_SHOWN]!r}: name one of the catalogue (docs/audit-events.md), or tag.* for all "
                "that begin so"
            )
        found |= dict.fromkeys(names)
    return tuple(found)


def address(text: str) -> IPv4Network | IPv6Network:
    """An address or a network: "10.1.2.3", "10.0.0.0/8", "2001:db8::/32". Raises InvalidInput."""
    try:
        found = ip_network(text.strip(), strict=False)
        if isinstance(found, IPv6Network) and found.network_address.scope_id:
            raise ValueError(text)
    except ValueError:
        raise InvalidInput(
            f"{text[:_SHOWN]!r} is no address: write 10.1.2.3, 10.0.0.0/8 or 2001:db8::/32"
        ) from None
    return _as_logged(found)


def _as_logged(net: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """An IPv4 address mapped into IPv6 is logged as IPv4 (audit.detail.address)."""
    mapped = net.network_address.ipv4_mapped if isinstance(net, IPv6Network) else None
    return (
        net
        if mapped is None or net.prefixlen < 96
        else IPv4Network((mapped, net.prefixlen - 96), strict=False)
    )


def moment(text: str, zone: tzinfo = UTC, now: datetime | None = None) -> datetime:
    """ "2026-11-21", "2026-11-21T18:00", "…+02:00", "…Z", or "24h", "7d" before `now`; in `zone` where it names none.

    Raises InvalidInput.
    """
    text = text.strip()
    try:
        if ago := _AGO.fullmatch(text):
            found = (now or datetime.now(UTC)) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        else:
            found = datetime.fromisoformat(text)
            found = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{text[:_SHOWN]!r} is no time: write 2026-11-21, 2026-11-21T18:00, 2026-11-21T18:00+02:00, or 7d for so long "
            "ago"
        ) from None
    return max(found, START_OF_TIME)

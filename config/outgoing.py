"""The outgoing HTTP client under the rules administrators set."""

from __future__ import annotations

from config import current
from config.catalogue.outgoing import OUTGOING_ALLOWED_NETWORKS, OUTGOING_ALLOWED_PORTS
from net.safe_http import STRICT, Limits, SafeHttp


def http(*, authorities: str = "", certificates_checked: bool = True, limits: Limits = STRICT) -> SafeHttp:
    """A client whose networks and ports are those in force at each connection. Raises as SafeHttp."""
    return SafeHttp(
        allowed=lambda: current.get(OUTGOING_ALLOWED_NETWORKS),
        ports=lambda: current.get(OUTGOING_ALLOWED_PORTS),
        authorities=authorities,
        certificates_checked=certificates_checked,
        limits=limits,
    )

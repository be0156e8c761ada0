"""Where the audit log is forwarded to, by the settings. Needs no models: the shipper has none of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from audit.forward.target import Endpoint, Target
from config.catalogue.forwarding import (
    AUDIT_LOG_FORWARD_APP_NAME,
    AUDIT_LOG_FORWARD_CA,
    AUDIT_LOG_FORWARD_ENDPOINT,
    AUDIT_LOG_FORWARD_FACILITY,
    AUDIT_LOG_FORWARD_MAX_BYTES,
    AUDIT_LOG_FORWARD_PULLS,
    AUDIT_LOG_FORWARD_SERVER_NAME,
)
from config.catalogue.outgoing import OUTGOING_ALLOWED_NETWORKS
from config.catalogue.setting import Setting
from net.addresses import INNER

KEYS: Final = (
    AUDIT_LOG_FORWARD_ENDPOINT,
    AUDIT_LOG_FORWARD_CA,
    AUDIT_LOG_FORWARD_SERVER_NAME,
    AUDIT_LOG_FORWARD_PULLS,
    AUDIT_LOG_FORWARD_FACILITY,
    AUDIT_LOG_FORWARD_APP_NAME,
    AUDIT_LOG_FORWARD_MAX_BYTES,
    OUTGOING_ALLOWED_NETWORKS,
)
"""The settings that are asked for."""


def target(get: Callable[[Setting[Any]], Any]) -> Target | None:
    """Where to forward to; None for nowhere. `get` gives the values in force, or those somebody tries."""
    endpoint = get(AUDIT_LOG_FORWARD_ENDPOINT)
    if not endpoint:
        return None
    return Target(
        Endpoint.parse(endpoint),
        authorities=get(AUDIT_LOG_FORWARD_CA),
        server_name=get(AUDIT_LOG_FORWARD_SERVER_NAME),
        pulls=get(AUDIT_LOG_FORWARD_PULLS),
        facility=get(AUDIT_LOG_FORWARD_FACILITY),
        app_name=get(AUDIT_LOG_FORWARD_APP_NAME),
        max_bytes=get(AUDIT_LOG_FORWARD_MAX_BYTES),
        allowed=(*INNER, *get(OUTGOING_ALLOWED_NETWORKS)),
    )

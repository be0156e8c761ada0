"""Connections to other hosts."""

from __future__ import annotations

from typing import Final

from config import kinds
from config.catalogue.setting import Section, Setting
from net.addresses import Network

OUTGOING_ALLOWED_NETWORKS: Final[Setting[tuple[Network, ...]]] = Setting(
    "outgoing_allowed_networks",
    Section.OUTGOING,
    kinds.networks(),
    (),
    "Networks that are not public and may be connected to nevertheless: other registries, webhook receivers, scanners.",
)
OUTGOING_ALLOWED_PORTS: Final[Setting[tuple[int, ...]]] = Setting(
    "outgoing_allowed_ports",
    Section.OUTGOING,
    kinds.ports(),
    (80, 443, 5000, 8080, 8443),
    "The only ports that may be connected to over HTTP.",
)

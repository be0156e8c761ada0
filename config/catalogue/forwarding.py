"""Forwarding of the audit log to a syslog server."""

from __future__ import annotations

import re
import ssl
from typing import Final

from audit.forward.target import Endpoint, Facility
from config import kinds
from config.catalogue.setting import Section, Setting
from config.kinds import Unacceptable

_APP_NAME = re.compile(r"[!-~]{1,48}", re.ASCII)  # RFC 5424 §6
_SERVER_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._:-]{0,251}[A-Za-z0-9_])?", re.ASCII)


def _endpoint(text: str) -> str:
    try:
        Endpoint.parse(text)
    except ValueError as wrong:
        raise Unacceptable(str(wrong)) from None
    return text


def _authorities(text: str) -> str:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError, TypeError):  # TypeError: a letter that is none of ASCII's
        raise Unacceptable("must be certificates in PEM") from None
    return text


def _server_name(text: str) -> str:
    if not _SERVER_NAME.fullmatch(text):
        raise Unacceptable("must be a host name or an address")
    return text


def _app_name(text: str) -> str:
    if not _APP_NAME.fullmatch(text):
        raise Unacceptable("must be 1 to 48 printable ASCII characters without spaces")
    return text


AUDIT_LOG_FORWARD_ENDPOINT: Final[Setting[str]] = Setting(
    "audit_log_forward_endpoint",
    Section.AUDIT,
    kinds.line("tls://host[:6514], tcp://host[:601], udp://host[:514], or host:port for TCP", _endpoint),
    "",
    "The syslog server that gets every event of the audit log. Nothing for none; what is written meanwhile is sent later.",
)
AUDIT_LOG_FORWARD_CA: Final[Setting[str]] = Setting(
    "audit_log_forward_ca",
    Section.AUDIT,
    kinds.block("certificates in PEM", _authorities, limit=65_536),
    "",
    "Who must have signed the syslog server's certificate (TLS). Nothing for the authorities of the machine.",
)
AUDIT_LOG_FORWARD_SERVER_NAME: Final[Setting[str]] = Setting(
    "audit_log_forward_server_name",
    Section.AUDIT,
    kinds.line("a host name or an address", _server_name, limit=253),
    "",
    "Whom the syslog server's certificate must be for (TLS), where that is not the host of the address.",
)
AUDIT_LOG_FORWARD_PULLS: Final[Setting[bool]] = Setting(
    "audit_log_forward_pulls",
    Section.AUDIT,
    kinds.boolean(),
    False,
    "Forward pulls, too, as they are logged: alike ones as one message with a count.",
)
AUDIT_LOG_FORWARD_FACILITY: Final[Setting[Facility]] = Setting(
    "audit_log_forward_facility",
    Section.AUDIT,
    kinds.choice(Facility),
    Facility.AUDIT,
    "The facility of forwarded messages.",
)
AUDIT_LOG_FORWARD_APP_NAME: Final[Setting[str]] = Setting(
    "audit_log_forward_app_name",
    Section.AUDIT,
    kinds.line("1 to 48 printable ASCII characters", _app_name, limit=48, required=True),
    "wharf",
    "The APP-NAME of forwarded messages.",
)
AUDIT_LOG_FORWARD_MAX_BYTES: Final[Setting[int]] = Setting(
    "audit_log_forward_max_bytes",
    Section.AUDIT,
    kinds.whole(2048, 65_507, "bytes"),
    8192,
    "The longest message the syslog server takes. Of events that do not fit, the longest parts are left out, which they tell.",
)

"""Sockets to addresses that were judged, and what is told of those that fail. Small: no HTTP is loaded for it."""

from __future__ import annotations

import socket
import ssl

from core.errors import OutgoingFailed, OutgoingTimeout, Stage
from net.addresses import Address


def connect(address: Address, port: int, timeout: float) -> socket.socket:
    connection = socket.create_connection((str(address), port), timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def no_connection(host: str, port: int, problem: OSError) -> OutgoingFailed:
    if isinstance(problem, TimeoutError):
        return OutgoingTimeout(f"{host} does not answer on port {port}", stage=Stage.CONNECT)
    reason = (problem.strerror or "no connection").lower()
    return OutgoingFailed(f"{host} cannot be reached on port {port}: {reason}", stage=Stage.CONNECT)


def tls_failure(host: str, error: Exception) -> OutgoingFailed:
    """OpenSSL's words for a refused certificate are about our check; the rest of an alert is not repeated."""
    if isinstance(error, TimeoutError):
        return OutgoingTimeout(f"{host} did not finish the TLS handshake in time", stage=Stage.TLS)
    if isinstance(error, ssl.SSLCertVerificationError):
        return OutgoingFailed(
            f"the certificate of {host} is not accepted: {error.verify_message}", stage=Stage.TLS
        )
    return OutgoingFailed(f"{host} does not speak TLS as it should", stage=Stage.TLS)


def trust(authorities: str = "", *, alone: bool = False) -> ssl.SSLContext:
    """TLS 1.2 or newer, certificates checked against the machine's authorities and those of `authorities` (PEM).

    `alone`: against the latter only. Raises ValueError when the PEM holds none.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if alone else ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if authorities:
        try:
            context.load_verify_locations(cadata=authorities)
        except ssl.SSLError:
            raise ValueError("there is no certificate in the given authorities") from None
    return context


def unchecked() -> ssl.SSLContext:
    """TLS 1.2 or newer with whoever answers, as an administrator has decided for one host of his."""
    context = trust()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context

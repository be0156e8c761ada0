"""StartTLS spoken by hand (RFC 4511 §4.14): libldap would do it, but waits for the TLS handshake after it without end."""

from __future__ import annotations

import socket
import time
from typing import Final

from core.errors import DirectoryUnavailable

OID: Final = b"1.3.6.1.4.1.1466.20037"
# LDAPMessage 1: an ExtendedRequest [APPLICATION 23] of that name [0].
REQUEST: Final = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + OID
SEQUENCE: Final = 0x30
EXTENDED_RESPONSE: Final = 0x78
ENUMERATED: Final = 0x0A
LONG_LENGTH: Final = 0x80
MAX_LENGTH_BYTES: Final = 4
MAX_ANSWER: Final = 4096


def begin(connection: socket.socket, url: str, seconds: float) -> None:
    """Ask the server to speak TLS from now on; it has agreed when this returns. Raises DirectoryUnavailable.

    Not a byte more than the answer is read: what somebody in between wrote behind it never counts as said in TLS.
    """
    ends = time.monotonic() + seconds
    try:
        connection.settimeout(seconds)
        connection.sendall(REQUEST)
        code = _code(_message(connection, ends))
    except OSError:
        raise DirectoryUnavailable(
            f"the directory does not answer when TLS is asked for ({url})",
            hint="see whether it runs, or is overloaded",
        ) from None
    if code != 0:
        raise DirectoryUnavailable(
            f"the directory refuses StartTLS ({url})",
            hint="give it a certificate, or use ldaps:// in ldap_url",
        )


def _message(connection: socket.socket, ends: float) -> bytes:
    """The content of one LDAPMessage. Raises OSError, also for what is none."""
    tag = _exactly(connection, 1, ends)
    length = _length(connection, ends)
    if tag[0] != SEQUENCE or length > MAX_ANSWER:
        raise OSError("no LDAP")
    return _exactly(connection, length, ends)


def _length(connection: socket.socket, ends: float) -> int:
    first = _exactly(connection, 1, ends)[0]
    if first < LONG_LENGTH:
        return first
    if first - LONG_LENGTH > MAX_LENGTH_BYTES:
        raise OSError("no LDAP")
    return int.from_bytes(_exactly(connection, first - LONG_LENGTH, ends), "big")


def _exactly(connection: socket.socket, count: int, ends: float) -> bytes:
    found = b""
    while len(found) < count:
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        piece = connection.recv(count - len(found))
        if not piece:
            raise ConnectionResetError
        found += piece
    return found


def _code(message: bytes) -> int:
    """The result code of an ExtendedResponse: what its first element, an enumeration, says; -1 for anything else."""
    number = message[:2] == b"\x02\x01"
    body = message[3:]
    if not number or len(body) < 2 or body[0] != EXTENDED_RESPONSE:
        return -1
    # A length in the long form has that many bytes more.
    start = 2 + (body[1] - LONG_LENGTH if body[1] >= LONG_LENGTH else 0)
    code = body[start : start + 3]
    return code[2] if len(code) == 3 and code[:2] == bytes((ENUMERATED, 1)) else -1

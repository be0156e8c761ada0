"""Requests whose end two servers could see in two places: each must get one answer, or be cut off, and hide no second one.

Sources: RFC 9112 §6 and §11.2; "HTTP Desync Attacks" (CL.TE, TE.CL, TE.TE); attacks by chunk extensions and line ends
("TERM.EXT", "EXT.TERM", "SPILL").
"""

from __future__ import annotations

# Answered by 200 where it is taken for a request of its own; nothing else in the corpus can be.
HIDDEN = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /v2/probe/outer/blobs/uploads/ HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Proto: https\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def _length(size: int) -> bytes:
    return b"Content-Length: %d\r\n" % size


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


END = b"0\r\n\r\n"
WHOLE = _chunk(HIDDEN) + END


def _both() -> dict[str, bytes]:
    """Length and chunks at once, in each order and disguise."""
    disguises = {
        "plain": CHUNKED,
        "space before colon": b"Transfer-Encoding : chunked\r\n",
        "tab": b"Transfer-Encoding:\tchunked\r\n",
        "vertical tab": b"Transfer-Encoding: \x0bchunked\r\n",
        "folded": b"Transfer-Encoding:\r\n chunked\r\n",
        "leading space": b" Transfer-Encoding: chunked\r\n",
        "x before": b"Transfer-Encoding: xchunked\r\n",
        "identity": b"Transfer-Encoding: identity\r\n",
        "twice": CHUNKED + b"Transfer-Encoding: identity\r\n",
        "twice, other first": b"Transfer-Encoding: x\r\n" + CHUNKED,
        "list": b"Transfer-Encoding: identity, chunked\r\n",
        "list, chunked first": b"Transfer-Encoding: chunked, identity\r\n",
        "quoted": b'Transfer-Encoding: "chunked"\r\n',
        "underscore": b"Transfer_Encoding: chunked\r\n",
        "upper case": b"TRANSFER-ENCODING: CHUNKED\r\n",
        "hidden by LF": b"X: y\nTransfer-Encoding: chunked\r\n",
        "hidden by CR": b"X: y\rTransfer-Encoding: chunked\r\n",
        "NUL": b"Transfer-Encoding: chunked\x00\r\n",
    }
    cases = {}
    for name, header in disguises.items():
        cases[f"CL.TE {name}"] = POST + _length(len(END) + len(HIDDEN)) + header + b"\r\n" + END + HIDDEN
        if (
            name != "underscore"
        ):  # no such header: the length alone counts, and what follows is a request of its own
            cases[f"TE.CL {name}"] = POST + header + _length(4) + b"\r\n" + WHOLE
    return cases


def _lengths() -> dict[str, bytes]:
    """More than one length, or one that is no number."""
    body = b"\r\n" + HIDDEN
    short, full = _length(0), _length(len(HIDDEN))
    values = {
        "list": b"0, %d",
        "plus": b"+%d",
        "minus": b"-%d",
        "hexadecimal": b"0x%x",
        "two words": b"0 %d",
        "underscore": b"1_%d",
        "decimal point": b"%d.0",
    }
    single = {
        name: POST + b"Content-Length: " + value % len(HIDDEN) + b"\r\n" + body
        for name, value in values.items()
    }
    return {
        "two lengths, small first": POST + short + full + body,
        "two lengths, small last": POST + full + short + body,
        "length beyond 64 bits": POST + b"Content-Length: 18446744073709551616\r\n" + body,
        "empty length": POST + b"Content-Length: \r\n" + body,
        "space before the colon": POST + b"Content-Length : %d\r\n" % len(HIDDEN) + body,
        **{f"length: {name}": request for name, request in single.items()},
    }


def _chunks() -> dict[str, bytes]:
    """Chunked bodies with sizes, extensions and line ends that parsers read differently."""
    head = POST + CHUNKED + b"\r\n"
    size = b"%x" % len(HIDDEN)
    return {
        "extension": head + size + b";a=b\r\n" + HIDDEN + b"\r\n" + END,
        "quoted extension": head + size + b';a="\r\n"\r\n' + HIDDEN + b"\r\n" + END,
        "LF in an extension": head + b"2;\nxx\r\n" + size + b"\r\n0\r\n\r\n" + HIDDEN,
        "CR in an extension": head + b"2;\rxx\r\n" + size + b"\r\n" + HIDDEN,
        "size after LF alone": head + size + b"\n" + HIDDEN + b"\r\n" + END,
        "spill": head + b"5\r\nAAAAAXX" + _chunk(HIDDEN) + END,
        "missing end of chunk": head + b"5\r\nAAAAA" + _chunk(HIDDEN) + END,
        "size with 0x": head + b"0x" + size + b"\r\n" + HIDDEN + b"\r\n" + END,
        "size with plus": head + b"+" + size + b"\r\n" + HIDDEN + b"\r\n" + END,
        "size with minus": head + b"-1\r\n" + HIDDEN + b"\r\n" + END,
        "size with underscore": head + b"1_0\r\n" + HIDDEN + b"\r\n" + END,
        "size beyond 64 bits": head + b"10000000000000000" + size + b"\r\n" + HIDDEN + b"\r\n" + END,
        "size of letters": head + b"zz\r\n" + HIDDEN + b"\r\n" + END,
        "empty size": head + b"\r\n" + HIDDEN + b"\r\n" + END,
        "length as a trailer": head + b"0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN),
        "HTTP/1.0": POST.replace(b"HTTP/1.1", b"HTTP/1.0")
        + CHUNKED
        + b"Connection: keep-alive\r\n\r\n"
        + WHOLE,
        "well formed": head + WHOLE,
    }


def _heads() -> dict[str, bytes]:
    """Heads that end, or name their host, in two ways."""
    bare = POST.replace(b"\r\n", b"\n")
    return {
        "LF line ends": bare + b"Content-Length: %d\n\n" % len(HIDDEN) + HIDDEN,
        "LF then CRLF end": POST + b"Content-Length: %d\n\r\n" % len(HIDDEN) + HIDDEN,
        "body of a GET": b"GET /v2/ HTTP/1.1\r\nHost: {host}\r\n" + _length(len(HIDDEN)) + b"\r\n" + HIDDEN,
        "body of a HEAD": b"HEAD /v2/ HTTP/1.1\r\nHost: {host}\r\n" + _length(len(HIDDEN)) + b"\r\n" + HIDDEN,
        "expectation": POST + _length(len(HIDDEN)) + b"Expect: 100-continue\r\n\r\n" + HIDDEN,
        "length in Connection": POST
        + b"Connection: Content-Length\r\n"
        + _length(len(HIDDEN))
        + b"\r\n"
        + HIDDEN,
        "upgrade": POST
        + b"Connection: Upgrade\r\nUpgrade: h2c\r\n"
        + _length(len(HIDDEN))
        + b"\r\n"
        + HIDDEN,
    }


CORPUS: dict[str, bytes] = {**_both(), **_lengths(), **_chunks(), **_heads()}


def request(name: str, host: str) -> bytes:
    """The bytes of a case, sent to `host`."""
    return CORPUS[name].replace(b"{host}", host.encode())

"""What people paste when they look for an image: a reference with or without its host, a command, an address, a digest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

LONGEST: Final = 1024
SHORTEST_DIGEST: Final = 7
OFFICIAL: Final = "library"
_DIGEST = re.compile(r"(?:(?P<algorithm>sha256|sha512):)?(?P<hex>[0-9a-fA-F]{7,128})", re.ASCII)
_VERSION = re.compile(r"--version[ =]+(\S+)")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# As in the addresses of pages and of the distribution API; the first group is the repository.
_ADDRESSES = (
    re.compile(r"(?:r/)(?P<name>.+?)/-/(?:t|m)/(?P<reference>[^/?#]+)"),
    re.compile(r"(?:v2/)(?P<name>.+?)/manifests/(?P<reference>[^/?#]+)"),
    re.compile(r"(?:r/)(?P<name>[^?#]+?)(?:/-/.*)?"),
)


@dataclass(frozen=True, slots=True)
class Digits:
    """The beginning of a digest: `hex`, lower case, of `size` bytes when it is whole (0: nobody said)."""

    hex: str
    size: int = 0

    @property
    def bounds(self) -> tuple[bytes, bytes]:
        """The least and the greatest digest that begin so, of any length."""
        return (
            bytes.fromhex(self.hex + "0" * (len(self.hex) % 2)),
            bytes.fromhex(self.hex + "f" * (128 - len(self.hex))),
        )


@dataclass(frozen=True, slots=True)
class Pasted:
    """`names`: full names of repositories it may mean, the likeliest first, none for a digest alone. `reference`: a tag or the
    text of a digest, "" for none. `has_host`: it began with one, so it can hardly be meant otherwise.
    """

    names: tuple[str, ...]
    reference: str = ""
    has_host: bool = False


def digits(text: str) -> Digits | None:
    """What begins a digest: seven hexadecimal digits or more, with "sha256:" before them or not."""
    found = _DIGEST.fullmatch(text.strip())
    if found is None:
        return None
    size = {"sha256": 32, "sha512": 64}.get(found["algorithm"] or "", 0)
    if size and len(found["hex"]) > 2 * size:
        return None
    return Digits(found["hex"].lower(), size)


def pasted(text: str, host: str = "") -> Pasted | None:
    """`host`: ours, as clients write it. None for what names nothing; names are not checked for their grammar."""
    found = text.strip()
    if not found or len(found) > LONGEST or "\0" in found:
        return None
    version = _VERSION.search(found)
    word = _word(found)
    bare = _SCHEME.sub("", word, count=1)
    has_host = bare != word and "/" in bare
    if has_host:
        bare = re.split(r"[?#]", bare, maxsplit=1)[0]
        bare = bare.partition("/")[2]
    for address in _ADDRESSES if has_host else ():
        if part := address.fullmatch(bare.rstrip("/")):
            named = part.groupdict()
            return Pasted((unquote(named["name"]),), unquote(named.get("reference") or ""), has_host=True)
    return _reference(bare.rstrip("/"), host, version[1] if version else "", has_host=has_host)


def _reference(text: str, host: str, version: str, *, has_host: bool) -> Pasted | None:
    name, _at, digest = text.partition("@")
    ahead, slash, last = name.rpartition("/")
    last, _colon, tag = last.partition(":")
    names = _names(f"{ahead}{slash}{last}", host)
    first = name.partition("/")[0]
    is_whole = has_host or ("/" in name and (first in (host, "localhost") or ":" in first))
    return Pasted(names, digest or tag or version, is_whole) if names else None


def _names(name: str, host: str) -> tuple[str, ...]:
    """With a dot the first component may be a host, or a project that is called so."""
    if not name:
        return ()
    first, slash, rest = name.partition("/")
    if not slash:
        return (f"{OFFICIAL}/{name}",)
    below = rest if "/" in rest else f"{OFFICIAL}/{rest}"
    if first in (host, "localhost") or ":" in first:
        return (below,)
    return (name, below) if "." in first else (name,)


def _word(text: str) -> str:
    """Of a command the part that names something: the last that has a slash, an @ or a colon in it and is no option."""
    words = [each for each in text.split() if not each.startswith("-")]
    likely = [each for each in words if re.search(r"[/@:]", each)]
    return (likely or words or [""])[-1]

"""Which route a path of the registry's API belongs to, without resolving it: answers of the read lane never reach the routes.

The names are labels of metrics and a field of the request log: a fixed set, whatever a client asks for.
"""

from __future__ import annotations

from typing import Final

_PLAIN: Final = {
    "/v1/_ping": "search_ping",
    "/v1/_ping/": "search_ping",
    "/v1/search": "search",
    "/v1/search/": "search",
    "/v2": "ping",
    "/v2/": "ping",
    "/v2/_catalog": "catalog",
    "/service/token": "token",
    "/service/token/": "token",
    "/service/token/jwks.json": "jwks",
}
_BEFORE_LAST: Final = (
    ("/manifests", "manifest"),
    ("/blobs/uploads", "upload"),
    ("/blobs", "blob"),
    ("/referrers", "referrers"),
)
UNKNOWN: Final = "unknown"

NAMES: Final = frozenset({*_PLAIN.values(), *(name for _, name in _BEFORE_LAST), "uploads", "tags", UNKNOWN})


def name_of(path: str) -> str:
    """The route's name, one of NAMES, found from the right as `urls` does: a repository may be called p/blobs/uploads."""
    if (plain := _PLAIN.get(path)) is not None:
        return plain
    if path.endswith(("/blobs/uploads/", "/blobs/uploads")):
        return "uploads"
    if path.endswith("/tags/list"):
        return "tags"
    head, _, last = path.rpartition("/")
    if last:
        for ending, name in _BEFORE_LAST:
            if head.endswith(ending) and len(head) > len("/v2/") + len(ending):
                return name
    return "upload" if "/blobs/uploads/" in path else UNKNOWN

"""Routes of the distribution API. Patterns are greedy and match from the right: a repository may be called p/blobs/uploads."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import re_path
from django.urls.resolvers import URLPattern

from access.origin import origin_of
from registry_api.v2 import base, blobs, endpoint, listings, manifests, search, uploads
from registry_api.v2.endpoint import Endpoint, Operation, delete, pull, push
from registry_api.v2.errors import NoSuchPath
from registry_api.v2.token import jwks, token

SESSION: dict[str, Operation] = {
    "GET": pull(uploads.status),
    "HEAD": pull(uploads.status),
    "PATCH": push(uploads.append),
    "PUT": push(uploads.finish),
    "DELETE": push(uploads.cancel),
}
SEARCH: dict[str, Operation] = {
    "GET": Operation(search.results, is_open=True),
    "HEAD": Operation(search.results, is_open=True),
}
ROUTES: dict[str, dict[str, Operation]] = {
    r"v1/_ping/?": {
        "GET": Operation(search.ping, is_open=True),
        "HEAD": Operation(search.ping, is_open=True),
    },
    r"v1/search/?": SEARCH,
    r"v2/?": {"GET": Operation(base.ping), "HEAD": Operation(base.ping)},
    r"v2/_catalog": {
        "GET": Operation(listings.catalog, asks=listings.CATALOG_SCOPE),
        "HEAD": Operation(listings.catalog, asks=listings.CATALOG_SCOPE),
    },
    r"v2/(?P<name>.+)/blobs/uploads/?": {"POST": push(uploads.start, uploads.mount_scopes)},
    r"v2/(?P<name>.+)/blobs/uploads/(?P<upload>[^/]+)": SESSION,
    r"v2/(?P<name>.+)/blobs/(?P<digest>[^/]+)": {
        "GET": pull(blobs.get),
        "HEAD": pull(blobs.head),
        "DELETE": delete(blobs.delete),
    },
    r"v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)": {
        "GET": pull(manifests.get),
        "HEAD": pull(manifests.get),
        "PUT": push(manifests.put),
        "DELETE": delete(manifests.delete),
    },
    r"v2/(?P<name>.+)/tags/list": {"GET": pull(listings.tags), "HEAD": pull(listings.tags)},
    r"v2/(?P<name>.+)/referrers/(?P<digest>[^/]+)": {
        "GET": pull(listings.referrers),
        "HEAD": pull(listings.referrers),
    },
    # What no route above took is no session in whatever spelling: 404 BLOB_UPLOAD_UNKNOWN, as for any other unknown one.
    r"v2/(?P<name>.+?)/blobs/uploads/(?P<upload>.+)": SESSION,
}


def _not_found(request: HttpRequest, **_path: str) -> HttpResponseBase:
    origin = origin_of(request)
    return endpoint.finished(
        request, origin, endpoint.answer(request, origin, NoSuchPath("nothing lies at this path"))
    )


def _whole(pattern: str) -> str:
    # \Z, because $ also matches before a trailing newline; (?s) so that a newline in a name reaches the parser.
    return rf"(?s)\A{pattern}\Z"


urlpatterns: list[URLPattern] = [
    *(re_path(_whole(pattern), Endpoint(operations)) for pattern, operations in ROUTES.items()),
    re_path(_whole(r"service/token/?"), token),
    re_path(_whole(r"service/token/jwks\.json"), jwks),
    re_path(r"", _not_found),
]

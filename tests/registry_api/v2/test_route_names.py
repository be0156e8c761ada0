"""The name of a route by its path alone is that of the route Django resolves."""

from __future__ import annotations

import pytest
from django.urls import resolve

from registry_api.v2 import route_names, urls

DIGEST = "sha256:" + "a" * 64
NAMES = {
    r"v1/_ping/?": "search_ping",
    r"v1/search/?": "search",
    r"v2/?": "ping",
    r"v2/_catalog": "catalog",
    r"v2/(?P<name>.+)/blobs/uploads/?": "uploads",
    r"v2/(?P<name>.+)/blobs/uploads/(?P<upload>[^/]+)": "upload",
    r"v2/(?P<name>.+)/blobs/(?P<digest>[^/]+)": "blob",
    r"v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)": "manifest",
    r"v2/(?P<name>.+)/tags/list": "tags",
    r"v2/(?P<name>.+)/referrers/(?P<digest>[^/]+)": "referrers",
    r"v2/(?P<name>.+?)/blobs/uploads/(?P<upload>.+)": "upload",
    r"service/token/?": "token",
    r"service/token/jwks\.json": "jwks",
    "": route_names.UNKNOWN,
}


def test_every_route_has_a_name() -> None:
    assert set(urls.ROUTES) <= set(NAMES)
    assert set(NAMES.values()) == route_names.NAMES


@pytest.mark.parametrize(
    "path",
    [
        "/v2",
        "/v2/",
        "/v2/_catalog",
        "/v2/_catalog/",
        "/v2/a/b/manifests/latest",
        f"/v2/a/b/manifests/{DIGEST}",
        f"/v2/a/b/blobs/{DIGEST}",
        f"/v2/a/blobs/{DIGEST}",
        "/v2/a/b/blobs/uploads/",
        "/v2/a/b/blobs/uploads",
        "/v2/a/b/blobs/uploads/0b1c",
        "/v2/a/b/blobs/uploads/0b1c/more",
        "/v2/a/b/blobs/uploads/0b1c/",
        "/v2/a/blobs/uploads/manifests/latest",
        "/v2/a/blobs/uploads/tags/list",
        "/v2/a/manifests/blobs/uploads/",
        "/v2/a/tags/list",
        "/v2/a/b/tags/list/",
        "/v2/a/manifests/",
        "/v2/a/manifests",
        "/v2/manifests/x",
        f"/v2/a/b/referrers/{DIGEST}",
        "/v2/a\n/manifests/x",
        "/v2/nothing",
        "/v1/search",
        "/v1/search/",
        "/v1/_ping",
        "/v1/users",
        "/service/token",
        "/service/token/",
        "/service/token/jwks.json",
        "/service/token/more",
    ],
)
def test_the_name_is_that_of_the_route_that_answers(path: str) -> None:
    found = resolve(path, "wharf.urls_registry").route
    pattern = found.removeprefix(r"(?s)\A").removesuffix(r"\Z")
    assert route_names.name_of(path) == NAMES[pattern]

"""What pages load."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from frontend import assets
from frontend.answers import see_other
from frontend.methods import READ

YEAR = 31_536_000


@READ
def asset(request: HttpRequest, name: str) -> HttpResponse:
    """A file under the name that carries its hash, packed for who unpacks."""
    found = assets.by_name(name)
    if found is None:
        raise Http404
    is_packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(found.packed if is_packed else found.content, content_type=found.content_type)
    if is_packed:
        response["Content-Encoding"] = "gzip"
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    patch_vary_headers(response, ("Accept-Encoding",))
    return response


@READ
def icon(_request: HttpRequest) -> HttpResponse:
    """Where browsers look for a site's picture by themselves."""
    return see_other(assets.url("wharf.svg"))

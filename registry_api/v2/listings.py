"""Lists: tags of a repository, repositories of the registry, referrers of a digest (distribution specification, "Listing")."""

from __future__ import annotations

from urllib.parse import urlencode

import orjson
from django.http import HttpRequest, HttpResponse

from access.principal import ActorKind
from artifacts import queries
from artifacts.queries import Page, Referrer
from core.oci.digest import Digest
from core.oci.media_types import OCI_INDEX
from core.oci.paging import parse_page_size
from registry_api.v2.challenge import Challenge
from registry_api.v2.endpoint import Request
from registry_api.v2.errors import JSON
from registry_api.v2.lane_note import note_of

MAX_TAGS = 10_000
CATALOG_DEFAULT = 100
CATALOG_MAX = 1000
CATALOG_SCOPE = "registry:catalog:*"
MAX_REFERRERS = 10_000
# Clients that read only the first page must find everything there, as long as they would take it at all.
MAX_REFERRERS_BYTES = 4 * 1024 * 1024 - 64 * 1024


def tags(request: Request) -> HttpResponse:
    limit = parse_page_size(request.http.GET.get("n"), default=MAX_TAGS, maximum=MAX_TAGS)
    names = queries.tags_page(request.target, last=_last(request.http), limit=limit + 1)
    note_of(request.http.META).keep = True
    return _page(request.http, {"name": str(request.target.name)}, "tags", names, limit=limit)


def catalog(request: Request) -> HttpResponse:
    """Repositories the caller may pull by the roles of this moment. Raises Challenge for the anonymous."""
    claims = request.caller.claims
    if request.actor.kind is ActorKind.ANONYMOUS or (claims is not None and not claims.may_list_catalog):
        error = "insufficient_scope" if claims is not None else ""
        raise Challenge("the catalog needs a signed-in user", scopes=[CATALOG_SCOPE], error=error)
    limit = parse_page_size(request.http.GET.get("n"), default=CATALOG_DEFAULT, maximum=CATALOG_MAX)
    names = queries.catalog_page(request.actor, last=_last(request.http), limit=limit + 1)
    return _page(request.http, {}, "repositories", names, limit=limit)


def _last(http: HttpRequest) -> str:
    """The name a page starts after; PostgreSQL takes no NUL, and no name has one."""
    return http.GET.get("last", "").replace("\0", "").encode("utf-8", "replace").decode()


def _page(http: HttpRequest, head: dict[str, str], key: str, names: list[str], *, limit: int) -> HttpResponse:
    """One page of names; `names` holds one more than fits when there is a next page."""
    shown = names[:limit]
    response = HttpResponse(orjson.dumps(head | {key: shown}), content_type=JSON)
    if shown and len(names) > limit:
        response["Link"] = _next(http, n=str(limit), last=shown[-1])
    return response


def _next(http: HttpRequest, **changed: str) -> str:
    """RFC 8288 link to the next page, path-only, with the client's other parameters kept."""
    kept = [(key, value) for key, values in http.GET.lists() if key not in changed for value in values]
    query = urlencode([*kept, *changed.items()], errors="replace")
    return f'<{_escaped(http.path)}?{query}>; rel="next"'


def _escaped(path: str) -> str:
    return path.replace("<", "%3C").replace(">", "%3E")


def referrers(request: Request, digest: Digest) -> HttpResponse:
    """An index of the manifests that name `digest` their subject; empty, never 404, when there are none."""
    wanted = request.http.GET.get("artifactType")
    # A literal + arrives as a space from clients that do not escape it; media types have none.
    artifact_type = _text(wanted).replace(" ", "+") if wanted else None
    asked = parse_page_size(request.http.GET.get("n"), default=MAX_REFERRERS, maximum=MAX_REFERRERS)
    page = Page(_after(request.http), asked, MAX_REFERRERS_BYTES)
    shown, more = queries.referrers(request.target, digest, artifact_type=artifact_type, page=page)
    response = HttpResponse(_index(shown), content_type=OCI_INDEX)
    if artifact_type is not None:
        response["OCI-Filters-Applied"] = "artifactType"
    if shown and more:
        response["Link"] = _next(request.http, after=str(shown[-1].artifact_id))
    return response


def _text(value: str) -> str:
    return value.replace("\0", "").encode("utf-8", "replace").decode()


def _after(http: HttpRequest) -> int:
    """The artifact id the page starts after, as our own Link said it; anything else starts at the first."""
    given = http.GET.get("after", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0


def _index(found: list[Referrer]) -> bytes:
    return orjson.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [_descriptor(referrer) for referrer in found],
        }
    )


def _descriptor(referrer: Referrer) -> dict[str, object]:
    described: dict[str, object] = {
        "mediaType": referrer.media_type,
        "digest": str(referrer.digest),
        "size": referrer.size,
    }
    if referrer.artifact_type:
        described["artifactType"] = referrer.artifact_type
    if referrer.annotations != "{}":
        described["annotations"] = orjson.Fragment(referrer.annotations)
    return described

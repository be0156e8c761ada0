"""Uploads: POST, PATCH, PUT, GET and DELETE of sessions (distribution specification, "Pushing blobs")."""

from __future__ import annotations

from itertools import chain
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from artifacts import blobs, uploads
from artifacts.repositories import Target
from artifacts.uploads import NO_BYTES, Chunk
from core.errors import DigestInvalid, NameInvalid, UploadOutOfOrder
from core.oci.digest import Algorithm, Digest
from core.oci.names import RepositoryName, check_external
from core.oci.ranges import ContentRange, parse_content_range
from projects import registry_access
from projects.queries import find_ref
from registry_api.v2.body import Body
from registry_api.v2.challenge import Challenge
from registry_api.v2.endpoint import Request
from registry_api.v2.errors import render


def start(request: Request) -> HttpResponse:
    """Mount, push in one request, or open a session, in this order of preference."""
    query = request.http.GET
    check_external(request.target.name, request.http.META.get("HTTP_HOST", ""))
    if "mount" in query:
        digest = Digest.parse(query["mount"])
        if _mounted(request, digest):
            return _created(request.target, digest)
        return _accepted(request.target, uploads.start(request.actor, request.target))
    if hint := query.get("digest-algorithm"):
        Algorithm.parse(hint)
    if (whole := query.get("digest")) and (pushed := _push_whole(request, Digest.parse(whole))) is not None:
        return pushed
    return _accepted(request.target, uploads.start(request.actor, request.target))


def _push_whole(request: Request, digest: Digest) -> HttpResponse | None:
    """None when there are no bytes to push: the client only announces the digest and goes on with a session."""
    pieces = Body(request.http).pieces()
    first = next(pieces, None)
    if first is None and digest != Digest.of(b"", digest.algorithm):
        return None
    uploads.push(
        request.actor, request.target, digest, Chunk(chain(() if first is None else (first,), pieces))
    )
    return _created(request.target, digest)


def _mounted(request: Request, digest: Digest) -> bool:
    """Whether the blob was mounted: from the repository named and no other, or from anywhere when none is named."""
    if "from" not in request.http.GET:
        return blobs.mount(request.actor, request.target, digest, source=None)
    source = _source(request)
    return source is not None and blobs.mount(request.actor, request.target, digest, source=source)


def _source(request: Request) -> Target | None:
    """The repository to mount from, None if it cannot be one. Raises Challenge when the token was never asked for it.

    What exists is not looked at here: whether the client must ask for a wider token depends on the token alone.
    """
    named = mount_source(request.http, request.target.name)
    if named is None:
        return None
    claims = request.caller.claims
    if claims is None:
        project = find_ref(named.project)
        return None if project is None else Target(named, project)
    if str(named) not in claims.repositories:
        scopes = [f"repository:{request.target.name}:pull,push", f"repository:{named}:pull"]
        raise Challenge(f"the token does not cover {named}", scopes=scopes, error="insufficient_scope")
    project = registry_access.project_of(claims, named.project)
    return None if project is None else Target(named, project)


def mount_source(http: HttpRequest, target: RepositoryName) -> RepositoryName | None:
    """A usable `from` of a mount request: another repository with a legal name."""
    try:
        named = RepositoryName.parse(http.GET.get("from", ""))
    except NameInvalid:
        return None
    return None if named == target or named.is_bare else named


def mount_scopes(http: HttpRequest, target: RepositoryName) -> list[str]:
    """The scope that a challenge to a mount names beside the target's."""
    named = mount_source(http, target) if "mount" in http.GET else None
    return [] if named is None else [f"repository:{named}:pull"]


def append(request: Request, upload: UUID) -> HttpResponse:
    try:
        end = uploads.append(request.actor, request.target, upload, _chunk(request.http))
    except UploadOutOfOrder as error:
        return _out_of_order(request.target, upload, error)
    return _progress(HttpResponse(status=202), request.target, upload, end)


def finish(request: Request, upload: UUID) -> HttpResponse:
    given = request.http.GET.get("digest")
    if not given:
        raise DigestInvalid("the digest parameter is missing: PUT <location>?digest=sha256:...")
    digest = Digest.parse(given)
    try:
        uploads.finish(request.actor, request.target, upload, digest=digest, chunk=_chunk(request.http))
    except UploadOutOfOrder as error:
        return _out_of_order(request.target, upload, error)
    return _created(request.target, digest)


def _chunk(http: HttpRequest) -> Chunk:
    """The body as the service takes it; a Content-Range that runs backwards is out of order, as one that starts elsewhere."""
    body = Body(http)
    header = http.META.get("HTTP_CONTENT_RANGE")
    if header is None:
        return NO_BYTES if body.length == 0 else Chunk(body.pieces())
    span = parse_content_range(header)
    return Chunk(body.pieces(expected=span.length), start=_start(span))


def _start(span: ContentRange) -> int:
    if span.length < 1:
        # No session ends there, so the claim is refused with the offset at which this one does.
        return -1
    return span.first


def status(request: Request, upload: UUID) -> HttpResponse:
    end = uploads.received(request.actor, request.target, upload)
    return _progress(HttpResponse(status=204), request.target, upload, end)


def cancel(request: Request, upload: UUID) -> HttpResponse:
    try:
        uploads.cancel(request.actor, request.target, upload)
    except UploadOutOfOrder as error:
        return _out_of_order(request.target, upload, error)
    return HttpResponse(status=204)


def _created(target: Target, digest: Digest) -> HttpResponse:
    response = HttpResponse(status=201)
    response["Location"] = f"/v2/{target.name}/blobs/{digest}"
    response["Docker-Content-Digest"] = str(digest)
    return response


def _accepted(target: Target, upload: UUID) -> HttpResponse:
    return _progress(HttpResponse(status=202), target, upload, 0)


def _progress(response: HttpResponse, target: Target, upload: UUID, end: int) -> HttpResponse:
    """`Range` reads 0-0 before the first byte too: docker fails on a missing one and on `0--1`."""
    response["Location"] = f"/v2/{target.name}/blobs/uploads/{upload}"
    response["Docker-Upload-UUID"] = str(upload)
    response["Range"] = f"0-{max(end - 1, 0)}"
    return response


def _out_of_order(target: Target, upload: UUID, error: UploadOutOfOrder) -> HttpResponse:
    """416 that tells where to go on; the session survives."""
    return _progress(render(error), target, upload, error.offset)

"""GET, HEAD and DELETE of blobs (distribution specification, "Pulling blobs", "Deleting blobs")."""

from __future__ import annotations

from typing import BinaryIO, TypeVar

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from access.check import registry_actions
from artifacts import blobs, queries
from artifacts.queries import LinkedBlob
from artifacts.storage import open_blob
from core.errors import BlobUnknown, StorageFailed
from core.oci.digest import Digest
from core.oci.media_types import OCTET_STREAM
from core.oci.ranges import Part, Unsatisfiable, Whole, parse_range
from database.transactions import release_connection
from registry_api.v2 import accel
from registry_api.v2.conditions import etag, is_unmodified
from registry_api.v2.endpoint import Request
from registry_api.v2.lane_note import MAX_BODY, note_of

Response = TypeVar("Response", bound=HttpResponseBase)
BLOCK_SIZE = 256 * 1024


def head(request: Request, digest: Digest) -> HttpResponse:
    """The headers of `get`, from the database alone; with push scope the blob stays referenceable for a lease."""
    may_push = _may_push(request)
    blob = queries.blob(request.target, digest, to_push=may_push)
    if may_push:
        if not blob.is_whole:
            # The client now uploads it, which heals the blob.
            raise BlobUnknown(f"blob {digest} is damaged here: push it again", digest=str(digest))
        blobs.pin(blob)
    if is_unmodified(request.http, blob.digest):
        return _headers(HttpResponse(status=304), blob)
    note = note_of(request.http.META)
    note.keep, note.leased = True, may_push
    response = _headers(HttpResponse(content_type=OCTET_STREAM), blob)
    response["Content-Length"] = str(blob.size)
    return response


def _may_push(request: Request) -> bool:
    """By the token; by the roles of this moment for a caller who came with a password."""
    grants = request.actor.grants
    if grants is None:
        target = request.target
        return "push" in registry_actions(request.actor, target.project, repository=str(target.name))
    return "push" in grants.get(str(request.target.name), frozenset())


def get(request: Request, digest: Digest) -> HttpResponseBase:
    """The bytes, whole or one range of them, by the server's sendfile where it has one."""
    blob = queries.blob(request.target, digest)
    if is_unmodified(request.http, blob.digest):
        return _headers(HttpResponse(status=304), blob)
    if not blob.is_whole:
        raise StorageFailed(f"blob {digest} is damaged here: push it again", digest=str(digest))
    wanted = parse_range(_range(request, blob), blob.size)
    if isinstance(wanted, Unsatisfiable):
        refused = _headers(HttpResponse(status=416, content_type=OCTET_STREAM), blob)
        refused["Content-Range"] = f"bytes */{blob.size}"
        return refused
    if (elsewhere := accel.location(request.http, blob)) is not None:
        return _handed_to_nginx(request.http, blob, elsewhere)
    return _stream(
        request,
        blob,
        Part(0, blob.size - 1) if isinstance(wanted, Whole) else wanted,
        is_whole=isinstance(wanted, Whole),
    )


def _range(request: Request, blob: LinkedBlob) -> str | None:
    """The Range header, unless If-Range says that the client holds part of something else (RFC 9110 §13.1.5)."""
    condition = request.http.META.get("HTTP_IF_RANGE")
    if condition is not None and condition.strip() not in (etag(blob.digest), str(blob.digest)):
        return None
    header: str | None = request.http.META.get("HTTP_RANGE")
    return header


def _handed_to_nginx(request: HttpRequest, blob: LinkedBlob, location: str) -> HttpResponse:
    """nginx sends the file, a range of it too; opened here first, so that a lost one is noticed and healed."""
    open_blob(blob.storage_key, size=blob.size).close()
    response = HttpResponse(content_type=OCTET_STREAM)
    response["X-Accel-Redirect"] = location
    _headers(response, blob)
    if "HTTP_RANGE" not in request.META:
        # nginx puts its own on a whole file, and none on a range.
        del response["Accept-Ranges"]
    return response


def _small(request: Request, blob: LinkedBlob, stream: BinaryIO) -> HttpResponse:
    """A blob that is cheaper to read than to stream; the read lane may answer the next request for it."""
    with stream:
        response = HttpResponse(stream.read(blob.size), content_type=OCTET_STREAM)
    note_of(request.http.META).keep = True
    return _headers(response, blob)


def _stream(request: Request, blob: LinkedBlob, part: Part, *, is_whole: bool) -> HttpResponseBase:
    stream = open_blob(blob.storage_key, size=blob.size, offset=part.first)
    if is_whole and blob.size <= MAX_BODY:
        return _small(request, blob, stream)
    # A slow client must not hold a database connection.
    release_connection()
    response = FileResponse(
        _Bounded(stream, part.length), status=200 if is_whole else 206, content_type=OCTET_STREAM
    )
    response.block_size = BLOCK_SIZE
    response["Content-Length"] = str(part.length)
    if not is_whole:
        response["Content-Range"] = part.content_range(blob.size)
    return _headers(response, blob)


class _Bounded:
    """A file that ends after `left` bytes. By `fileno` the server may use sendfile(2), which Content-Length bounds too."""

    def __init__(self, stream: BinaryIO, left: int) -> None:
        self._stream = stream
        self._left = left

    def fileno(self) -> int:
        return self._stream.fileno()

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        self._stream.close()


def _headers(response: Response, blob: LinkedBlob) -> Response:
    response["Docker-Content-Digest"] = str(blob.digest)
    response["ETag"] = etag(blob.digest)
    response["Accept-Ranges"] = "bytes"
    # Bytes under a digest never change; "private" keeps them out of shared caches that check no rights.
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


def delete(request: Request, digest: Digest) -> HttpResponse:
    blobs.delete(request.actor, request.target, digest)
    return HttpResponse(status=202)

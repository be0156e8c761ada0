"""GET, HEAD, PUT and DELETE of manifests by tag or digest (distribution specification, "Pulling" and "Pushing manifests")."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from artifacts import manifests, queries, tags
from artifacts.manifests import Push
from artifacts.queries import StoredManifest
from audit import pulls
from core.errors import ReferenceInvalid, TooManyTags
from core.oci.digest import Digest
from core.oci.manifest import MAX_MANIFEST_BYTES, parse_manifest
from core.oci.media_types import INDEXES, AcceptList
from core.oci.names import check_external
from core.oci.negotiation import child_to_serve
from core.oci.reference import Tag
from registry_api.v2.body import Body
from registry_api.v2.conditions import etag, is_unmodified, on_tag
from registry_api.v2.endpoint import Request
from registry_api.v2.lane_note import note_of

MAX_TAGS = 32


def get(request: Request, reference: Tag | Digest) -> HttpResponse:
    """The stored bytes under their stored type. A pull is noted, a HEAD is not."""
    manifest = _negotiated(request, reference, queries.manifest(request.target, reference))
    if is_unmodified(request.http, manifest.digest):
        return _headers(HttpResponse(status=304), manifest)
    response = _headers(HttpResponse(manifest.payload, content_type=manifest.media_type), manifest)
    response["Content-Length"] = str(len(manifest.payload))
    note = note_of(request.http.META)
    note.keep = True
    if request.http.method == "GET":
        note.pull = _pull(request, reference, manifest)
        pulls.note(pulls.PullLine.of(request.actor, **note.pull))
    return response


def _pull(request: Request, reference: Tag | Digest, manifest: StoredManifest) -> dict[str, Any]:
    """What a pull line says beside who pulled."""
    return {
        "project_id": request.target.project.id,
        "repository_id": manifest.repository_id,
        "repository": str(request.target.name),
        "digest": str(manifest.digest),
        "tag": reference.value if isinstance(reference, Tag) else "",
    }


def _negotiated(request: Request, reference: Tag | Digest, stored: StoredManifest) -> StoredManifest:
    """A client that knows no index gets the linux/amd64 child of one it named by tag; by digest it gets what it asked for."""
    if isinstance(reference, Digest) or stored.media_type not in INDEXES:
        return stored
    accept = AcceptList.parse([request.http.META.get("HTTP_ACCEPT", "")])
    if not accept.only_images:
        return stored
    digest = child_to_serve(
        accept, stored.media_type, parse_manifest(stored.payload, stored.media_type).children
    )
    return stored if digest is None else queries.child(request.target, digest) or stored


def _headers(response: HttpResponse, manifest: StoredManifest) -> HttpResponse:
    response["Docker-Content-Digest"] = str(manifest.digest)
    response["ETag"] = etag(manifest.digest)
    response["Vary"] = "Accept"
    return response


def put(request: Request, reference: Tag | Digest) -> HttpResponse:
    """Store a manifest under its digest and set the tag of the path, or those of the `tag` parameters, all or none."""
    names = _tag_parameters(request.http, reference)
    check_external(request.target.name, request.http.META.get("HTTP_HOST", ""))
    payload = Body(request.http).whole(MAX_MANIFEST_BYTES)
    manifest = parse_manifest(payload, request.http.META.get("CONTENT_TYPE") or None)
    push = Push.of(manifest, reference, names, on_tag(request.http))
    manifests.put(request.actor, request.target, push)
    response = HttpResponse(status=201)
    response["Location"] = f"/v2/{request.target.name}/manifests/{push.digest}"
    response["Docker-Content-Digest"] = str(push.digest)
    if manifest.subject is not None:
        response["OCI-Subject"] = str(manifest.subject.digest)
    if names:
        response["OCI-Tag"] = ", ".join(name.value for name in names)
    return response


def _tag_parameters(http: HttpRequest, reference: Tag | Digest) -> list[Tag]:
    """The `tag` parameters, each once. Raises TooManyTags, ReferenceInvalid."""
    given = http.GET.getlist("tag")
    if len(given) > MAX_TAGS:
        raise TooManyTags(f"at most {MAX_TAGS} tags can be set with one manifest, not {len(given)}")
    if given and isinstance(reference, Tag):
        raise ReferenceInvalid("tag parameters go with a PUT by digest, this one names a tag in its path")
    return list(dict.fromkeys(Tag.parse(name) for name in given))


def delete(request: Request, reference: Tag | Digest) -> HttpResponse:
    """A tag alone, or a manifest with all its tags."""
    if isinstance(reference, Tag):
        tags.delete(request.actor, request.target, reference)
    else:
        manifests.delete(request.actor, request.target, reference)
    return HttpResponse(status=202)

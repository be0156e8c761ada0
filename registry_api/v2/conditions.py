"""Conditional requests: a digest is a strong validator (RFC 9110 §8.8.3, §13)."""

from __future__ import annotations

from django.http import HttpRequest

from artifacts.tags import Conditions
from core.oci.digest import Digest


def etag(digest: Digest) -> str:
    """The entity tag of the bytes with this digest."""
    return f'"{digest}"'


def is_unmodified(request: HttpRequest, digest: Digest) -> bool:
    """Whether If-None-Match names these bytes: quoted, bare or weak."""
    return str(digest) in _digests(request.META.get("HTTP_IF_NONE_MATCH", ""))


def on_tag(request: HttpRequest) -> Conditions:
    """What a manifest PUT demands of the tag's present state."""
    must_match = request.META.get("HTTP_IF_MATCH", "")
    return Conditions(
        must_be_absent=request.META.get("HTTP_IF_NONE_MATCH", "").strip() == "*",
        must_match=tuple(_digests(must_match)) if must_match.strip() != "*" else (),
    )


def _digests(header: str) -> list[str]:
    parts = (part.strip() for part in header.split(","))
    return [part.removeprefix("W/").strip('"') for part in parts if part]

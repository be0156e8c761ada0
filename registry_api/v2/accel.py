"""Large blobs sent by nginx itself (X-Accel-Redirect), so that a slow download holds none of our threads.

nginx decides ranges and conditions of a file it sends by its own rules, which differ from ours (several ranges, `5-2`, If-Range
with a digest). It is therefore handed only what can be read in one way: no condition, and no range or one of the form
`bytes=<first>-[<last>]` that was found satisfiable before. Everything else is answered here and passes through nginx.
"""

from __future__ import annotations

import re

from django.conf import settings
from django.http import HttpRequest

from access.origin import is_behind_proxy
from artifacts.queries import LinkedBlob
from registry_api.v2.lane_note import MAX_BODY

_PLAIN_RANGE = re.compile(r"bytes=[0-9]{1,18}-([0-9]{1,18})?", re.ASCII)
_CONDITIONS = (
    "HTTP_IF_MATCH",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_UNMODIFIED_SINCE",
    "HTTP_IF_RANGE",
)


def location(request: HttpRequest, blob: LinkedBlob) -> str | None:
    """The internal path at which nginx finds the bytes; None when they are to be sent from here."""
    prefix: str = settings.WHARF_X_ACCEL
    # A small one is answered from memory sooner than nginx opens its file.
    if not prefix or blob.size <= MAX_BODY or not is_behind_proxy(request):
        return None
    if any(name in request.META for name in _CONDITIONS):
        return None
    if _PLAIN_RANGE.fullmatch(request.META.get("HTTP_RANGE", "bytes=0-")) is None:
        return None
    return f"{prefix.rstrip('/')}/{blob.storage_key}"

"""Where a browser may be sent after signing in: to a page of ours, whatever the request asked for."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from django.utils.http import url_has_allowed_host_and_scheme

HOME: Final = "/"
MAX_LENGTH: Final = 2048


def own(text: str) -> str:
    """`text` if it is a path here ("/p/team?tab=members"), else the front page.

    Browsers read "//host", "/\\host" and tabs within as another host, and a path of ours never has them.
    Source: OWASP, Unvalidated Redirects and Forwards Cheat Sheet.
    """
    if not text.startswith("/") or len(text) > MAX_LENGTH or "\\" in text or not text.isprintable():
        return HOME
    return text if _is_path(text) and url_has_allowed_host_and_scheme(text, allowed_hosts=None) else HOME


def _is_path(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc and not text.startswith("//")

"""What every page is told, also one that says that nothing works: nothing here asks the database unless a page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.utils import translation

from access.principal import ActorKind
from accounts import browser
from frontend import assets, preferences
from frontend.banner import banners
from frontend.done import done
from frontend.hosts import address

# In the order of the fields of Files.
LOADED: Final = ("wharf.css", "theme.js", "htmx.js", "wharf.js", "wharf.svg")


@dataclass(frozen=True, slots=True)
class Files:
    """Where the page finds what it loads."""

    stylesheet: str
    theme: str
    htmx: str
    script: str
    icon: str


def base(request: HttpRequest) -> dict[str, Any]:
    """`files`; `look`: the preferences in force; `lang`: of the page, as HTML writes it; `host`: as people type it; `here`:
    the page's own path, to come back to; `banners`: what everybody is told; `visitor`: whoever is signed in."""
    return {
        "files": Files(*map(assets.url, LOADED)),
        "look": preferences.active(),
        "lang": html_language(),
        "done": done(request),
        "languages": settings.LANGUAGES,
        "host": _host(request),
        "here": request.get_full_path() if request.method in ("GET", "HEAD") else request.path,
        "banners": banners,
        "visitor": lambda: _visitor(request),
    }


def html_language() -> str:
    """ "en", "zh-Hans": BCP 47 writes a script with a capital."""
    name, _, script = (translation.get_language() or preferences.ENGLISH).partition("-")
    return f"{name}-{script.capitalize()}" if script else name


def _host(request: HttpRequest) -> str:
    try:
        return address(request).host
    except DisallowedHost:
        return ""


def _visitor(request: HttpRequest) -> str:
    actor = browser.actor_of(request)
    return "" if actor.kind is ActorKind.ANONYMOUS else actor.name

"""What every page is told."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from access.principal import ActorKind
from accounts import browser
from frontend.assets import assets


def page(request: HttpRequest) -> dict[str, Any]:
    """`stylesheet`, `icon`: their names; `visitor`: whoever is signed in, "" for nobody, looked up by pages that show it."""
    files = assets()
    return {
        "stylesheet": files["wharf.css"].name,
        "icon": files["wharf.svg"].name,
        "visitor": lambda: _visitor(request),
    }


def _visitor(request: HttpRequest) -> str:
    actor = browser.actor_of(request)
    return "" if actor.kind is ActorKind.ANONYMOUS else actor.name

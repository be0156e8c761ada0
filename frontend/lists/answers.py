"""How a list is answered: the page, or for a script that has the page already the list alone."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from frontend.answers import is_fragment
from frontend.lists.shown import Shown
from frontend.shell import Place, page


def answer(request: HttpRequest, template: str, context: Any, shown: Shown, *, at: Place) -> HttpResponse:
    """The page of `template` with the fields of `context`, of which `list` is the list; or the list, and nothing around it."""
    if is_fragment(request) and request.headers.get("HX-Target") == "list":
        response = render(request, "frontend/lists/fragment.html", {"list": shown})
        response["HX-Push-Url"] = shown.url
    else:
        response = page(request, template, context, at=at)
    patch_vary_headers(response, ("HX-Request", "Accept-Language"))
    return response

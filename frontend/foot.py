"""The last line of a page: where its help is, and the call of the REST API that does the same."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from frontend import api_calls
from frontend.page_topics import OF_ROUTE


@dataclass(frozen=True, slots=True)
class Foot:
    """`help`: the place in the help that is about this page; `call`: None where the API has none for it."""

    help: str
    call: api_calls.Shown | None


def foot(request: HttpRequest) -> Foot:
    """Of the page that the request asks for."""
    match = request.resolver_match
    topic = OF_ROUTE.get(match.view_name) if match is not None else None
    return Foot(
        f"{reverse('help_pages')}#{topic.name}" if topic else reverse("help"), api_calls.shown(request)
    )

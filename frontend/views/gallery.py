"""Every component in its states, for who builds pages and for the tests that look at them."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from frontend import gallery
from frontend.methods import READ
from frontend.shell import Place, ProjectPlace, page


@READ
def show(request: HttpRequest) -> HttpResponse:
    """404 unless WHARF_GALLERY is on: nobody who uses a registry looks for it."""
    if not settings.WHARF_GALLERY:
        raise Http404
    sections = frozenset({"project", "project_repos"})
    return page(
        request, "frontend/gallery.html", gallery.shown(), at=Place("", ProjectPlace("team", sections))
    )

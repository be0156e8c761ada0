"""The web side: pages and the REST API, everything that is not the distribution API."""

from __future__ import annotations

from django.urls.resolvers import URLPattern, URLResolver

from frontend import urls as pages
from registry_api.rest import urls as rest

# What Django asks this module for.
handler400 = "frontend.views.problems.bad_request"
handler404 = "frontend.views.problems.not_found"
handler500 = "frontend.views.problems.broken"

urlpatterns: list[URLPattern | URLResolver] = [
    *pages.urlpatterns,
    *rest.urlpatterns,
]

"""The web side: pages and the REST API, everything that is not the distribution API."""

from __future__ import annotations

from django.urls import path
from django.urls.resolvers import URLPattern, URLResolver

from frontend.views import home
from registry_api.rest import urls as rest

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.show, name="home"),
    path("static/<str:name>", home.asset, name="asset"),
    *rest.urlpatterns,
]

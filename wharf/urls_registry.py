"""The distribution API and the token service, and how they answer what matches no route."""

from __future__ import annotations

from registry_api.v2.urls import urlpatterns

__all__ = ["urlpatterns"]

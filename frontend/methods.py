"""By which methods a page is asked for: told of its view, and checked before anything else is (frontend.middleware)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]

_MARK: Final = "wharf_methods"


def takes(*methods: str) -> Callable[[View], View]:
    """Mark a view with its methods. Checked outside it: whether a form was meant is asked of methods that exist alone."""

    def mark(view: View) -> View:
        setattr(view, _MARK, methods)
        return view

    return mark


def methods_of(view: View) -> tuple[str, ...]:
    """Those it was marked with, none for the views of others."""
    return cast("tuple[str, ...]", getattr(view, _MARK, ()))


READ: Final = takes("GET", "HEAD")
FORM: Final = takes("GET", "HEAD", "POST")

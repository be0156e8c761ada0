"""Answers that are no page of their own: a redirect after a form, and a refusal that says what to do."""

from __future__ import annotations

import re
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext, pgettext

from access.origin import origin_of
from frontend.messages import said

IS_NAMED: Final = re.compile(r"\S+ is unknown in ")
# What stands over a page that says what is wrong.
PICTURES: Final = {
    400: "help-circle",
    403: "lock",
    404: "search",
    405: "ban",
    409: "refresh",
    413: "ban",
    429: "clock",
    503: "clock",
}


class SeeOther(HttpResponseRedirect):
    """303: what comes next is a GET, whatever was sent."""

    status_code = 303


def see_other(path: str) -> HttpResponse:
    """To a path of ours."""
    return SeeOther(path)


def problem(
    request: HttpRequest,
    status: int,
    title: str,
    text: str,
    *,
    to: str = "/",
    label: str = "",
    around: object = None,
    wait: int = 0,
) -> HttpResponse:
    """A page that says what happened and leads on (nowhere where `to` is ""). Needs no database.

    `around`: what a nearby.Around has, for the pages that may ask one. `wait`: seconds after which it may work.
    """
    told = {
        "status": status,
        "title": title,
        "text": text,
        "link": to,
        "link_text": label or gettext("To the front page"),
        "request_id": origin_of(request).request_id,
        "around": around,
        "shell": getattr(around, "shell", None),
        "wait": wait,
        "picture": PICTURES.get(status, "alert-triangle"),
    }
    return render(request, "frontend/problem.html", told, status=status)


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page, and not for what stood there before."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def plain(text: str, status: int = 200) -> HttpResponse:
    """A line for programs."""
    return HttpResponse(text and f"{text}\n", status=status, content_type="text/plain; charset=utf-8")


def sentence(message: str) -> str:
    """A message of the domain as it stands on a page, in the page's language where it is one of those that are translated."""
    told = said(message)
    # What nobody translated stays English to its end.
    stop = "." if told == message else pgettext("the end of a sentence", ".")
    # A tag at its beginning keeps its letters: another one may be called V1.0.
    begun = told if IS_NAMED.match(told) else f"{told[:1].upper()}{told[1:]}"
    return f"{begun}{'' if told.endswith(('.', '。')) else stop}"

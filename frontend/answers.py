"""Answers that are no page of their own: a redirect after a form, and a refusal that says what to do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from access.origin import origin_of


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
    label: str = "To the front page",
) -> HttpResponse:
    """A page that says what happened and leads on (nowhere where `to` is ""). Needs no database."""
    told = {
        "title": title,
        "text": text,
        "link": to,
        "link_text": label,
        "request_id": origin_of(request).request_id,
    }
    return render(request, "frontend/problem.html", told, status=status)


def plain(text: str, status: int = 200) -> HttpResponse:
    """A line for programs."""
    return HttpResponse(text and f"{text}\n", status=status, content_type="text/plain; charset=utf-8")


def sentence(message: str) -> str:
    """A message of the domain as it stands on a page."""
    return f"{message[:1].upper()}{message[1:]}{'' if message.endswith('.') else '.'}"

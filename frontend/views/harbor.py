"""Where Harbor's programs sign a browser session in and out. They read statuses; people have the pages under /auth/."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from accounts import browser
from frontend.answers import plain, see_other
from frontend.methods import FORM
from frontend.views import auth


@FORM
def login(request: HttpRequest) -> HttpResponse:
    """200 with the cookie for a form of `principal` and `password`, else 401, 429 or 503 with a sentence."""
    if request.method != "POST":
        return see_other("/auth/login")
    try:
        key = auth.begin(request)
    except auth.Refusals as refusal:
        return auth.refused(plain(auth.told(refusal)), refusal)
    response = plain("")
    browser.give(request, response, key)
    return response


@FORM
def log_out(request: HttpRequest) -> HttpResponse:
    """200 without the cookie. Harbor does this on GET, where any page could make a browser do it."""
    if request.method != "POST":
        return see_other("/auth/logout")
    auth.finish(request, browser.session_of(request))
    response = plain("")
    browser.take(request, response)
    return response

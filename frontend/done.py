"""What a page says of the form that led to it."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from frontend.answers import see_other

# What stands in `?done=` -> what is said. Nothing else is: whoever makes a link chooses no words here.
DONE: Final[dict[str, str | Promise]] = {
    "saved": _("Saved."),
    "password": _("The password was changed. All other sessions have ended."),
    "session": _("The session was ended."),
    "sessions": _("All other sessions were ended."),
    "revoked": _("The token was revoked. What was got by it ends within five seconds."),
    "tags-deleted": _("Deleted. The timeline shows what the tags pointed at, and restores them."),
    "deleted": _("Deleted."),
    "some-deleted": _(
        "Not everything was deleted: what has changed meanwhile, or has become immutable, stays."
    ),
    "restored": _("The tag was restored."),
    "tag-added": _("The tag was added."),
    "labels": _("The labels were saved."),
    "copied": _("The artifact was copied here."),
    "immutable": _("The tag is immutable now: nobody can move or delete it."),
    "mutable": _("The tag can be moved and deleted again."),
    "project": _(
        "The project was created. Push the first image to it; “wharf member add” and the REST API add members."
    ),
}


def done(request: HttpRequest) -> str | Promise:
    """What is said of the form that led here, "" for none."""
    return DONE.get(request.GET.get("done", ""), "")


def see_done(path: str, word: str, **query: str) -> HttpResponse:
    """To a path of ours, with its query apart, which says what was done: a word of DONE."""
    return see_other(f"{path}?{urlencode(query | {'done': word})}")

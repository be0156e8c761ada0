"""The tab of the tags that ever pointed at an artifact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from artifacts.browsing import pointers
from artifacts.browsing.pointers import Change
from artifacts.browsing.sheets import Sheet
from artifacts.places import Located
from core.oci.digest import Digest
from frontend.places import address
from frontend.sheets.overview import own_page

CAME: Final[dict[str, str | Promise]] = {
    "create": _("was created here"),
    "move": _("moved here from"),
    "restore": _("was restored"),
}
WENT: Final = _("moved on to")
DELETED: Final = _("was deleted")


@dataclass(frozen=True, slots=True)
class Line:
    """`other`: where the tag came from or went to, "" for nowhere."""

    name: str
    link: str
    words: str | Promise
    icon: str
    other: str
    other_link: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class History:
    """`timeline`: the page of all tags of the repository, "" while there is none."""

    lines: tuple[Line, ...]
    more: bool
    timeline: str
    template: str = "frontend/artifacts/history.html"


def history(place: Located, sheet: Sheet) -> History:
    """One query."""
    found = pointers.of_digest(place, sheet.digest)
    name = str(place.target.name)
    timeline = address("repository_timeline", repository=name)
    if timeline and sheet.tag is not None:
        timeline = f"{timeline}?tag={sheet.tag.name}"
    shown = tuple(_line(place, each, sheet.digest) for each in found[: pointers.MOST])
    return History(shown, len(found) > pointers.MOST, timeline)


def _line(place: Located, each: Change, here: Digest) -> Line:
    comes = each.new == here
    other = each.old if comes else each.new
    icon = "tag" if comes else "trash" if each.new is None else "arrow-up"
    words = CAME.get(each.kind, CAME["move"]) if comes else DELETED if each.new is None else WENT
    return Line(
        name=each.name,
        link=address("tag", repository=str(place.target.name), tag=each.name),
        words=words,
        icon=icon,
        other=str(other or ""),
        other_link=own_page(place, other) if other else "",
        at=each.at,
        by=each.by,
    )

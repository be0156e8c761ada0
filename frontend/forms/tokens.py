"""The form of a new access token: what it is for, where, how long, and from which networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from access.table import P, Permissions
from accounts.keys.lifetimes import FOR_EVER, MOST_DAYS
from config import current
from config.catalogue.tokens import ACCESS_TOKEN_DURATION, ACCESS_TOKEN_MAX_DURATION

READING: Final[Permissions] = frozenset(
    {
        P.PROJECT_READ,
        P.REPOSITORY_LIST,
        P.REPOSITORY_READ,
        P.REPOSITORY_PULL,
        P.ARTIFACT_LIST,
        P.ARTIFACT_READ,
        P.TAG_LIST,
    }
)
PUSHING: Final[Permissions] = READING | {
    P.REPOSITORY_PUSH,
    P.REPOSITORY_CREATE,
    P.ARTIFACT_CREATE,
    P.TAG_CREATE,
}
EVERYTHING: Final = "all"
# What the token is for -> its permissions, within what its owner has; none for all of them.
PURPOSES: Final[dict[str, tuple[str | Promise, Permissions]]] = {
    "pull": (gettext_lazy("Pull"), READING),
    "push": (gettext_lazy("Pull and push"), PUSHING),
    "delete": (gettext_lazy("Pull, push and delete"), PUSHING | {P.TAG_DELETE, P.ARTIFACT_DELETE}),
    EVERYTHING: (gettext_lazy("All that I may do, in projects and in the system"), frozenset()),
}
LIVES: Final = (7, 30, 90, 180, 365)
EVERYWHERE: Final = "*"


@dataclass(slots=True)
class NewToken:
    """As it was typed. `mistakes`: by field, a sentence each."""

    name: str = ""
    purpose: str = "pull"
    places: str = ""
    days: str = ""
    networks: str = ""
    mistakes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, sent: Mapping[str, str]) -> NewToken:
        form = cls(
            sent.get("name", "").strip(),
            sent.get("purpose", "pull"),
            sent.get("places", "").strip(),
            sent.get("days", ""),
            sent.get("networks", "").strip(),
        )
        form.purpose = form.purpose if form.purpose in PURPOSES else "pull"
        if not form.name:
            form.mistakes["name"] = _("Give it a name, so that you know it again when you revoke it.")
        if form.days not in dict(lives()):
            form.mistakes["days"] = _("Choose one of those on the list.")
        if form.purpose == EVERYTHING and form.places:
            form.mistakes["places"] = _(
                "A token for everything is for no single place: leave this empty, or choose less above."
            )
        return form

    @property
    def permissions(self) -> list[dict[str, Any]] | None:
        """As accounts.keys.permission_documents takes it; None for all that its owner may do."""
        if self.purpose == EVERYTHING:
            return None
        access = [
            dict(zip(("resource", "action"), str(each).split(":"), strict=True))
            for each in sorted(PURPOSES[self.purpose][1])
        ]
        return [{"kind": "project", "access": access, **place} for place in _places(self.places.split())]

    @property
    def lives_days(self) -> int | None:
        """None for the usual."""
        return int(self.days) if self.days else None

    @property
    def from_networks(self) -> list[str]:
        return self.networks.replace(",", " ").split()


def lives() -> list[tuple[str, str]]:
    """How long it may live: (what the form sends, words), the usual first, as the settings allow."""
    most, usual = current.get(ACCESS_TOKEN_MAX_DURATION), current.get(ACCESS_TOKEN_DURATION)
    bound = MOST_DAYS if most == FOR_EVER else most
    days = ngettext_lazy("%(count)s day", "%(count)s days", "count")
    ever = [(str(FOR_EVER), _("For ever"))] if most == FOR_EVER else []
    usual_ = str(days % {"count": min(usual, bound)}) if usual != FOR_EVER else _("For ever")
    first = [("", _("As usual here: %(days)s") % {"days": usual_})]
    return first + [(str(each), str(days % {"count": each})) for each in LIVES if each <= bound] + ever


def _places(given: Iterable[str]) -> list[dict[str, Any]]:
    """ "team" is a project, "team/app" or "team/app-*" repositories of it; nothing is everywhere."""
    found: dict[str, list[str]] = {}
    whole: set[str] = set()
    for each in given or (EVERYWHERE,):
        project, _slash, globs = each.partition("/")
        found.setdefault(project, []).extend([globs] if globs else [])
        whole |= set() if globs else {project}
    return [
        {"namespace": project, **({} if project in whole else {"repositories": globs})}
        for project, globs in found.items()
    ]

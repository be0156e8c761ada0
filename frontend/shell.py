"""What stands around every page: the groups of the sidebar by the rights of whoever looks, and the one way to render a view."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from access.principal import ActorKind, Principal
from accounts import browser
from frontend.foot import foot

Words = str | Promise


@dataclass(frozen=True, slots=True)
class ProjectPlace:
    """The project a page is in. `sections`: the names of those its visitor may open (keys of PROJECT_ENTRIES); `counts`: how
    many are in one, where that is known."""

    name: str
    sections: frozenset[str]
    counts: dict[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is: `entry`, the name of its line in the sidebar ("" for none), and its project."""

    entry: str = ""
    project: ProjectPlace | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the sidebar."""

    label: Words
    icon: str
    href: str
    is_current: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A heading and its lines. `name`: of the project, shown as it is."""

    label: Words
    entries: tuple[Entry, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Shell:
    """`visitor`: the name of whoever is signed in, "" for nobody."""

    groups: tuple[Group, ...]
    visitor: str


Allowed = Callable[[Principal], bool]
# The name of the route -> what its line says, and who sees it. A line whose route does not exist is left out.
Line = tuple[str, Words, str, Allowed]


def anybody(_actor: Principal) -> bool:
    return True


def signed_in(actor: Principal) -> bool:
    return actor.kind is not ActorKind.ANONYMOUS


def administrators(actor: Principal) -> bool:
    return actor.is_admin


BROWSE: Final[tuple[Line, ...]] = (
    ("home", _("Home"), "home", anybody),
    ("projects", _("Projects"), "folders", anybody),
    ("audit", _("Audit"), "history", signed_in),
    ("jobs", _("Jobs"), "list-check", signed_in),
)
# Shown on the pages about one's own account alone; the menu of the top bar leads there.
ACCOUNT: Final[tuple[Line, ...]] = (
    ("me_profile", _("Profile"), "user", signed_in),
    ("me_security", _("Security"), "lock", signed_in),
    ("me_tokens", _("Access tokens"), "key", signed_in),
    ("me_access", _("My access"), "shield-check", signed_in),
    ("preferences", _("Preferences"), "adjustments", signed_in),
)
ADMINISTRATION: Final[tuple[Line, ...]] = (
    ("admin", _("Dashboard"), "dashboard", administrators),
    ("admin_users", _("Users and groups"), "user", administrators),
    ("admin_auth", _("Authentication"), "key", administrators),
    ("admin_registries", _("Registries"), "server", administrators),
    ("admin_replication", _("Replication"), "refresh", administrators),
    ("admin_gc", _("Garbage collection"), "trash", administrators),
    ("admin_config", _("Configuration"), "adjustments", administrators),
)
# The names of routes that take `project`.
PROJECT_ENTRIES: Final[tuple[tuple[str, Words, str], ...]] = (
    ("project", _("Overview"), "layout-dashboard"),
    ("project_repos", _("Repositories"), "package"),
    ("project_security", _("Security"), "shield"),
    ("project_storage", _("Storage"), "chart-treemap"),
    ("project_members", _("Members"), "users"),
    ("project_robots", _("Robots"), "robot"),
    ("project_retention", _("Retention"), "recycle"),
    ("project_webhooks", _("Webhooks"), "webhook"),
    ("project_activity", _("Activity"), "activity"),
    ("project_settings", _("Settings"), "settings"),
)


def page(
    request: HttpRequest, template: str, context: Any = None, *, at: Place | None = None, status: int = 200
) -> HttpResponse:
    """The page of a template with the fields of `context`, a dataclass, by their names, and what stands around it."""
    told = {} if context is None else {each.name: getattr(context, each.name) for each in fields(context)}
    told["shell"] = shell(browser.actor_of(request), at or Place())
    told["foot"] = foot(request)
    return render(request, template, told, status=status)


def shell(actor: Principal, at: Place) -> Shell:
    """What stands around a page at that place."""
    groups = [Group(_("Browse"), _lines(BROWSE, actor, at))]
    if at.project is not None:
        groups.append(Group(_("Project"), tuple(_of_project(at.project, at.entry)), at.project.name))
    if at.entry in {name for name, *_rest in ACCOUNT}:
        groups.append(Group(_("Account"), _lines(ACCOUNT, actor, at)))
    groups.append(Group(_("Administration"), _lines(ADMINISTRATION, actor, at)))
    name = actor.name if signed_in(actor) else ""
    return Shell(tuple(group for group in groups if group.entries), name)


def _lines(lines: Iterable[Line], actor: Principal, at: Place) -> tuple[Entry, ...]:
    return tuple(
        Entry(label, icon, address, name == at.entry)
        for name, label, icon, allowed in lines
        if allowed(actor) and (address := _address(name))
    )


def _of_project(place: ProjectPlace, current: str) -> Iterable[Entry]:
    counts = place.counts or {}
    for name, label, icon in PROJECT_ENTRIES:
        if name in place.sections and (address := _address(name, place.name)):
            yield Entry(label, icon, address, name == current, counts.get(name))


def _address(name: str, project: str = "") -> str:
    """The path of a route, "" for one that does not exist."""
    try:
        return reverse(name, kwargs={"project": project} if project else None)
    except NoReverseMatch:
        return ""

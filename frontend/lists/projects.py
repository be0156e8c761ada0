"""The list of projects."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from access.principal import ActorKind, Principal
from access.table import Role
from frontend.components import charts, figures
from frontend.components.markup import markup
from frontend.components.pins import pin_button
from frontend.lists import cells
from frontend.lists.filters import Filter
from frontend.lists.keyset import Kind
from frontend.lists.spec import Column, Empty, Field, ListSpec, Sort
from frontend.places import address
from projects import shelves
from projects.shelves import Row

ROLES: Final = {
    Role.PROJECT_ADMIN: gettext_lazy("Project admin"),
    Role.MAINTAINER: gettext_lazy("Maintainer"),
    Role.DEVELOPER: gettext_lazy("Developer"),
    Role.GUEST: gettext_lazy("Guest"),
    Role.LIMITED_GUEST: gettext_lazy("Limited guest"),
}
SORTS: Final = (
    Sort(
        "name",
        "name",
        Kind.TEXT,
        (gettext_lazy("A to Z"), gettext_lazy("Z to A")),
        starts_descending=False,
        is_unique=True,
    ),
    Sort(
        "pushed",
        "pushed",
        Kind.TIME,
        (gettext_lazy("oldest push first"), gettext_lazy("newest push first")),
        id="held",
    ),
    Sort(
        "storage",
        "used",
        Kind.NUMBER,
        (gettext_lazy("smallest first"), gettext_lazy("largest first")),
        id="held",
    ),
    Sort(
        "repos",
        "repositories",
        Kind.NUMBER,
        (gettext_lazy("fewest repositories first"), gettext_lazy("most repositories first")),
        id="held",
    ),
    Sort(
        "pulls",
        "pulls",
        Kind.NUMBER,
        (gettext_lazy("fewest pulls first"), gettext_lazy("most pulls first")),
        id="held",
    ),
    Sort("created", "created_at", Kind.TIME, (gettext_lazy("oldest first"), gettext_lazy("newest first"))),
)


def spec(actor: Principal, *, may_create: bool) -> ListSpec:
    """For that reader."""
    is_user = actor.kind is ActorKind.USER
    empty = (
        Empty(
            gettext_lazy("No projects yet"),
            gettext_lazy("A project holds repositories, and says who may pull from them and push to them."),
            "folders",
            address("project_new"),
            gettext_lazy("Create a project"),
        )
        if may_create
        else Empty(
            gettext_lazy("No projects for you yet"), gettext_lazy("Public projects would be here."), "folders"
        )
    )
    return ListSpec(
        caption=gettext_lazy("Projects"),
        counted=lambda n: ngettext("project", "projects", n),
        columns=(*COLUMNS, PIN) if is_user else tuple(each for each in COLUMNS if each.name != "role"),
        sorts=SORTS,
        default="name",
        filters=(SEARCH, *_filters(actor, is_user=is_user)),
        empty=empty,
        css="t-projects cards",
        name="projects",
        fields=FIELDS,
    )


def role_names(roles: Container[int]) -> str:
    """The greatest one for people: the table of roles has them so."""
    return next((str(label) for role, label in ROLES.items() if role in roles), "")


def _filters(actor: Principal, *, is_user: bool) -> tuple[Filter, ...]:
    def by_role(rows: QuerySet[Any], values: tuple[str, ...]) -> QuerySet[Any]:
        return shelves.with_roles(rows, actor, [Role[value.upper()] for value in values])

    visibility = Filter(
        "visibility",
        gettext_lazy("Visibility"),
        lambda rows, values: rows.filter(public=values[0] == "public"),
        {"public": gettext_lazy("public"), "private": gettext_lazy("private")},
    )
    role = Filter(
        "role",
        gettext_lazy("My role"),
        by_role,
        {role.name.lower(): label for role, label in ROLES.items()},
        several=True,
    )
    quota = Filter(
        "quota",
        gettext_lazy("Quota"),
        lambda rows, _values: shelves.nearly_full(rows),
        {"full": gettext_lazy("80 % used or more")},
    )
    pinned = Filter(
        "pinned",
        gettext_lazy("Pinned"),
        lambda rows, _values: shelves.pinned(rows, actor),
        {"yes": gettext_lazy("by me")},
    )
    return (visibility, role, pinned, quota) if is_user else (visibility,)


def _named(row: Row) -> SafeString:
    private = "" if row.public else cells.mark("lock", _("Private"))
    return cells.named(address("project", project=row.name), row.name, private)


def _storage(row: Row) -> SafeString:
    if row.limit is None:
        return figures.size(row.used)
    return markup(
        '<span class="stored">{}<span class="muted">{}</span></span>',
        figures.size(row.used),
        charts.meter(row.used, row.limit),
    )


SEARCH: Final = Filter(
    "q",
    gettext_lazy("Project"),
    lambda rows, values: shelves.named(rows, values[0]),
    placeholder=gettext_lazy("Filter projects"),
)
COLUMNS: Final = (
    Column("name", pgettext_lazy("column", "Project"), _named, "c-proj", "name"),
    Column("role", gettext_lazy("My role"), lambda row: role_names(row.roles), "c-role sub"),
    Column(
        "repos",
        gettext_lazy("Repositories"),
        lambda row: figures.count(row.repositories),
        "c-count num",
        "repos",
    ),
    Column("storage", gettext_lazy("Storage"), _storage, "c-storage", "storage"),
    Column("pulls", gettext_lazy("Pulls"), lambda row: figures.count(row.pulls), "c-pulls num", "pulls"),
    Column(
        "pushed",
        gettext_lazy("Last push"),
        lambda row: figures.when(row.last_push_at),
        "c-pull sub",
        "pushed",
    ),
    Column("owner", gettext_lazy("Owner"), lambda row: figures.name(row.owner), "c-owner sub"),
    Column(
        "created",
        gettext_lazy("Created"),
        lambda row: figures.when(row.created_at),
        "c-pull sub",
        "created",
        is_usual=False,
    ),
)
PIN: Final = Column(
    "pin",
    gettext_lazy("Pin"),
    lambda row: pin_button(row.name, is_pinned=row.pinned),
    "c-act",
    is_fixed=True,
)
FIELDS: Final = (
    Field("project", lambda row: row.name),
    Field("visibility", lambda row: "public" if row.public else "private"),
    Field("roles", lambda row: [role.name.lower() for role in row.roles]),
    Field("repositories", lambda row: row.repositories),
    Field("used", lambda row: row.used),
    Field("limit", lambda row: row.limit),
    Field("pulls", lambda row: row.pulls),
    Field("last_push_at", lambda row: row.last_push_at),
    Field("owner", lambda row: row.owner),
    Field("created_at", lambda row: row.created_at),
)

"""The list of a project's repositories."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from access.principal import ProjectRef
from access.table import P, Permissions
from artifacts.browsing import shelves
from artifacts.browsing.shelves import Row
from frontend.components import figures
from frontend.components.markdown import beginning
from frontend.lists import cells
from frontend.lists.filters import Filter
from frontend.lists.keyset import Kind
from frontend.lists.spec import Act, Column, Empty, Field, ListSpec, Sort
from frontend.lists.tags import DAYS, IDLE
from frontend.places import address

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
        "pushed", "pushed", Kind.TIME, (gettext_lazy("oldest push first"), gettext_lazy("newest push first"))
    ),
    Sort(
        "pull",
        "pulled",
        Kind.TIME,
        (gettext_lazy("longest not pulled first"), gettext_lazy("last pulled first")),
    ),
    Sort(
        "size",
        "compressed_bytes",
        Kind.NUMBER,
        (gettext_lazy("smallest first"), gettext_lazy("largest first")),
    ),
    Sort(
        "pulls",
        "pulls_total",
        Kind.NUMBER,
        (gettext_lazy("fewest pulls first"), gettext_lazy("most pulls first")),
    ),
    Sort(
        "tags", "tag_count", Kind.NUMBER, (gettext_lazy("fewest tags first"), gettext_lazy("most tags first"))
    ),
)
FILTERS: Final = (
    Filter(
        "q",
        gettext_lazy("Repository"),
        lambda rows, values: shelves.named(rows, values[0]),
        placeholder=gettext_lazy("Filter repositories"),
    ),
    Filter(
        "pushed",
        gettext_lazy("Pushed"),
        lambda rows, values: shelves.pushed_within(rows, int(values[0])),
        DAYS,
    ),
    Filter(
        "idle",
        gettext_lazy("Not pulled"),
        lambda rows, values: shelves.not_pulled_for(rows, int(values[0])),
        IDLE,
    ),
    Filter(
        "tags",
        gettext_lazy("Tags"),
        lambda rows, _values: shelves.without_tags(rows),
        {"none": gettext_lazy("has none")},
    ),
)


def _named(row: Row) -> SafeString:
    return cells.named(address("repository", repository=row.name), row.path)


FIELDS: Final = (
    Field("repository", lambda row: row.name),
    Field("description", lambda row: row.description),
    Field("tags", lambda row: row.tags),
    Field("artifacts", lambda row: row.artifacts),
    Field("size", lambda row: row.size),
    Field("unique_size", lambda row: row.unique),
    Field("pulls", lambda row: row.pulls),
    Field("last_push_at", lambda row: row.last_push_at),
    Field("last_push_by", lambda row: row.last_push_by),
    Field("last_pull_at", lambda row: row.last_pull_at),
)
SPEC: Final = ListSpec(
    caption=gettext_lazy("Repositories"),
    counted=lambda n: ngettext("repository", "repositories", n),
    columns=(
        Column("name", gettext_lazy("Repository"), _named, "c-repo", "name"),
        Column("tags", gettext_lazy("Tags"), lambda row: figures.count(row.tags), "c-count num", "tags"),
        Column(
            "artifacts", gettext_lazy("Artifacts"), lambda row: figures.count(row.artifacts), "c-count num"
        ),
        Column("size", gettext_lazy("Size"), lambda row: figures.size(row.size), "c-size num", "size"),
        Column(
            "unique",
            gettext_lazy("Unique size"),
            lambda row: figures.size(row.unique),
            "c-size num",
            is_usual=False,
        ),
        Column(
            "pulls",
            gettext_lazy("Pulls"),
            lambda row: cells.pulls(row.pulls, row.pulls_lately),
            "c-n",
            "pulls",
        ),
        Column(
            "pushed",
            gettext_lazy("Last push"),
            lambda row: cells.pushed(row.last_push_at, row.last_push_by),
            "c-push",
            "pushed",
        ),
        Column(
            "pull",
            gettext_lazy("Last pull"),
            lambda row: figures.when(row.last_pull_at),
            "c-pull sub",
            "pull",
        ),
        Column(
            "about",
            gettext_lazy("Description"),
            lambda row: beginning(row.description[:400], 80),
            "c-about sub",
            is_usual=False,
        ),
    ),
    sorts=SORTS,
    default="name",
    filters=FILTERS,
    empty=Empty(
        gettext_lazy("No repositories yet"),
        gettext_lazy("A repository appears with the first push to it: give an image its name, and push it."),
    ),
    css="t-repos cards",
    key=lambda row: row.name,
    select_label=lambda row: _("Select the repository %(name)s") % {"name": row.path},
    name="repositories",
    fields=FIELDS,
)


def spec(project: ProjectRef, given: Permissions, first_push: str = "") -> ListSpec:
    """For who may do that in the project. `first_push`: the commands that put something there, "" for who may not."""
    removal = address("project_delete_repos", project=project.name)
    removes = P.REPOSITORY_DELETE in given and bool(removal)
    remove = Act(gettext_lazy("Delete…"), removal, "trash", destroys=True)
    return replace(SPEC, acts=(remove,) if removes else (), empty=replace(SPEC.empty, lines=first_push))

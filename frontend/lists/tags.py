"""The list of a repository's tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from access.table import P
from artifacts.browsing import filters
from artifacts.browsing.headers import Header
from artifacts.browsing.tags import Row
from frontend.components import chips, figures
from frontend.components.markup import markup
from frontend.hosts import Address
from frontend.lists import cells, tag_menu
from frontend.lists.filters import Filter, Narrow
from frontend.lists.keyset import Kind
from frontend.lists.spec import Act, Column, Empty, Field, ListSpec, Sort
from frontend.places import address

PLATFORMS: Final = (
    "linux/amd64", "linux/arm64", "linux/arm/v7", "linux/arm/v6", "linux/386", "linux/ppc64le", "linux/s390x",
    "linux/riscv64", "windows/amd64", "wasi/wasm",
)  # fmt: skip
DAYS: Final = {
    "1": gettext_lazy("in the last day"),
    "7": gettext_lazy("in the last 7 days"),
    "30": gettext_lazy("in the last 30 days"),
    "90": gettext_lazy("in the last 90 days"),
}
IDLE: Final = {
    "30": gettext_lazy("for 30 days"),
    "90": gettext_lazy("for 90 days"),
    "180": gettext_lazy("for 180 days"),
    "365": gettext_lazy("for a year"),
}
NO_LABELS: Final[Mapping[str, str]] = {}
YES_NO: Final = {"yes": gettext_lazy("yes"), "no": gettext_lazy("no")}
TYPES: Final = {
    "IMAGE": gettext_lazy("image"),
    "CHART": gettext_lazy("Helm chart"),
    "WASM": gettext_lazy("WebAssembly"),
    "OTHER": gettext_lazy("other"),
}
# The name of a route -> what is done to several tags there, and what it needs.
ACTS: Final = (
    ("repository_compare", gettext_lazy("Compare"), "git-compare", P.TAG_LIST),
    ("repository_label_tags", gettext_lazy("Labels…"), "tags", P.ARTIFACT_LABEL_CREATE),
    ("repository_fix_tags", gettext_lazy("Immutable…"), "lock", P.IMMUTABLE_TAG_UPDATE),
    ("repository_delete_tags", gettext_lazy("Delete…"), "trash", P.TAG_DELETE),
)
SORTS: Final = (
    Sort(
        "version",
        "version_key",
        Kind.TEXT,
        (gettext_lazy("oldest version first"), gettext_lazy("newest version first")),
    ),
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
        "pushed_at",
        Kind.TIME,
        (gettext_lazy("oldest push first"), gettext_lazy("newest push first")),
    ),
    Sort(
        "pull",
        "pulled",
        Kind.TIME,
        (gettext_lazy("longest not pulled first"), gettext_lazy("last pulled first")),
    ),
    Sort("size", "size", Kind.NUMBER, (gettext_lazy("smallest first"), gettext_lazy("largest first"))),
)
FIELDS: Final = (
    Field("tag", lambda row: row.name),
    Field("digest", lambda row: row.digest),
    Field("type", lambda row: row.type.lower()),
    Field("platforms", lambda row: row.platforms),
    Field("size", lambda row: row.size),
    Field("immutable", lambda row: row.fixed),
    Field("signed", lambda row: row.signed),
    Field("labels", lambda row: [name for name, _colour in row.labels]),
    Field("built_at", lambda row: row.built_at),
    Field("pushed_at", lambda row: row.pushed_at),
    Field("pushed_by", lambda row: row.pushed_by),
    Field("last_pull_at", lambda row: row.last_pull_at),
    Field("pulls_30d", lambda row: row.pulls),
)


def spec(header: Header, labels: Mapping[str, str] = NO_LABELS, registry: Address | None = None) -> ListSpec:
    """For who looks at that repository. `labels`: what it can be narrowed by, name by id; `registry`: for commands to copy."""
    return ListSpec(
        caption=gettext_lazy("Tags"),
        counted=lambda n: ngettext("tag", "tags", n),
        columns=(*_columns(header.name), tag_menu.column(header, registry)),
        sorts=SORTS,
        default="-version",
        filters=_filters(header, labels),
        empty=Empty(
            gettext_lazy("No tags yet"), gettext_lazy("What is here is known by its digest alone."), "tag"
        ),
        css="t-tags cards",
        acts=tuple(_acts(header)),
        key=lambda row: row.name,
        select_label=lambda row: _("Select the tag %(name)s") % {"name": row.name},
        name="tags",
        fields=FIELDS,
    )


def _acts(header: Header) -> Iterator[Act]:
    for name, label, icon, needed in ACTS:
        if needed in header.given:
            deletes = needed == P.TAG_DELETE
            to = address(name, repository=header.name)
            most = 2 if name == "repository_compare" else 0
            yield Act(label, to, icon, destroys=deletes, takes_all=deletes, takes=most)


def _columns(repository: str) -> tuple[Column, ...]:
    # Once for all rows, as in their menus; the names of tags stand in addresses as they are.
    above = address("tag", repository=repository, tag="_").removesuffix("_")

    def named(row: Row) -> SafeString:
        return cells.named(above + row.name, row.name, _marks(row), most=24)

    return (
        Column("tag", pgettext_lazy("column", "Tag"), named, "c-tag", "version"),
        Column("digest", gettext_lazy("Digest"), lambda row: figures.digest(str(row.digest)), "c-dig"),
        Column("platforms", gettext_lazy("Platforms"), lambda row: chips.platforms(row.platforms), "c-plat"),
        Column("type", gettext_lazy("Type"), _type, "c-type", is_usual=False),
        Column("size", gettext_lazy("Size"), lambda row: figures.size(row.size), "c-size num", "size"),
        Column(
            "labels", gettext_lazy("Labels"), lambda row: chips.labels(row.labels), "c-labels", is_usual=False
        ),
        Column("built", gettext_lazy("Built"), lambda row: figures.when(row.built_at), "c-built sub"),
        Column(
            "pushed",
            gettext_lazy("Pushed"),
            lambda row: cells.pushed(row.pushed_at, row.pushed_by),
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
            "pulls", gettext_lazy("Pulls 30 d"), lambda row: cells.pulls(row.pulls, row.pulls_lately), "c-n"
        ),
    )


def _filters(header: Header, labels: Mapping[str, str]) -> tuple[Filter, ...]:
    def by(name: str) -> Narrow:
        return lambda rows, values: filters.BY_NAME[name](rows, header.place, values)

    worn = Filter("label", gettext_lazy("Label"), by("label"), labels, several=True)
    return (
        Filter("q", gettext_lazy("Tag"), by("q"), placeholder=gettext_lazy("Filter tags, * matches any")),
        Filter(
            "platform",
            gettext_lazy("Platform"),
            by("platform"),
            {name: name for name in PLATFORMS},
            several=True,
        ),
        *((worn,) if labels else ()),
        Filter("signed", gettext_lazy("Signed"), by("signed"), YES_NO),
        Filter("immutable", gettext_lazy("Immutable"), by("immutable"), YES_NO),
        Filter("pushed", gettext_lazy("Pushed"), by("pushed"), DAYS),
        Filter("idle", gettext_lazy("Not pulled"), by("idle"), IDLE),
        Filter("type", gettext_lazy("Type"), by("type"), TYPES),
    )


def _marks(row: Row) -> SafeString:
    return markup(
        "{}{}{}",
        cells.mark("rosette-discount-check", _("Signed"), "ico-ok") if row.signed else "",
        cells.mark("lock", _("Immutable")) if row.fixed else "",
        chips.aliases(row.aliases),
    )


def _type(row: Any) -> str:
    return str(TYPES.get(row.type, row.type.lower()))

"""The list of all artifacts of a repository, tagged or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from access.table import P
from artifacts.browsing import digests
from artifacts.browsing.digests import Row
from artifacts.browsing.headers import Header
from core.oci.artifact_type import IMAGE
from core.oci.digest import Digest
from frontend.components import chips, figures
from frontend.components.commands import copy_button
from frontend.components.markup import markup
from frontend.components.menus import Item, kebab
from frontend.lists.filters import Filter
from frontend.lists.keyset import Kind
from frontend.lists.spec import Act, Column, Empty, Field, ListSpec, Sort
from frontend.lists.timeline import short_digest
from frontend.places import address
from frontend.sheets import referrers, texts

TYPES: Final = {
    "IMAGE": gettext_lazy("image"),
    "INDEX": gettext_lazy("image index"),
    "CHART": gettext_lazy("Helm chart"),
    "WASM": gettext_lazy("WebAssembly"),
    "REFERRER": gettext_lazy("signature, SBOM or the like"),
    "OTHER": gettext_lazy("other"),
}
KEPT: Final = {
    "tagged": gettext_lazy("tags"),
    "part": gettext_lazy("an index"),
    "untagged": gettext_lazy("no tag"),
    "nothing": gettext_lazy("nothing"),
}
SORTS: Final = (
    Sort(
        "pushed",
        "pushed_at",
        Kind.TIME,
        (gettext_lazy("oldest push first"), gettext_lazy("newest push first")),
    ),
)
FILTERS: Final = (
    Filter(
        "q",
        gettext_lazy("Digest"),
        lambda rows, values: digests.beginning(rows, values[0]),
        placeholder=gettext_lazy("Beginning of a digest"),
    ),
    Filter("type", gettext_lazy("Type"), digests.of_type, TYPES, several=True),
    Filter("kept", gettext_lazy("Kept by"), lambda rows, values: digests.kept_by(rows, values[0]), KEPT),
)
FIELDS: Final = (
    Field("digest", lambda row: row.digest),
    Field("type", lambda row: "index" if row.is_index else row.type.lower()),
    Field("media_type", lambda row: row.calls_itself),
    Field("platforms", lambda row: row.platforms),
    Field("tags", lambda row: row.tags),
    Field("indexes", lambda row: row.parents),
    Field("subject", lambda row: row.subject),
    Field("referrers", lambda row: row.referrers),
    Field("size", lambda row: row.size),
    Field("pushed_at", lambda row: row.pushed_at),
    Field("pushed_by", lambda row: row.pushed_by),
    Field("last_pull_at", lambda row: row.pulled_at),
    Field("untagged_at", lambda row: row.untagged_at),
    Field("kept_until", lambda row: row.kept_until if row.is_free else None),
)


def spec(header: Header) -> ListSpec:
    """For who looks at that repository."""
    path = address("repository_delete_artifacts", repository=header.name)
    remove = Act(gettext_lazy("Delete…"), path, "trash", destroys=True)
    return ListSpec(
        caption=gettext_lazy("Artifacts"),
        counted=lambda n: ngettext("artifact", "artifacts", n),
        columns=(*_columns(header.name), _menu(header)),
        sorts=SORTS,
        default="-pushed",
        filters=FILTERS,
        empty=Empty(
            gettext_lazy("No artifacts yet"),
            gettext_lazy("Whatever is pushed here is listed by its digest, whether it has a tag or not."),
        ),
        css="t-digests cards",
        acts=(remove,) if P.ARTIFACT_DELETE in header.given else (),
        key=lambda row: str(row.digest),
        select_label=lambda row: _("Select the artifact %(digest)s") % {"digest": short_digest(row.digest)},
        name="artifacts",
        fields=FIELDS,
    )


def _columns(repository: str) -> tuple[Column, ...]:
    # Once for all rows: to look an address up costs more than the rest of a row.
    above = address("manifest", repository=repository, digest="_").removesuffix("_")

    def named(row: Row) -> SafeString:
        copied = copy_button(
            str(row.digest), _("Copy the digest %(digest)s") % {"digest": short_digest(row.digest)}
        )
        return markup('<span class="line">{}{}</span>', _linked(above, row.digest, "name"), copied)

    return (
        Column("digest", gettext_lazy("Digest"), named, "c-dig"),
        Column("type", gettext_lazy("Type"), _type, "c-type"),
        Column("tags", gettext_lazy("Tags"), _tags, "c-tags"),
        Column("platforms", gettext_lazy("Platforms"), lambda row: chips.platforms(row.platforms), "c-plat"),
        Column("kept", gettext_lazy("Kept by"), lambda row: _kept(above, row), "c-kept"),
        Column("referrers", gettext_lazy("Referrers"), lambda row: _referrers(above, row), "c-n num"),
        Column("size", gettext_lazy("Size"), lambda row: figures.size(row.size), "c-size num"),
        Column(
            "pushed",
            gettext_lazy("Pushed"),
            lambda row: figures.when(row.pushed_at),
            "c-push sub",
            "pushed",
        ),
        Column("untagged", gettext_lazy("Untagged since"), _untagged, "c-left sub"),
        Column(
            "pull",
            gettext_lazy("Last pull"),
            lambda row: figures.when(row.pulled_at),
            "c-pull sub",
            is_usual=False,
        ),
    )


def _menu(header: Header) -> Column:
    paths = {
        name: address(name, repository=header.name)
        for name in ("repository_compare", "artifact_add_tag", "artifact_labels", "artifact_delete")
    }

    def items(row: Row) -> Iterator[Item]:
        digest = urlencode({"digest": str(row.digest)}, safe=":")
        other = urlencode({"to": str(row.digest)}, safe=":")
        yield Item(_("Compare with…"), f"{paths['repository_compare']}?{other}", "git-compare")
        if P.TAG_CREATE in header.given:
            yield Item(_("Add tag…"), f"{paths['artifact_add_tag']}?{digest}", "tag")
        if P.ARTIFACT_LABEL_CREATE in header.given:
            yield Item(_("Labels…"), f"{paths['artifact_labels']}?{digest}", "tags")
        if P.ARTIFACT_DELETE in header.given:
            yield Item(_("Delete artifact…"), f"{paths['artifact_delete']}?{digest}", "trash", destroys=True)

    def cell(row: Row) -> SafeString:
        return kebab(_("More about %(name)s") % {"name": short_digest(row.digest)}, list(items(row)))

    label = markup('<span class="visually-hidden">{}</span>', gettext_lazy("Actions"))
    return Column("acts", label, cell, "c-act ovis", is_fixed=True)


def _linked(above: str, digest: Digest, css: str = "") -> SafeString:
    """Its first twelve digits, which lead to its page."""
    text = str(digest)
    return markup(
        '<a class="{}" href="{}{}" title="{}" translate="no"><code>{}</code></a>',
        css,
        above,
        text,
        text,
        short_digest(digest),
    )


def _type(row: Row) -> SafeString:
    """The word people have for it; what it calls itself stands in its title."""
    return markup('<span class="trunc" title="{}">{}</span>', texts.readable(row.calls_itself), _word(row))


def _word(row: Row) -> str | Promise:
    if row.kind:
        return referrers.KINDS[row.kind][1] if row.kind in referrers.KINDS else row.kind
    if row.is_index:
        return TYPES["INDEX"]
    return TYPES.get(row.type, TYPES["OTHER"] if row.type != IMAGE else TYPES["IMAGE"])


def _tags(row: Row) -> SafeString:
    return chips.aliases(row.tags) if row.tags else markup('<span class="muted none">{}</span>', _("none"))


def _kept(above: str, row: Row) -> SafeString:
    """By what: the index it is part of, what it speaks of, its tags; else until when, and then by nothing."""
    if row.parents:
        further = f"+{len(row.parents) - 1}" if len(row.parents) > 1 else ""
        return markup(
            '<span class="line">{} {} <span class="muted">{}</span></span>',
            _("index"),
            _linked(above, row.parents[0]),
            further,
        )
    if row.subject and row.has_subject:
        return markup('<span class="line">{} {}</span>', _("subject"), _linked(above, row.subject))
    if row.tags:
        return markup('<span class="muted">{}</span>', _("its tags"))
    if row.kept_until:
        said = _("Nothing refers to it. It may be collected as garbage from then on.")
        return markup('<span title="{}">{} {}</span>', said, _("collectable"), figures.when(row.kept_until))
    said = _("Nothing refers to it: it may be collected as garbage, unless it gets a tag before.")
    return markup('<span class="warning" title="{}">{}</span>', said, _("collectable now"))


def _referrers(above: str, row: Row) -> SafeString:
    if not row.referrers:
        return figures.nothing()
    most = digests.MOST_REFERRERS
    told = figures.count(min(row.referrers, most), at_least=row.referrers > most)
    return markup('<a href="{}{}?tab=referrers">{}</a>', above, row.digest, told)


def _untagged(row: Row) -> SafeString:
    if row.tags:
        return figures.nothing()
    if row.untagged_at is None:
        return markup('<span class="muted">{}</span>', _("never tagged"))
    return figures.when(row.untagged_at)

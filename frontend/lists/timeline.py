"""The list of what happened to the tags of a repository."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from access.table import P
from artifacts.browsing import timeline
from artifacts.browsing.headers import Header
from artifacts.browsing.timeline import Change
from core.oci.digest import Digest
from frontend.components import figures
from frontend.components.icons import icon
from frontend.lists import cells
from frontend.lists.filters import Filter
from frontend.lists.keyset import Kind
from frontend.lists.spec import Column, Empty, ListSpec, Sort
from frontend.places import address

# The kind of a change -> its icon, its word.
KINDS: Final[dict[str, tuple[str, str | Promise]]] = {
    "create": ("plus", gettext_lazy("created")),
    "move": ("refresh", gettext_lazy("moved")),
    "delete": ("trash", gettext_lazy("deleted")),
    "restore": ("history", gettext_lazy("restored")),
}


def spec(header: Header) -> ListSpec:
    """For who looks at that repository."""
    restores = P.TAG_RESTORE in header.given
    return ListSpec(
        caption=gettext_lazy("What happened to the tags"),
        counted=lambda n: ngettext("change", "changes", n),
        columns=(*_columns(header.name), *((_acts(header.name),) if restores else ())),
        sorts=(
            Sort(
                "time",
                "at",
                Kind.TIME,
                (gettext_lazy("oldest first"), gettext_lazy("newest first")),
            ),
        ),
        default="-time",
        filters=(
            Filter(
                "tag",
                gettext_lazy("Tag"),
                lambda rows, values: timeline.of_tag(rows, values[0]),
                placeholder=gettext_lazy("Name of a tag"),
            ),
            Filter(
                "what",
                gettext_lazy("Change"),
                timeline.of_kind,
                {name: word for name, (_icon, word) in KINDS.items()},
                several=True,
            ),
        ),
        empty=Empty(
            gettext_lazy("Nothing happened yet"),
            gettext_lazy("Each push, move, deletion and restoration of a tag is listed here."),
            "history",
        ),
        css="t-time cards",
    )


def _columns(repository: str) -> tuple[Column, ...]:
    def named(row: Change) -> SafeString:
        only = f"{address('repository_timeline', repository=repository)}?{urlencode({'tag': row.tag})}"
        return cells.named(only, row.tag, most=24)

    return (
        Column("tag", pgettext_lazy("column", "Tag"), named, "c-tag"),
        Column("what", gettext_lazy("Change"), _what, "c-what", is_fixed=True),
        Column("digests", gettext_lazy("Digest"), lambda row: _digests(repository, row), "c-digs"),
        Column("size", gettext_lazy("Size"), lambda row: figures.size(row.size), "c-size num"),
        Column("grown", gettext_lazy("Difference"), lambda row: figures.grown(row.grown), "c-grown num sub"),
        Column("time", gettext_lazy("When"), lambda row: figures.when(row.at), "c-when sub", "time"),
        Column("actor", gettext_lazy("By"), lambda row: figures.name(row.actor, 28), "c-by"),
    )


def _acts(repository: str) -> Column:
    def cell(row: Change) -> SafeString:
        if row.is_now:
            # What was deleted and came back needs no second restoring, and a deletion is not how things stand.
            return format_html('<span class="muted">{}</span>', _("current") if row.new else "")
        if not row.is_there:
            said = _("What it named is no longer in the repository.")
            return format_html('<span class="muted" title="{}">{}</span>', said, _("gone"))
        asked = urlencode({"tag": row.tag, "digest": row.digest})
        return format_html(
            '<a class="btn btn-sm" href="{}?{}" aria-label="{}">{}</a>',
            address("repository_restore", repository=repository),
            asked,
            _("Restore %(tag)s to %(digest)s") % {"tag": row.tag, "digest": short_digest(row.digest)},
            _("Restore…"),
        )

    label = format_html('<span class="visually-hidden">{}</span>', gettext_lazy("Actions"))
    return Column("acts", label, cell, "c-restore", is_fixed=True)


def _what(row: Change) -> SafeString:
    picture, word = KINDS[row.kind]
    return format_html(
        '<span class="line"><span class="ico-mut">{}</span>{}</span>', icon(picture, "i-sm"), word
    )


def _digests(repository: str, row: Change) -> SafeString:
    if row.old is None or row.new is None:
        gone = row.new is None
        return format_html(
            '<span class="line{}">{}</span>', " was" if gone else "", linked_digest(repository, row.digest)
        )
    asked = urlencode({"from": row.old, "to": row.new})
    return format_html(
        '<span class="line">{}<span class="muted" aria-hidden="true">→</span><span class="visually-hidden">{}</span>{}'
        '<a class="copy" href="{}?{}" aria-label="{}" title="{}">{}</a></span>',
        linked_digest(repository, row.old),
        _("then"),
        linked_digest(repository, row.new),
        address("repository_compare", repository=repository),
        asked,
        _("Compare %(old)s with %(new)s") % {"old": short_digest(row.old), "new": short_digest(row.new)},
        _("Compare"),
        icon("git-compare", "i-sm"),
    )


def linked_digest(repository: str, digest: Digest | None) -> SafeString:
    """Its first twelve digits, which lead to its page where there is one."""
    text = str(digest)
    if to := address("manifest", repository=repository, digest=text):
        return format_html(
            '<a href="{}"><code translate="no" title="{}">{}</code></a>', to, text, short_digest(digest)
        )
    return figures.digest(text, copies=False)


def short_digest(digest: Any) -> str:
    """The first twelve digits."""
    return str(digest).partition(":")[2][: figures.SHORT_DIGEST]

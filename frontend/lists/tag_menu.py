"""The menu at the end of a tag's row: what can be done with it, by the rights of whoever looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from access.table import P
from artifacts.browsing.headers import Header
from artifacts.browsing.tags import Row
from core.oci.version_key import is_prerelease
from frontend import clients, preferences
from frontend.clients import Wanted
from frontend.components.markup import markup
from frontend.components.menus import Item, kebab
from frontend.hosts import Address
from frontend.lists.spec import Column
from frontend.places import address


def column(header: Header, at: Address | None) -> Column:
    """`at`: by which address the registry is asked, None where nobody wants the command."""
    # Made once for all rows, which differ in what stands in braces: a menu costs more than the rest of a row.
    menus = {
        fixed: kebab(_("More about %(name)s") % {"name": "{tag}"}, list(_items(header, at, fixed=fixed)))
        for fixed in (False, True)
    }

    def cell(row: Row) -> SafeString:
        command = pull(header, at, row) if at is not None else ""
        return markup(menus[row.fixed], tag=row.name, digest=row.digest, command=command)

    label = markup('<span class="visually-hidden">{}</span>', _("Actions"))
    return Column("acts", label, cell, "c-act ovis", is_fixed=True)


def main_pull(header: Header, at: Address, rows: Sequence[Row]) -> str:
    """The command that stands above a list of these: for the first that is not on its way to a release; "" for none."""
    if not rows:
        return ""
    return pull(header, at, next((row for row in rows if not is_prerelease(row.name)), rows[0]))


def pull(header: Header, at: Address, row: Row) -> str:
    """The command that pulls the tag with the tool that its reader likes; "" for who may not pull."""
    if P.REPOSITORY_PULL not in header.given:
        return ""
    wanted = Wanted(
        at=at,
        repository=header.name,
        digest=str(row.digest),
        tag=row.name,
        type=row.type,
        is_index=row.is_index,
        is_open=header.project.public,
    )
    return clients.pull(wanted, preferences.active().tool)


def _items(header: Header, at: Address | None, *, fixed: bool) -> Iterator[Item]:
    """The lines of a row's menu, with {tag}, {digest} and {command}. Tags and digests stand in an address as they are."""

    def page(name: str, asked: str) -> str:
        return f"{address(name, repository=header.name)}?{asked}"

    if at is not None and P.REPOSITORY_PULL in header.given:
        yield Item(_("Copy the pull command"), "", "copy", copies="{command}")
    yield Item(_("Compare with…"), page("repository_compare", "to={tag}"), "git-compare")
    if P.TAG_CREATE in header.given:
        yield Item(_("Add tag…"), page("artifact_add_tag", "digest={digest}"), "tag")
    if P.IMMUTABLE_TAG_UPDATE in header.given:
        label = _("Make mutable again…") if fixed else _("Make immutable…")
        yield Item(label, page("tag_immutable", "tag={tag}"), "lock-open" if fixed else "lock")
    if P.TAG_DELETE in header.given:
        yield Item(_("Delete tag…"), page("repository_delete_tags", "selected={tag}"), "trash", destroys=True)

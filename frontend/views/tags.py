"""The tags of a repository, and the way to delete some of them: first what would happen, then the deed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.table import P
from accounts import browser
from artifacts import tags as services
from artifacts.browsing import headers, removals, tags
from artifacts.browsing.headers import Header
from artifacts.browsing.removals import Removal
from core.errors import ManifestUnknown, TagImmutable
from core.oci.digest import Digest
from core.oci.reference import Tag
from frontend import bulk_removal
from frontend.components.navigation import Tab
from frontend.done import see_done
from frontend.hosts import address as host_of
from frontend.lists import exports, tag_menu
from frontend.lists import tags as lists
from frontend.lists.answers import answer
from frontend.lists.counts import known
from frontend.lists.shown import Shown, shown
from frontend.methods import FORM, READ
from frontend.places import address
from frontend.repository_places import Crumbs, above, at, below
from frontend.repository_places import tabs as tabs_of
from frontend.sheets.page import lacking
from frontend.shell import page
from projects import labels


@dataclass(frozen=True, slots=True)
class TagsPage:
    header: Header
    above: Crumbs
    tabs: tuple[Tab, ...]
    pull: str
    list: Shown
    lacking: str


@dataclass(frozen=True, slots=True)
class RemovalPage:
    """`question`, `effect` and `button` name the numbers."""

    header: Header
    above: Crumbs
    removal: Removal
    question: str
    blocked_text: str
    effect: str
    button: str
    back: str


@READ
def show(request: HttpRequest, repository: str) -> HttpResponseBase:
    """The list."""
    actor = browser.actor_of(request)
    header = headers.header(actor, repository)
    registry = host_of(request)
    spec = lists.spec(header, labels.offered(actor, header.project, header.given), registry)
    rows, described = tags.rows(header.place), partial(tags.described, header.place)
    if exports.is_asked(request):
        return exports.answer(request, spec, rows, described=described)
    list_ = shown(request, spec, rows, described=described, total=lambda: known(header.tags))
    pull = tag_menu.main_pull(header, registry, list_.rows)
    context = TagsPage(
        header, above(header), tabs_of(header, "repository"), pull, list_, lacking(header.given)
    )
    return answer(request, "frontend/repositories/tags.html", context, list_, at=at(header))


@FORM
def remove(request: HttpRequest, repository: str) -> HttpResponse:
    """What would happen to the tags that were selected; with `confirmed`, each "tag@digest" as it was shown, it happens."""
    actor = browser.actor_of(request)
    header = headers.header(actor, repository, P.TAG_DELETE)
    if "all" in (request.POST if request.method == "POST" else request.GET):
        return bulk_removal.answer(request, actor, header)
    if request.method == "POST" and (confirmed := request.POST.getlist("confirmed")):
        gone = [_delete(request, header, name, digest) for name, digest in _pairs(confirmed)]
        return see_done(
            address("repository", repository=header.name), "tags-deleted" if all(gone) else "some-deleted"
        )
    sent = request.POST if request.method == "POST" else request.GET
    found = removals.removal(actor, header.place, sent.getlist("selected"))
    return page(request, "frontend/repositories/remove.html", _asked(header, found), at=at(header))


def _asked(header: Header, found: Removal) -> RemovalPage:
    number = len(found.removable)
    one = found.removable[0].name if number == 1 else ""
    return RemovalPage(
        header=header,
        above=below(header),
        removal=found,
        question=_question(number, one),
        blocked_text=_blocked(len(found.blocked)),
        effect=_effect(found),
        button=ngettext("Delete %(count)s tag", "Delete %(count)s tags", number) % {"count": number},
        back=address("repository", repository=header.name),
    )


def _question(number: int, one: str) -> str:
    """`one`: the name of the only one."""
    if not number:
        return _("No tag can be deleted")
    if one:
        return _("Delete the tag %(name)s?") % {"name": one}
    return ngettext("Delete %(count)s tag?", "Delete %(count)s tags?", number) % {"count": number}


def _blocked(number: int) -> str:
    told = ngettext("%(count)s tag stays", "%(count)s tags stay", number)
    return told % {"count": number}


def _effect(found: Removal) -> str:
    if not found.artifacts:
        return _("Their artifacts keep other names, so nothing becomes free.")
    told = ngettext(
        "%(count)s artifact is left without a tag: it stays, and is pulled by its digest.",
        "%(count)s artifacts are left without a tag: they stay, and are pulled by their digests.",
        found.artifacts,
    )
    return told % {"count": found.artifacts}


def _pairs(confirmed: Sequence[str]) -> list[tuple[Tag, Digest]]:
    """Raises InvalidInput for what is no "tag@digest"."""
    parts = [each.partition("@") for each in confirmed[: removals.MOST]]
    return [(Tag.parse(name), Digest.parse(digest)) for name, _at, digest in parts]


def _delete(request: HttpRequest, header: Header, name: Tag, digest: Digest) -> bool:
    """Whether it is gone. What has gone or moved meanwhile, or has become immutable, is left as it is."""
    try:
        services.delete(browser.actor_of(request), header.place.target, name, of=digest)
    except (ManifestUnknown, TagImmutable):
        return False
    return True

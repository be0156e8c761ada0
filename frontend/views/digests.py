"""All artifacts of a repository, and the way to delete some of them: first what would happen, then the deed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import ngettext

from access.principal import Principal
from access.table import P
from accounts import browser
from artifacts import manifests
from artifacts.browsing import artifact_removals, digests, headers, removals
from artifacts.browsing.artifact_removals import Removal
from artifacts.browsing.headers import Header
from core.errors import ChildOfIndex, ManifestUnknown, PreconditionFailed, TagImmutable
from core.oci.digest import Digest
from frontend.components.navigation import Tab
from frontend.done import see_done
from frontend.forms.seen import moment, now
from frontend.lists import digests as lists
from frontend.lists import exports
from frontend.lists.answers import answer
from frontend.lists.shown import Shown, shown
from frontend.methods import FORM, READ
from frontend.places import address
from frontend.repository_places import Crumbs, above, at, below
from frontend.repository_places import tabs as tabs_of
from frontend.shell import page


@dataclass(frozen=True, slots=True)
class DigestsPage:
    header: Header
    above: Crumbs
    tabs: tuple[Tab, ...]
    list: Shown


@dataclass(frozen=True, slots=True)
class RemovalPage:
    """`question`, `staying_text` and `button` name the numbers."""

    header: Header
    above: Crumbs
    removal: Removal
    question: str
    staying_text: str
    button: str
    back: str
    seen: str


@READ
def show(request: HttpRequest, repository: str) -> HttpResponseBase:
    """The list."""
    header = headers.header(browser.actor_of(request), repository, P.ARTIFACT_LIST)
    spec, rows, described = (
        lists.spec(header),
        digests.rows(header.place),
        partial(digests.described, header.place),
    )
    if exports.is_asked(request):
        return exports.answer(request, spec, rows, described=described)
    list_ = shown(request, spec, rows, described=described)
    context = DigestsPage(header, above(header), tabs_of(header, "repository_artifacts"), list_)
    return answer(request, "frontend/repositories/artifacts.html", context, list_, at=at(header))


@FORM
def remove(request: HttpRequest, repository: str) -> HttpResponse:
    """What would happen to the artifacts that were selected; those that are `confirmed` are deleted."""
    actor = browser.actor_of(request)
    header = headers.header(actor, repository, P.ARTIFACT_DELETE)
    if request.method == "POST" and (confirmed := request.POST.getlist("confirmed")):
        are_gone = _deleted(actor, header, _digests(confirmed), moment(request.POST.get("seen", "")))
        back = address("repository_artifacts", repository=header.name)
        return see_done(back, "deleted" if are_gone else "some-deleted")
    sent = request.POST if request.method == "POST" else request.GET
    found = artifact_removals.removal(actor, header.place, _digests(sent.getlist("selected")))
    return page(request, "frontend/repositories/remove_artifacts.html", _asked(header, found), at=at(header))


def _asked(header: Header, found: Removal) -> RemovalPage:
    going, staying = len(found.going), len(found.staying)
    back = address("repository_artifacts", repository=header.name)
    staying_text = ngettext("%(count)s artifact stays", "%(count)s artifacts stay", staying)
    question = ngettext("Delete %(count)s artifact?", "Delete %(count)s artifacts?", going)
    button = ngettext("Delete %(count)s artifact", "Delete %(count)s artifacts", going)
    return RemovalPage(
        header=header,
        above=below(header),
        removal=found,
        question=question % {"count": going},
        staying_text=staying_text % {"count": staying},
        button=button % {"count": going},
        back=back,
        seen=now(),
    )


def _digests(texts: Sequence[str]) -> list[Digest]:
    """Raises DigestInvalid for what is none."""
    return [Digest.parse(each) for each in dict.fromkeys(texts[: removals.MOST])]


def _deleted(actor: Principal, header: Header, wanted: Sequence[Digest], seen: datetime) -> bool:
    """Whether all of them were, in their order, in which indexes come first. What got a tag since it was seen, is listed by an
    index or has an immutable tag by now is left as it is: the list shows it.
    """
    are_gone = True
    for each in wanted:
        try:
            manifests.delete(actor, header.place.target, each, seen=seen)
        except ManifestUnknown:
            continue
        except (TagImmutable, ChildOfIndex, PreconditionFailed):
            are_gone = False
    return are_gone

"""What is done to one artifact: a page with a form for each, and the deed after it was sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.check import require
from access.table import P
from accounts import browser
from artifacts import copying, labels, manifests, new_tags, places, tags
from artifacts.browsing import headers, removals, sheets
from artifacts.browsing.headers import Header
from artifacts.browsing.removals import Loss
from artifacts.browsing.sheets import Sheet
from core.errors import AlreadyExists, InvalidInput, LabelUnknown
from core.oci.digest import Digest
from core.oci.reference import Tag, parse_reference
from frontend.done import see_done
from frontend.forms.artifacts import Destination, NewTag
from frontend.forms.seen import moment, now
from frontend.methods import FORM
from frontend.places import address
from frontend.repository_places import Crumbs, at, below
from frontend.sheets.page import own_address
from frontend.shell import page
from projects.labels import Choice, choices


@dataclass(frozen=True, slots=True)
class ActPage:
    """`question`: the title; `here`: where the form goes; `back`: the page of the artifact; `form`: what was typed."""

    header: Header
    sheet: Sheet
    above: Crumbs
    question: str
    button: str
    here: str
    back: str
    form: Any = None
    loss: Loss | None = None
    seen: str = ""
    effect: str = ""
    choices: tuple[Choice, ...] = ()
    worn: frozenset[int] = frozenset()


@FORM
def add_tag(request: HttpRequest, repository: str) -> HttpResponse:
    """A further tag for what a digest names."""
    header, found = _found(request, repository, P.TAG_CREATE, "digest")
    form = NewTag.of(request.POST) if request.method == "POST" else NewTag()
    if request.method == "POST" and not form.mistakes:
        try:
            new_tags.create(
                browser.actor_of(request), header.place.target, Tag.parse(form.name), reference=found.digest
            )
        except AlreadyExists:
            form.mistakes["name"] = _("There is a tag of that name already. Push to it to move it.")
        else:
            return see_done(address("tag", repository=header.name, tag=form.name), "tag-added")
    return _asked(
        request, "add_tag", header, found, question=_("Add a tag"), button=_("Add the tag"), form=form
    )


@FORM
def label(request: HttpRequest, repository: str) -> HttpResponse:
    """Labels put on and taken off, by the boxes that are ticked."""
    header, found = _found(request, repository, P.ARTIFACT_LABEL_CREATE, "digest")
    actor = browser.actor_of(request)
    offered = choices(actor, header.project)
    worn = frozenset(number for number, _name, _color in found.labels)
    if request.method == "POST":
        wanted = _numbers(request.POST.getlist("label")) & {each.id for each in offered}
        gone = (worn - wanted) & {each.id for each in offered}
        _relabel(request, header, found.digest, on=wanted - worn, off=gone)
        return see_done(own_address(header, found), "labels")
    return _asked(
        request,
        "labels",
        header,
        found,
        question=_("Labels"),
        button=_("Save the labels"),
        choices=offered,
        worn=worn,
    )


@FORM
def copy(request: HttpRequest, repository: str) -> HttpResponse:
    """To another repository, with its parts and what was signed."""
    header, found = _found(request, repository, P.REPOSITORY_PULL, "reference")
    form = Destination.of(request.POST) if request.method == "POST" else Destination()
    if request.method == "POST" and not form.mistakes:
        reference = parse_reference(request.POST.get("reference", ""))
        digest = copying.copy(
            browser.actor_of(request),
            places.target(form.repository),
            source=header.name,
            reference=reference,
        )
        return see_done(address("manifest", repository=form.repository, digest=str(digest)), "copied")
    return _asked(
        request, "copy", header, found, question=_("Copy to another repository"), button=_("Copy"), form=form
    )


@FORM
def immutable(request: HttpRequest, repository: str) -> HttpResponse:
    """A tag that nobody can move or delete, or can again."""
    header, found = _found(request, repository, P.IMMUTABLE_TAG_UPDATE, "tag")
    named = found.tag
    if named is None:
        raise InvalidInput(_("Choose a tag: a digest always means the same."))
    if request.method == "POST":
        wanted = request.POST.get("immutable") == "yes"
        actor = browser.actor_of(request)
        tags.set_immutable(actor, header.place.target, Tag.parse(named.name), immutable=wanted)
        return see_done(own_address(header, found), "immutable" if wanted else "mutable")
    question = (
        _("Make the tag %(name)s mutable again?")
        if named.immutable
        else _("Make the tag %(name)s immutable?")
    )
    button = _("Make it mutable") if named.immutable else _("Make it immutable")
    question %= {"name": named.name}
    return _asked(request, "immutable", header, found, question=question, button=button)


@FORM
def delete(request: HttpRequest, repository: str) -> HttpResponse:
    """The artifact with all its tags: first what would go, then the deed."""
    header, found = _found(request, repository, P.ARTIFACT_DELETE, "digest")
    actor = browser.actor_of(request)
    if request.method == "POST":
        manifests.delete(actor, header.place.target, found.digest, seen=moment(request.POST.get("seen", "")))
        return see_done(address("repository", repository=header.name), "deleted")
    loss = removals.loss(actor, header.place, found.digest)
    number = len(loss.tags)
    effect = ngettext(
        "It is deleted with its %(count)s tag.", "It is deleted with its %(count)s tags.", number
    )
    return _asked(
        request,
        "delete",
        header,
        found,
        question=_("Delete this artifact?"),
        button=_("Delete the artifact"),
        loss=loss,
        seen=now(),
        effect=effect % {"count": number} if number else _("It has no tag."),
    )


def _found(request: HttpRequest, repository: str, permission: P, key: str) -> tuple[Header, Sheet]:
    """What the request names by `key`, for who may look at it and do that. Raises Denied, InvalidInput, ManifestUnknown."""
    actor = browser.actor_of(request)
    header = headers.header(actor, repository, P.ARTIFACT_READ)
    if permission not in header.given:
        require(actor, permission, header.project, repository=header.name)
    sent = request.POST if request.method == "POST" else request.GET
    return header, sheets.sheet(header.place, _reference(sent.get(key, ""), key))


def _reference(text: str, key: str) -> Tag | Digest:
    """Raises InvalidInput."""
    if key == "tag":
        return Tag.parse(text)
    return Digest.parse(text) if key == "digest" else parse_reference(text)


def _relabel(
    request: HttpRequest, header: Header, digest: Digest, *, on: Iterable[int], off: Iterable[int]
) -> None:
    """Each an act of its own. What somebody else has done meanwhile is done."""
    actor, target = browser.actor_of(request), header.place.target
    for number in sorted(on):
        try:
            labels.add(actor, target, digest, number)
        except AlreadyExists:
            continue
    for number in sorted(off):
        try:
            labels.remove(actor, target, digest, number)
        except LabelUnknown:
            continue


def _numbers(texts: Iterable[str]) -> set[int]:
    return {int(text) for text in texts if text.isdecimal() and len(text) < 18}


def _asked(request: HttpRequest, name: str, header: Header, found: Sheet, **told: Any) -> HttpResponse:
    """The page of the form; 422 where something in it was wrong."""
    back = own_address(header, found)
    above = (*below(header), (found.tag.name if found.tag else found.digest.hex[:12], back))
    context = ActPage(header=header, sheet=found, above=above, here=request.path, back=back, **told)
    is_wrong = bool(context.form and context.form.mistakes)
    return page(
        request, f"frontend/artifacts/{name}.html", context, at=at(header), status=422 if is_wrong else 200
    )

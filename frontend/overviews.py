"""A project's overview as its page shows it: bars, what happened, and rules as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from audit.parts import Result
from audit.reading.entry import Entry
from core.policy.immutability import Rule
from frontend.components.figures import size_text
from frontend.components.markup import markup
from frontend.findings import place_of
from frontend.places import address

# What an act is called in a line "ann pushed team/app:1.2"; the first word of the operation decides where it is none of these.
WORDS: Final = {
    "artifact.push": gettext_lazy("pushed"),
    "artifact.copy": gettext_lazy("copied"),
    "artifact.delete": gettext_lazy("deleted"),
    "artifact.label": gettext_lazy("labelled"),
    "artifact.unlabel": gettext_lazy("took a label off"),
    "tag.create": gettext_lazy("tagged"),
    "tag.update": gettext_lazy("changed the immutability of"),
    "tag.delete": gettext_lazy("deleted the tag"),
    "tag.delete-start": gettext_lazy("had many tags deleted in"),
    "tag.restore": gettext_lazy("restored the tag"),
    "blob.mount": gettext_lazy("mounted a layer into"),
    "blob.delete": gettext_lazy("deleted a layer from"),
    "repository.update": gettext_lazy("described"),
    "repository.star": gettext_lazy("starred"),
    "repository.unstar": gettext_lazy("took the star off"),
    "repository.delete": gettext_lazy("deleted the repository"),
    "project.create": gettext_lazy("created the project"),
    "project.update": gettext_lazy("changed the settings of"),
    "project.delete": gettext_lazy("deleted the project"),
    "member.create": gettext_lazy("added the member"),
    "member.update": gettext_lazy("changed the role of"),
    "member.delete": gettext_lazy("removed the member"),
    "quota.update": gettext_lazy("changed the quota of"),
    "quota.warn": gettext_lazy("warned that the quota is nearly used up:"),
    "robot.create": gettext_lazy("created the robot"),
    "robot.update": gettext_lazy("changed the robot"),
    "robot.disable": gettext_lazy("disabled the robot"),
    "robot.enable": gettext_lazy("enabled the robot"),
    "robot.rotate": gettext_lazy("renewed the secret of the robot"),
    "robot.delete": gettext_lazy("removed the robot"),
    "label.create": gettext_lazy("created the label"),
    "label.update": gettext_lazy("changed the label"),
    "label.delete": gettext_lazy("deleted the label"),
    "tag-rule.create": gettext_lazy("made a rule of immutable tags:"),
    "tag-rule.update": gettext_lazy("changed a rule of immutable tags:"),
    "tag-rule.delete": gettext_lazy("deleted a rule of immutable tags:"),
}
ICONS: Final = {
    "artifact.push": "upload",
    "artifact.copy": "copy",
    "artifact.delete": "trash",
    "artifact.label": "tags",
    "artifact.unlabel": "tags",
    "tag.delete": "trash",
    "tag.create": "tag",
    "tag.delete-start": "trash",
    "tag.restore": "history",
    "tag.update": "lock",
    "tag-rule": "lock",
    "repository.update": "pencil",
    "repository.delete": "trash",
    "member.create": "user-plus",
    "quota": "settings",
    "project": "settings",
    "member": "users",
    "robot": "robot",
    "label": "tags",
}
# What these were about has a page.
STAYS: Final = {
    "artifact.push",
    "artifact.copy",
    "artifact.label",
    "artifact.unlabel",
    "tag.create",
    "tag.restore",
    "tag.update",
    "repository.update",
    "repository.star",
    "repository.unstar",
}
SHOWN_TAGS: Final = 3
LEAST: Final = 0.5
"""The share of a bar that is seen at all, in percent."""
SHOWN_DIGEST: Final = len("sha256:") + 12


@dataclass(frozen=True, slots=True)
class Bar:
    """A repository on the list of the largest. `drawn`: its share of the largest one."""

    path: str
    link: str
    size: int
    drawn: SafeString


@dataclass(frozen=True, slots=True)
class Happened:
    """`link`: to what it was about, "" where that has no page."""

    icon: str
    actor: str
    words: str
    resource: str
    link: str
    denied: bool
    at: datetime


def bars(sizes: Sequence[tuple[str, str, int]]) -> tuple[Bar, ...]:
    """Of (name, path, bytes), the largest first."""
    most = max((size for _name, _path, size in sizes), default=0)
    return tuple(
        Bar(path, address("repository", repository=name), size, _drawn(size, most))
        for name, path, size in sizes
    )


def happened(entries: Sequence[Entry], project: str, most: int) -> tuple[Happened, ...]:
    """So many acts as lines; names within the project are shown without it.

    The parts of an image come without a name, one by one: they are left out where anything else happened.
    """
    named = [each for each in entries if each.operation != "artifact.push" or _tags(each)]
    return tuple(_line(each, project) for each in (named or entries)[:most])


def sentences(rules: Iterable[Rule]) -> tuple[SafeString, ...]:
    """What makes tags immutable, one sentence each."""
    return tuple(_sentence(rule) for rule in rules)


def artifacts_text(number: int) -> str:
    return ngettext("%(count)s artifact", "%(count)s artifacts", number) % {"count": f"{number:,}"}


def pulls_text(number: int) -> str:
    return ngettext("%(count)s pull in all", "%(count)s pulls in all", number) % {"count": f"{number:,}"}


def _drawn(size: int, most: int) -> SafeString:
    return format_html(
        '<svg role="img" aria-label="{}"><rect class="fill" width="{}%" height="100%" rx="2"/></svg>',
        size_text(size),
        max(round(100 * size / most, 1), LEAST) if most else 0,
    )


def _line(entry: Entry, project: str) -> Happened:
    noun = entry.operation.partition(".")[0]
    words = WORDS.get(entry.operation)
    return Happened(
        icon=ICONS.get(entry.operation) or ICONS.get(noun, "activity"),
        actor=entry.actor_name or _("somebody"),
        words=str(words) if words else entry.operation,
        resource=_resource(entry).removeprefix(f"{project}/"),
        link=_link(entry, project),
        denied=entry.result == Result.DENIED,
        at=entry.ts,
    )


def _resource(entry: Entry) -> str:
    """By its tags where the act gave it some, else by the beginning of its digest."""
    name, at, digest = entry.resource_name.partition("@")
    if not at:
        return name
    tags = _tags(entry)
    return f"{name}:{', '.join(tags[:SHOWN_TAGS])}" if tags else f"{name}@{digest[:SHOWN_DIGEST]}"


def _tags(entry: Entry) -> list[str]:
    """Those that the act gave an artifact."""
    after = entry.detail.get("after")
    tags = after.get("tags") if isinstance(after, dict) else None
    return list(map(str, tags)) if isinstance(tags, list) else []


def _link(entry: Entry, project: str) -> str:
    """To what is still there, unless somebody deleted it since."""
    name, _at, digest = entry.resource_name.partition("@")
    repository, _colon, tag = name.partition(":")
    if entry.operation not in STAYS or not repository.startswith(f"{project}/"):
        return ""
    tags = [tag] if tag else _tags(entry)
    return place_of(
        repository, tag=tags[0] if len(tags) == 1 else "", digest=digest if not tags and digest else ""
    )


def _sentence(rule: Rule) -> SafeString:
    tags, repositories = _glob(str(rule.tags.glob)), _glob(str(rule.repositories.glob))
    if rule.tags.excludes and rule.repositories.excludes:
        text = _("Tags other than %(tags)s are immutable in all repositories but %(repositories)s.")
    elif rule.tags.excludes:
        text = _("Tags other than %(tags)s are immutable in %(repositories)s.")
    elif rule.repositories.excludes:
        text = _("Tags matching %(tags)s are immutable in all repositories but %(repositories)s.")
    else:
        text = _("Tags matching %(tags)s are immutable in %(repositories)s.")
    return markup(text.replace("%(tags)s", "{0}").replace("%(repositories)s", "{1}"), tags, repositories)


def _glob(text: str) -> SafeString:
    return markup('<code translate="no">{}</code>', text)

"""What a search has found as lines of a page and of the list under the search field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from artifacts.browsing.everything import Group, Kind, tag_in
from artifacts.browsing.found import FoundArtifact, FoundTag
from frontend.components import chips, figures
from frontend.components.markdown import beginning
from frontend.places import address
from projects.finding import FoundLabel, FoundProject

SHORT_DIGEST: Final = 12
# Of a description: so many characters are read for the first so many that are shown of its first paragraph.
READ, ABOUT = 600, 160
WORDS: Final[dict[Kind, str | Promise]] = {
    Kind.REPOSITORIES: gettext_lazy("Repositories"),
    Kind.TAGS: gettext_lazy("Tags"),
    Kind.DIGESTS: gettext_lazy("Digests"),
    Kind.PROJECTS: gettext_lazy("Projects"),
    Kind.LABELS: gettext_lazy("Labels"),
    Kind.USERS: gettext_lazy("Users"),
}
ICONS: Final = {
    Kind.REPOSITORIES: "package",
    Kind.TAGS: "tag",
    Kind.DIGESTS: "stack-2",
    Kind.PROJECTS: "folders",
    Kind.LABELS: "tags",
    Kind.USERS: "user",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """One line. `text`: its whole name; `shown`: the same with what was looked for marked; `facts`: what stands at its end.

    `href` "" for what has no page; `about`: a sentence of somebody's, under the name.
    """

    icon: str
    href: str
    text: str
    shown: SafeString
    about: str = ""
    facts: tuple[SafeString, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Section:
    """A group of hits. `counted`: how many there are, "" where nobody knows; `more`: the page with all of them, "" for none."""

    kind: str
    title: str | Promise
    counted: str
    hits: tuple[Hit, ...]
    more: str
    late: bool


def section(group: Group, term: str, more: str) -> Section:
    """`more`: the address of the page with the whole group."""
    total = f"{group.total:,}" if group.total else "" if group.more else f"{len(group.rows):,}"
    return Section(
        kind=str(group.kind),
        title=WORDS[group.kind],
        counted="" if group.late else total,
        hits=hits(group, term),
        more=more if group.more else "",
        late=group.late,
    )


def hits(group: Group, term: str) -> tuple[Hit, ...]:
    made = MADE[group.kind]
    return tuple(made(row, term, ICONS[group.kind]) for row in group.rows)


def place_of(repository: str, tag: str = "", digest: str = "") -> str:
    """The page of a tag or an artifact; the list of the repository's tags while they have none."""
    listed = address("repository", repository=repository)
    if tag:
        return address("tag", repository=repository, tag=tag) or f"{listed}?{urlencode({'q': tag})}"
    if digest:
        return address("manifest", repository=repository, digest=digest) or listed
    return listed


def marked(text: str, term: str) -> SafeString:
    """The text with each place that reads as a word of `term` marked, whatever the case."""
    words = sorted(term.split(), key=len, reverse=True)
    if not words:
        return format_html("{}", text)
    parts = re.split(f"({'|'.join(map(re.escape, words))})", text, flags=re.IGNORECASE)
    return format_html_join(
        "",
        "{}{}",
        (
            (parts[at], format_html("<mark>{}</mark>", parts[at + 1]) if at + 1 < len(parts) else "")
            for at in range(0, len(parts), 2)
        ),
    )


def _repository(row: Any, term: str, icon: str) -> Hit:
    pulls = ngettext("%(count)s pull", "%(count)s pulls", row.pulls) % {"count": f"{row.pulls:,}"}
    artifacts = ngettext("%(count)s artifact", "%(count)s artifacts", row.artifacts)
    return Hit(
        icon if row.public else "lock",
        address("repository", repository=row.name),
        row.name,
        marked(row.name, term.rpartition(":")[0] or term),
        beginning(row.description[:READ], ABOUT),
        (_plain(artifacts % {"count": f"{row.artifacts:,}"}), _plain(pulls)),
    )


def _tag(row: FoundTag, term: str, icon: str) -> Hit:
    within, beginning = tag_in(term)
    name = f"{row.repository}:{row.name}"
    beginning = row.name[: len(beginning)] if row.name.lower().startswith(beginning.lower()) else ""
    shown = format_html(
        "{}:{}{}",
        marked(row.repository, within),
        format_html("<mark>{}</mark>", beginning) if beginning else "",
        row.name[len(beginning) :],
    )
    facts = (
        chips.platforms(row.platforms),
        figures.digest(str(row.digest), copies=False),
        figures.size(row.size),
        figures.when(row.pushed_at),
    )
    return Hit(icon, place_of(row.repository, tag=row.name), name, shown, "", facts)


def _artifact(row: FoundArtifact, _term: str, icon: str) -> Hit:
    short = str(row.digest).partition(":")[2][:SHORT_DIGEST]
    shown = format_html("{}<span>@{}</span>", row.repository, short)
    about = (
        _("It is made of what has that digest: its configuration, or one of its layers.")
        if row.is_made_of
        else ""
    )
    facts = (
        chips.aliases(row.tags),
        figures.size(row.size),
        figures.when(row.pushed_at),
    )
    href = place_of(row.repository, digest=str(row.digest))
    return Hit(icon, href, f"{row.repository}@{row.digest}", shown, about, facts)


def _project(row: FoundProject, term: str, icon: str) -> Hit:
    told = ngettext("%(count)s repository", "%(count)s repositories", row.repositories)
    facts = (_plain(told % {"count": f"{row.repositories:,}"}),)
    return Hit(
        icon if row.public else "lock",
        address("project", project=row.name),
        row.name,
        marked(row.name, term),
        "",
        facts,
    )


def _label(row: FoundLabel, _term: str, icon: str) -> Hit:
    shown = chips.labels([(row.name, row.color)])
    where = row.project or _("all projects")
    href = f"{address('search')}?{urlencode({'label': row.id})}"
    return Hit(icon, href, row.name, shown, row.description, (figures.name(where),))


def _person(row: Any, term: str, icon: str) -> Hit:
    return Hit(icon, "", row.name, marked(row.name, term), row.full_name)


def _plain(text: str) -> SafeString:
    return format_html("{}", text)


MADE: Final[dict[Kind, Callable[[Any, str, str], Hit]]] = {
    Kind.REPOSITORIES: _repository,
    Kind.TAGS: _tag,
    Kind.DIGESTS: _artifact,
    Kind.PROJECTS: _project,
    Kind.LABELS: _label,
    Kind.USERS: _person,
}


def first(groups: Iterable[Group], term: str, shares: dict[Kind, int]) -> list[Hit]:
    """A few of each group, as many as it has a share of."""
    return [hit for group in groups for hit in hits(group, term)[: shares.get(group.kind, 0)]]

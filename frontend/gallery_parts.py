"""What pages are made of beyond single components: a list with all that belongs to it, the box of commands, a log."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.http import HttpRequest, QueryDict
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from access.principal import ProjectRef
from access.table import P
from artifacts.browsing.headers import Header
from artifacts.browsing.timeline import Change
from artifacts.places import Located
from artifacts.repositories import Target
from core.oci.digest import Digest
from core.oci.names import RepositoryName
from frontend.clients import Tool
from frontend.components import figures, states
from frontend.job_logs import Line
from frontend.lists import timeline
from frontend.lists.counts import known
from frontend.lists.keyset import Page
from frontend.lists.shown import made
from frontend.lists.state import state_of
from frontend.sheets.page import Choice, Commands

HERE: Final = "/help/ui"
OLD: Final = Digest.parse("sha256:" + "1a2b3c4d" * 8)
NEW: Final = Digest.parse("sha256:" + "9f8e7d6c" * 8)
COMMAND: Final = "docker pull reg.corp.example/team/app/api:1.10.2"


def listed() -> SafeString:
    """The timeline of a repository, narrowed by a filter, in the middle of its pages."""
    request = HttpRequest()
    request.path, request.GET = HERE, QueryDict("what=move")
    state = state_of(request, timeline.spec(_header()))
    page = Page(_changes(), newer="x", older="y")
    shown = made(state, page, count=known(40), total=known(12_000))
    return SafeString(render_to_string("frontend/lists/whole.html", {"list": shown}))


def command_box() -> SafeString:
    """The tools, and what the chosen one is told."""
    tools = tuple(
        Choice(name, f"{HERE}?tool={name}", name == "docker", name) for name in ("docker", "podman", "helm")
    )
    by = (
        Choice("tag", HERE, is_chosen=True, name="tag"),
        Choice("digest", HERE, is_chosen=False, name="digest"),
    )
    docker = Tool("docker", "docker", "docker login reg.corp.example", (COMMAND,))
    box = Commands(tools, by, docker, "docker", (), HERE)
    return SafeString(render_to_string("frontend/artifacts/commands.html", {"commands": box}))


def suggestions() -> SafeString:
    """What the search field offers while somebody types."""
    hits = (
        {"href": "#1", "icon": "package", "shown": "team/app/api"},
        {"href": "#2", "icon": "tag", "shown": "api:1.10.2"},
    )
    told = {"hits": hits, "all": "#all", "searched": "api"}
    options = render_to_string("frontend/search/suggestions.html", told)
    label = "Suggestions"
    return SafeString(
        f'<div class="suggestions in-place" role="listbox" aria-label="{label}">{options}</div>'
    )


def log() -> SafeString:
    """Lines of each level, with a text that is no part of the page."""
    moment = figures.clock(timezone.now())
    lines = (
        Line(1, moment, "info", SafeString(""), "deleting tags"),
        Line(2, moment, "warning", states.state("partial", "warning"), 'slow {"seconds": 12}'),
        Line(3, moment, "error", states.state("failed", "error"), "<b>refused</b>"),
    )
    made_of = render_to_string("frontend/jobs/lines.html", {"log": {"lines": lines}})
    return SafeString(
        f'<div class="log" tabindex="0" role="region" aria-label="Log"><ol>{made_of}</ol></div>'
    )


def _header() -> Header:
    place = Located(Target(RepositoryName.parse("team/app/api"), ProjectRef(1, "team", public=False)), 1)
    return Header(
        place=place,
        given=frozenset({P.TAG_LIST, P.TAG_RESTORE}),
        description="",
        created_at=timezone.now(),
        tags=88,
        artifacts=120,
        size=0,
        unique=None,
        pulls=0,
        last_push_at=None,
        last_push_by="",
        used=None,
        limit=None,
    )


def _changes() -> tuple[Change, ...]:
    now, of = timezone.now(), ("1.10.2", "ops-oncall")
    sizes = (85_354_086, 84_000_000)
    return (
        Change(3, of[0], "move", OLD, NEW, now, of[1], *sizes, is_there=True, is_now=True),
        Change(
            2,
            of[0],
            "create",
            None,
            OLD,
            now - timedelta(days=2),
            of[1],
            sizes[1],
            None,
            is_there=True,
            is_now=False,
        ),
        Change(
            1,
            "1.9.0",
            "delete",
            OLD,
            None,
            now - timedelta(days=9),
            of[1],
            sizes[1],
            None,
            is_there=False,
            is_now=False,
        ),
    )

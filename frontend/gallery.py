"""What the gallery shows: each component in each of its states, with values that are hard to show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.safestring import SafeString

from access.explanation import Explanation
from access.steps import Step, StepKind
from access.table import P
from frontend import gallery_jobs, gallery_parts
from frontend.components import (
    charts,
    chips,
    commands,
    confirming,
    explaining,
    figures,
    icons,
    markdown,
    menus,
    navigation,
    notices,
    pins,
    plots,
    secrets,
    states,
)
from frontend.components.confirming import Ask
from frontend.components.menus import Item
from frontend.components.navigation import Tab
from frontend.icons import NAMES

DIGEST: Final = "sha256:1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809"
HOSTILE: Final = '<script>alert("no")</script> & "quotes"'
PULLS: Final = (4, 8, 15, 16, 23, 42, 8, 0, 3, 12, 30, 41)
GIB: Final = 1024**3
README: Final = """# Run it

It listens on *8080*; see [the manual](https://docs.example/run) and ![the build](https://ci.example/badge.svg).

```sh
docker run -p 8080:8080 reg.corp.example/team/app/api
```

| Variable | What it says |
|---|---|
| `DATABASE_URL` | Where the database is |

- one
- two

> Ask the team before you change this.
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A component in one state, and what the state is."""

    state: str
    made: SafeString


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    shown: tuple[Shown, ...]
    is_wide: bool = False


@dataclass(frozen=True, slots=True)
class Gallery:
    sections: tuple[Section, ...]


def shown() -> Gallery:
    return Gallery((*_figures(), *_marks(), *_charts(), *_asking(), *_wide(), *_parts()))


def _parts() -> tuple[Section, ...]:
    return (
        _section(
            "Pin", off=pins.pin_button("team", is_pinned=False), on=pins.pin_button("app", is_pinned=True)
        ),
        _section("Suggestions", options=gallery_parts.suggestions()),
        _section("Box of commands", is_wide=True, docker=gallery_parts.command_box()),
        _section("List", is_wide=True, timeline=gallery_parts.listed()),
        _section("Log", is_wide=True, levels=gallery_parts.log()),
    )


def _section(title: str, *, is_wide: bool = False, **made: SafeString) -> Section:
    each = tuple(Shown(name.replace("_", " "), part) for name, part in made.items())
    return Section(title, each, is_wide)


def _figures() -> tuple[Section, ...]:
    now = timezone.now()
    return (
        _section(
            "Sizes",
            none=figures.size(None),
            small=figures.size(512),
            mebibytes=figures.size(85_354_086),
            large=figures.size(405 * GIB),
        ),
        _section(
            "Counts",
            small=figures.count(7),
            grouped=figures.count(1_204),
            rounded=figures.count(12_345),
            more=figures.count(10_000, at_least=True),
        ),
        _section(
            "Times",
            never=figures.when(None),
            ago=figures.when(now - timedelta(minutes=3)),
            ahead=figures.when(now + timedelta(days=9, hours=1)),
            absolute=figures.when(now, absolute=True),
        ),
        _section(
            "Names",
            digest=figures.digest(DIGEST),
            long=figures.name("1.10.0-hotfix-of-the-night-before-20251103"),
            hostile=figures.name(HOSTILE, 60),
        ),
    )


def _marks() -> tuple[Section, ...]:
    return (
        _section(
            "Pills", private=chips.pill("Private", "lock"), role=chips.pill("Project admin", "shield-check")
        ),
        _section(
            "Platforms",
            two=chips.platforms(["linux/amd64", "linux/arm64"]),
            more=chips.platforms(["linux/amd64", "linux/arm64", "linux/s390x", "windows/amd64"], 1),
        ),
        _section("Labels", colours=chips.labels([(colour, colour) for colour in chips.COLOURS], 8)),
        _section("Aliases", more=chips.aliases(["latest", "1.10"])),
        _section("Filters", chip=chips.filter_chip("Tag", "1.1*", "?")),
        _section("States", is_wide=False, **{name: states.state(name) for name in states.STATES}),
        _section(
            "Severities",
            some=states.severities(c=2, h=11, m=40),
            none=states.severities(c=0, h=0, m=6, l=604),
        ),
        _section("Icons", all=SafeString(" ".join(icons.icon(name) for name in sorted(NAMES)))),
    )


def _charts() -> tuple[Section, ...]:
    return (
        _section(
            "Quota",
            fine=charts.meter(40 * GIB, 500 * GIB),
            warning=charts.meter(430 * GIB, 500 * GIB),
            danger=charts.meter(520 * GIB, 500 * GIB),
            unbounded=charts.meter(40 * GIB, None),
        ),
        _section("Sparkline", pulls=charts.sparkline(PULLS), nothing=charts.sparkline([0] * 12)),
        _section("Share", part=charts.share(30, 100, "30 of 100")),
        _section(
            "Differences of size",
            more=figures.grown(1_300_000),
            less=figures.grown(-340_000),
            same=figures.grown(0),
            unknown=figures.grown(None),
        ),
        _section(
            "Bars",
            is_wide=True,
            days=plots.bars(
                [(f"day {day}", pulls) for day, pulls in enumerate(PULLS, 1)], "Pulls on 12 days"
            ),
            nothing=plots.bars([], "No days"),
        ),
        _section("Step line", is_wide=True, sizes=_steps()),
    )


def _steps() -> SafeString:
    began = timezone.now() - timedelta(days=40)
    points = [(began + timedelta(days=4 * at), number * 1_000_000) for at, number in enumerate(PULLS[:8])]
    return plots.step_line(points, "Size over time", said=figures.size_text)


def _wide() -> tuple[Section, ...]:
    more = [
        Item("Copy the command", "", "copy", copies="docker pull"),
        Item("Delete…", "#delete", "trash", destroys=True),
    ]
    return (
        _section(
            "Commands",
            is_wide=True,
            command=commands.command("docker pull reg.corp.example/team/app/api:1.10.2", tool="docker"),
            lines=commands.lines(
                "docker login reg.corp.example\ndocker push reg.corp.example/team/app", "Push"
            ),
            copy=commands.copy_button("text", "Copy the text"),
        ),
        _section("Menu", row=menus.kebab("More about 1.10.2", more)),
        _section(
            "Tabs",
            is_wide=True,
            tabs=navigation.tabs(
                [Tab("Tags", "#", is_current=True, count=88), Tab("About", "#about")], "Repository"
            ),
        ),
        _section(
            "Notices",
            is_wide=True,
            **{kind: notices.notice(kind, "What happened.") for kind in ("info", "success")},
        ),
        _section(
            "Markdown", is_wide=True, text=markdown.markdown(README), hostile=markdown.markdown(HOSTILE)
        ),
        _section("Job", is_wide=True, **gallery_jobs.cards()),
        _section(
            "Empty",
            is_wide=True,
            new=notices.empty("No tags yet", "Push one, and it is here.", to="#", label="How to push"),
        ),
    )


def _asking() -> tuple[Section, ...]:
    effect = "Delete 3 tags. 2 other tags share this digest and stay. 1.2 GiB is freed at the next garbage collection."
    click = Ask("#confirm", effect, "Delete 3 tags", "#keep", "Keep them")
    named = replace(click, level=2, name="team/app", mistake="That is another name.")
    since = timezone.now() - timedelta(days=40)
    steps = (
        Step(StepKind.ACCOUNT, "the account is active"),
        Step(StepKind.PUBLIC, "the project is private", allows=False),
        Step(StepKind.ROLE, "developer of the project", allows=True, decides=True, since=since),
    )
    return (
        _section(
            "Confirm",
            is_wide=True,
            click=confirming.confirm(click),
            named=_unfocused(confirming.confirm(named)),
        ),
        _section(
            "Secret",
            field=secrets.secret_field(
                "gallery-secret", "Client secret", help_="Sent to nobody.", set_at=since
            ),
            wrong=secrets.secret_field(
                "gallery-wrong", "Password", mistake="At least 8 characters are needed."
            ),
        ),
        _section("Dialog", opener=confirming.opener("Delete…", "/help/ui", "trash", "btn-danger-text")),
        _section(
            "Explanation",
            is_wide=True,
            chain=explaining.explain_chain(Explanation(True, (P.REPOSITORY_PUSH,), steps)),
        ),
    )


def _unfocused(form: SafeString) -> SafeString:
    """One field of many on the page: opened there, it would not take the reader away from its beginning."""
    return SafeString(form.replace(" autofocus", ""))

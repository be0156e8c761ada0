"""Pictures of numbers, drawn by the server: geometry is in attributes, colour in classes, so that no page needs a style."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.components.figures import size_text
from frontend.components.markup import markup

WARN, DANGER = 85, 90
BAR, GAP, HEIGHT = 3, 1, 18
STEPS: Final = 100


def meter(used: int, limit: int | None, *, full: bool = False) -> SafeString:
    """How much of a quota is used, in bytes, with its words. `limit` None: no bound. `full`: as wide as its place."""
    if limit is None:
        return markup("<b>{}</b> <span>{}</span>", size_text(used), _("of no limit"))
    share = min(100, round(100 * used / limit)) if limit else 100
    words = _("%(share)s %% of %(limit)s") % {"share": share, "limit": size_text(limit)}
    kind = "fill-danger" if share >= DANGER else "fill-warn" if share >= WARN else "fill"
    return markup(
        '<svg class="meter{}" role="img" aria-label="{}"><rect class="track" width="100%" height="100%" rx="3"/>'
        '<rect class="{}" width="{}%" height="100%" rx="3"/></svg> <b>{}</b>',
        " meter-full" if full else "",
        words,
        kind,
        share,
        words,
    )


def share(part: int, whole: int, label: str, *, track: bool = False) -> SafeString:
    """A bar as wide as its place: `part` of `whole`. `track`: the whole is drawn, too, and the words stand beside it."""
    behind = SafeString('<rect class="track" width="100%" height="100%" rx="2"/>') if track else ""
    said = SafeString('aria-hidden="true"') if track else markup('role="img" aria-label="{}"', label)
    return markup(
        '<svg class="pct" {}>{}<rect class="fill" width="{}%" height="100%" rx="2"/></svg>',
        said,
        behind,
        max(round(STEPS * part / whole, 1), 1.5 if part and track else 0) if whole else 0,
    )


def progress(percent: int, kind: str = "fill") -> SafeString:
    """How far something is, as wide as its place; the number stands beside it as well. `kind`: a class of colour."""
    return markup(
        '<svg class="meter-full" role="img" aria-label="{}"><rect class="track" width="100%" height="100%" rx="3"/>'
        '<rect class="{}" width="{}%" height="100%" rx="3"/></svg>',
        _("%(share)s %% done") % {"share": percent},
        kind,
        percent,
    )


def sparkline(numbers: Sequence[int], label: str = "") -> SafeString:
    """One bar for each number, the last one darker. Without `label` nobody says it: the sum stands beside it."""
    bars = [
        f"M{at * (BAR + GAP)} {HEIGHT - high}h{BAR}v{high}h-{BAR}z"
        for at, high in enumerate(_heights(numbers, max(numbers, default=0)))
    ]
    drawn = markup('<path d="{}"/><path class="now" d="{}"/>', "".join(bars[:-1]), "".join(bars[-1:]))
    said = markup('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    width = max(len(numbers) * (BAR + GAP), 1)
    return markup('<svg class="spark" viewBox="0 0 {} {}" {}>{}</svg>', width, HEIGHT, said, drawn)


def _heights(numbers: Sequence[int], most: int) -> list[int]:
    return [max(1, round(HEIGHT * number / most)) if most and number else 1 for number in numbers]

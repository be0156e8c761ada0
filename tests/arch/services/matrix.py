"""All rows: every service that checks a right, how it is called and who may."""

from __future__ import annotations

from tests.arch.services import (
    audit,
    background,
    browsing,
    contents,
    exporting,
    following,
    own,
    people,
    pins,
    projects,
    purging,
    robots,
    rules,
    searches,
)
from tests.arch.services.row import Rows

MATRIX: Rows = {
    **people.ROWS,
    **following.ROWS,
    **own.ROWS,
    **pins.ROWS,
    **robots.ROWS,
    **projects.ROWS,
    **contents.ROWS,
    **browsing.ROWS,
    **rules.ROWS,
    **searches.ROWS,
    **background.ROWS,
    **audit.ROWS,
    **purging.ROWS,
    **exporting.ROWS,
}

"""All rows: every service that checks a right, how it is called and who may."""

from __future__ import annotations

from tests.arch.services import background, contents, following, own, people, projects, robots
from tests.arch.services.row import Rows

MATRIX: Rows = {
    **people.ROWS,
    **following.ROWS,
    **own.ROWS,
    **robots.ROWS,
    **projects.ROWS,
    **contents.ROWS,
    **background.ROWS,
}

"""Questions that may take only so long: one that takes longer goes unanswered, and the others are answered all the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.db import OperationalError, transaction

from database import sql
from database.transactions import sqlstate

CANCELLED: Final = "57014"
# A plan is for these values: how much a few letters find is another question for each of them. And it goes through an index in
# its order: a planner that believes that little will be left in the end would read all of a table and sort it first.
_SETTINGS: Final = ("statement_timeout", "plan_cache_mode", "jit", "enable_seqscan", "enable_sort")
_SET: Final = "SELECT " + ", ".join(f"set_config('{name}', %s, true)" for name in _SETTINGS)


def each_within(milliseconds: int, questions: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """The answers by name, None for each question of which a statement took longer. One transaction while nothing does."""
    answers: dict[str, Any] = {}
    while len(answers) < len(questions):
        asked = ""
        try:
            with transaction.atomic():
                sql.one(_SET, [f"{milliseconds}ms", "force_custom_plan", "off", "off", "off"])
                for asked, question in questions.items():
                    if asked not in answers:
                        answers[asked] = question()
        except OperationalError as failure:
            if sqlstate(failure) != CANCELLED or not asked:
                raise
            answers[asked] = None
    return answers

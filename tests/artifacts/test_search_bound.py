"""A search for a word that is everywhere looks at no more than it was told to, and still finds what is called just that."""

from __future__ import annotations

import pytest

from artifacts import search
from database import sql
from tests import people

pytestmark = pytest.mark.django_db


def test_a_word_that_is_everywhere_is_not_ranked_but_what_is_called_just_that_comes_first():
    word = people.unique("word")
    seen, hidden = people.make_project(public=True), people.make_project()
    for project in (seen, hidden):
        sql.execute(
            "INSERT INTO repository (project_id, name, visible_at) SELECT %s, %s || each, now() FROM unnest(%s::text[]) each",
            [project.pk, f"{project.name}/{word}", [*(f"-{n}" for n in range(8)), ""]],
        )
    outsider = people.principal(people.make_user())
    rows, count = search.repositories(outsider, word, limit=3, most=5)
    assert rows[0].name == f"{seen.name}/{word}"
    assert (count, len({each.id for each in rows})) == (5, 3)
    assert all(each.public for each in rows)
    whole, count = search.repositories(outsider, word, limit=3)
    assert (whole[0].name, count) == (f"{seen.name}/{word}", 9)

"""Things of another project, asked for as if they were one's own: the answer is that of what does not exist.

Of every route with an id or a name of something that belongs to a project.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest

from tests.registry_api.rest.api import World
from tests.registry_api.rest.described import OPERATIONS, Operation, told
from tests.registry_api.rest.undone import effect

NOBODYS = {
    **dict.fromkeys(("repository", "reference", "tag", "key"), "nobodys"),
    "project": "nobodys-project",
    "digest": "sha256:" + "0" * 64,
}
# What a path names that is nobody's: words of the API itself, and icons that anybody may see.
SHARED = {"pool_id", "job_type", "digest", "key"}
NAMING = [each for each in OPERATIONS if set(re.findall(r":(\w+)>", each.route)) - SHARED]


@pytest.fixture
def other(passing: World) -> World:
    """A second private project, with people of its own."""
    return World(passing.http)


@pytest.mark.parametrize("operation", NAMING, ids=str)
def test_a_thing_below_another_projects_path_does_not_exist(
    passing: World, other: World, operation: Operation
) -> None:
    own, foreign = operation.parts(passing), operation.parts(other)
    inner = [name for name in own if name not in SHARED | {"project"}]
    for caller in (passing.admin, passing.project_admin):
        caller.get("/users/current")
        for name in inner if "project" in own else []:
            if own[name] != foreign[name]:
                _is_as_nothing(caller, operation, own, {name: foreign[name]}, passing)


@pytest.mark.parametrize("operation", NAMING, ids=str)
def test_who_belongs_to_another_project_gets_what_nothing_gets(
    passing: World, other: World, operation: Operation
) -> None:
    foreign = operation.parts(other)
    passing.project_admin.get("/users/current")
    _is_as_nothing(passing.project_admin, operation, foreign, foreign, other)


def _is_as_nothing(
    caller: Any, operation: Operation, parts: dict[str, str], foreign: dict[str, str], world: World
) -> None:
    """Asked with `foreign` among the parts, and with what nobody has in its place: one refusal, in the same words."""
    body = operation.example(world)
    how: dict[str, Any] = {} if body is None else {"json": body}
    absent = {name: NOBODYS.get(name, "9" * 15) for name in foreign if name not in SHARED}
    answers = []
    for named in (foreign, absent):
        path = operation.path.format(**parts | named) + operation.beside(world)
        answer, changed = effect(partial(caller.call, operation.method, path, **how))
        assert answer.status_code in (403, 404), told(answer)
        assert not changed, (told(answer), changed)
        answers.append((answer.status_code, _without_names(answer.text, named)))
    assert answers[0] == answers[1]


def _without_names(text: str, named: dict[str, str]) -> str:
    for value in sorted(named.values(), key=len, reverse=True):
        text = re.sub(rf"(?<![\w-]){re.escape(value)}(?![\w-])", "…", text)
    return text

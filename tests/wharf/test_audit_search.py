"""`wharf audit search|show`: what somebody at the machine reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from audit.reading import limits
from database import sql
from tests.audit.entries import event, pull
from tests.people import make_project, unique
from tests.wharf.talking import Talking

pytestmark = pytest.mark.django_db

BULK = """
    INSERT INTO audit_pull (ts, repository_id, project_id, actor_id, agent_id, n, actor_kind, actor_name, repository, tag,
      digest)
    SELECT now() - n * interval '1 s', 1, 1, 1, 1, 1, 'user', 'alice', 'library/app', '1', '' FROM generate_series(1, 30000) n
"""


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Talking:
    return Talking(capsys, monkeypatch)


def test_a_search_is_a_table_newest_first(shell: Talking):
    name = unique("robot")
    event(20, actor_name=name, ip="10.1.2.3", resource_name="library/app:1")
    pull(10, actor_name=name, n=4)
    head, pulled, made = shell.ok("audit", "search", "--actor", name.upper()).splitlines()
    assert head.split() == ["id", "time", "actor", "operation", "resource", "result", "address"]
    assert "artifact.pull x4" in pulled
    assert made.split()[3:] == [name, "tag.create", "library/app:1", "ok", "10.1.2.3"]


def test_all_filters_together(shell: Talking):
    project, name = make_project(), unique("user")
    id_ = event(
        7200,
        actor_name=name,
        actor_kind="robot",
        project_id=project.pk,
        ip="10.1.2.3",
        request_id="r-1",
        result="denied",
        operation="tag.delete",
        resource_type="tag",
        resource_name="a/b:1",
    )
    event(7200, actor_name=name)
    options = {
        "--since": "3h",
        "--until": "1h",
        "--actor": name,
        "--actor-kind": "robot",
        "--operation": "tag.*",
        "--type": "tag",
        "--resource": "a/b",
        "--project": project.name,
        "--result": "denied",
        "--address": "10.0.0.0/8",
        "--request": "r-1",
        "--only": "events",
    }
    words = [word for pair in options.items() for word in pair]
    told = json.loads(shell.ok("audit", "search", *words, "--json"))
    assert [each["id"] for each in told["entries"]] == [id_]
    assert told["next"] is None
    assert told["entries"][0]["detail"] == {}
    for option, other in {
        "--actor": "x",
        "--address": "11.0.0.0/8",
        "--result": "ok",
        "--since": "90m",
    }.items():
        changed = [word for pair in (options | {option: other}).items() for word in pair]
        assert json.loads(shell.ok("audit", "search", *changed, "--json"))["entries"] == []


def test_the_next_page_is_one_option_away(shell: Talking):
    name = unique("user")
    ids = [event(ago, actor_name=name) for ago in range(1, 6)]
    status, out, err = shell.run("audit", "search", "--actor", name, "--limit", "2")
    assert status == 0
    assert [int(line.split()[0]) for line in out.splitlines()[1:]] == ids[:2]
    cursor = err.split("--after ")[1].strip()
    rest = shell.ok("audit", "search", "--actor", name, "--after", cursor)
    assert [int(line.split()[0]) for line in rest.splitlines()[1:]] == ids[2:]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--operation", "nothing.*"], "there is no operation 'nothing.*'"),
        (["--address", "10.1"], "'10.1' is no address"),
        (["--since", "yesterday"], "'yesterday' is no time"),
        (["--after", "x"], "no cursor"),
        (["--result", "maybe"], "invalid choice"),
        (["--limit", "0"], "at least 1"),
        (["--follow", "--until", "1d"], "leave out --until"),
    ],
)
def test_wrong_usage_is_told_with_what_would_be_right(shell: Talking, words: list[str], says: str):
    status, _, err = shell.run("audit", "search", *words)
    assert status == 2
    assert says in err


def test_a_search_that_takes_too_long_is_asked_otherwise(shell: Talking, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "SET", limits.SET.replace(f"'{limits.SECONDS}s'", "'1ms'"))
    sql.execute(BULK)
    status, out, err = shell.run("audit", "search", "--resource", "nowhere", "--since", "400d")
    assert (status, out) == (2, "")
    assert "name a shorter time (since, until), or one more filter" in err
    status, _, err = shell.run("audit", "show", str(10**9))
    assert status == 2
    assert "name a shorter time" in err


def test_a_project_that_is_not_there(shell: Talking):
    assert "no project 'nowhere'" in shell.refused("audit", "search", "--project", "nowhere")


def test_one_entry_is_told_whole_with_what_it_changed(shell: Talking):
    detail = {
        "before": {"role": "guest", "same": 1},
        "after": {"role": "admin", "same": 1, "new": [2]},
        "why": "x",
    }
    id_ = event(
        10, detail=json.dumps(detail), request_id="r-9", resource_name="bob", actor_name="mal\u202elory"
    )
    event(11, request_id="r-9", operation="tag.delete")
    told = shell.ok("audit", "show", str(id_))
    assert "operation: tag.create\n" in told
    assert "why: x\n" in told
    assert "changed:\n  - role: guest\n  + role: admin\n  + new: [2]\n" in told
    assert "actor name: mal\ufffdlory\n" in told
    assert "tag.delete" in told.split("with the same request")[1]
    facts = json.loads(shell.ok("audit", "show", str(id_), "--json"))
    assert (facts["detail"], len(facts["related"])) == (detail, 1)


def test_an_entry_that_is_not_there(shell: Talking):
    assert "no entry 99999999" in shell.refused("audit", "show", "99999999")


def test_following_shows_what_comes_until_it_is_interrupted(shell: Talking, monkeypatch: pytest.MonkeyPatch):
    name = unique("user")
    event(5, actor_name=name)
    rounds: Iterator[int] = iter(range(3))

    def later(_seconds: float) -> None:
        if next(rounds) == 2:
            raise KeyboardInterrupt
        event(0, actor_name=name, operation="tag.delete")

    # Not the clock of the whole process: threads of earlier tests may sleep by it.
    monkeypatch.setattr("wharf.commands.audit.reading.time", SimpleNamespace(sleep=later))
    status, out, _ = shell.run("audit", "search", "--actor", name, "--follow")
    assert status == 130
    assert [line.split()[4] for line in out.splitlines()] == ["tag.create", "tag.delete", "tag.delete"]

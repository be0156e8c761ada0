"""`wharf robot`, as a person at the machine types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from access.allowances import from_json
from access.table import P
from accounts.keys import secrets
from accounts.models import Robot
from projects.models import Project
from tests.keys import PULL, PUSH, everywhere, in_project, in_system
from tests.people import make_project, unique
from tests.shell import Shell

pytestmark = pytest.mark.django_db


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


@pytest.fixture
def project() -> Project:
    return make_project()


def held(name: str) -> object:
    return from_json(Robot.objects.get(name=name).allowances)


def test_a_robot_is_made_listed_shown_changed_rotated_and_removed(shell: Shell, project: Project):
    name = unique("ci")
    full = f"robot${project.name}+{name}"
    options = ("--allow", "pull,push", "--repository", "team/**", "--network", "10.0.0.0/8")
    _, out, _ = shell.run("robot", "create", name, "--project", project.name, *options)
    first, _, secret, login, hint = out.splitlines()
    assert first.startswith(f"robot {full} created; it lives until ")
    assert secrets.is_digest_of(Robot.objects.get(name=name).secret_digest, secret)
    assert login.startswith(f"docker login --username '{full}' ")
    assert "--password-stdin" in hint
    assert held(name) == (in_project(project, PUSH, "team/**"),)
    (row,) = shell.json("robot", "list", "--project", project.name)
    assert (row["name"], row["state"], row["last_used"]) == (full, "active", None)
    assert row["may"] == "push in 1 project, some repositories"
    shown = shell.run("robot", "show", full)[1]
    assert f"may:        repository:pull, repository:push in {project.name} on team/**" in shown
    assert "used from:  10.0.0.0/8" in shown
    assert secret not in shown + shell.run("robot", "show", full, "--json")[1]
    shell.run(
        "robot", "change", f"{project.name}+{name}", "--allow", "pull", "--from-anywhere", "--days", "-1"
    )
    row = shell.json("robot", "show", name, "--project", project.name)
    assert (row["ends"], row["networks"]) == (None, [])
    assert held(name) == (in_project(project, PULL),)
    assert shell.run("robot", "disable", full)[1] == f"robot {full} disabled\n"
    assert shell.json("robot", "show", full)["state"] == "disabled"
    assert shell.run("robot", "enable", full)[1] == f"robot {full} enabled\n"
    out = shell.run("robot", "rotate", full, "--overlap", "1")[1]
    assert "has a new secret; the former secret is good until" in out
    assert "; the robot itself lives until " in out or "; the robot itself lives for ever" in out
    assert shell.json("robot", "rotate", full, "--overlap", "1")["former_secret_until"] is not None
    assert secret not in out
    assert shell.run("robot", "delete", full)[1] == f"robot {full} removed\n"
    assert shell.json("robot", "list", "--project", project.name) == []


def test_a_robot_of_the_system_works_in_the_projects_named(shell: Shell, project: Project):
    other, name = make_project(), unique("mirror")
    places = ("--in", project.name, "--in", other.name)
    made = shell.json("robot", "create", name, *places, "--allow", "pull", "--system-permission", "user:list")
    assert made["name"] == f"robot${name}"
    assert made["secret"].startswith(secrets.ROBOT_PREFIX)
    assert held(name) == (
        in_project(project, PULL),
        in_project(other, PULL),
        in_system(frozenset({P.USER_LIST})),
    )
    everything = unique("all")
    shell.json("robot", "create", everything, "--all-projects", "--permission", "repository:pull")
    assert held(everything) == (everywhere(PULL),)


def test_what_show_prints_makes_another_one_alike(shell: Shell, project: Project, tmp_path: Path):
    first, second = unique("a"), unique("b")
    shell.run("robot", "create", first, "--in", project.name, "--allow", "delete", "--repository", "x/*")
    file = tmp_path / "robot.json"
    file.write_text(json.dumps(shell.json("robot", "show", first)))
    shell.json("robot", "create", second, "--permissions", str(file))
    assert held(first) == held(second)


def test_a_chosen_secret_comes_from_standard_input(shell: Shell, project: Project):
    words = ("robot", "create", unique("ci"), "--project", project.name, "--allow", "pull", "--choose-secret")
    assert shell.json(*words, stdin="Chosen-0ne\n")["secret"] == "Chosen-0ne"
    status, _, err = shell.run("robot", "create", unique("ci"), *words[3:], stdin="short\n")
    assert (status, "8 to 128 characters" in err, "short" in err) == (1, True, False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "say what it may do"),
        (("--allow", "fly"), "none of pull, push, delete"),
        (("--permission", "fly"), "'fly' is no permission"),
        (("--permission", "pull"), "'pull' is several permissions: give it with --allow"),
        (("--permission", "configuration:update"), "no robot may have in a project: configuration:update"),
        (("--repository", "x"), "say what it may do there"),
        (("--allow", "pull", "--all-projects"), "works there alone"),
        (("--allow", "pull", "--repository", "X"), "is no pattern"),
        (("--allow", "pull", "--days", "0"), "1 to 3650 days, or -1 for ever"),
        (("--allow", "pull", "--network", "x"), "is no network"),
        (("--allow", "pull", "--permissions", "-"), "says it all"),
        (("--permissions", "/nowhere"), "cannot be read"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(
    shell: Shell, project: Project, options: tuple[str, ...], words: str
):
    status, out, err = shell.run("robot", "create", "ci", "--project", project.name, *options)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert words in err
    assert not Robot.objects.filter(project=project).exists()


def test_names_that_are_nobodys_are_told_so(shell: Shell, project: Project):
    for name in ("nobody", "robot$nobody", f"{project.name}+nobody"):
        status, _, err = shell.run("robot", "show", name)
        assert (status, "no robot 'robot$" in err) == (1, True)
    assert "no project 'nowhere'" in shell.run("robot", "show", "nowhere+ci")[2]
    assert "is not allowed" in shell.run("robot", "show", "No Name")[2]
    assert "say where" in shell.run("robot", "create", "ci", "--allow", "pull")[2]
    assert "nothing to change" in _change_nothing(shell, project)


def _change_nothing(shell: Shell, project: Project) -> str:
    shell.run("robot", "create", "ci", "--project", project.name, "--allow", "pull")
    return shell.run("robot", "change", "ci", "--project", project.name)[2]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"[{", "is no JSON (line 1, column 3): write it as `wharf robot show NAME --json` does"),
        (b"\xff\xfe", "is no text in UTF-8"),
    ],
)
def test_a_file_of_permissions_that_cannot_be_read_is_told_in_a_sentence(
    shell: Shell, tmp_path: Path, content: bytes | None, words: str
):
    path = tmp_path / "p.json"
    if content is not None:
        path.write_bytes(content)
    status, _, err = shell.run("robot", "create", unique("ci"), "--permissions", str(path))
    assert (status, words in err, "Errno" in err) == (1, True, False)


def test_a_pattern_that_begins_with_the_project_is_refused_and_has_a_way_round(
    shell: Shell, project: Project
):
    name = unique("ci")
    wanted = ("robot", "create", name, "--project", project.name, "--allow", "pull", "--repository")
    status, _, err = shell.run(*wanted, f"{project.name}/app")
    assert (status, "did you mean 'app'?" in err) == (1, True)
    assert shell.run(*wanted, f"{{{project.name}}}/app")[0] == 0


def test_who_made_it_at_the_machine_is_no_user_of_that_name(shell: Shell, project: Project):
    shell.run("robot", "create", unique("ci"), "--project", project.name, "--allow", "pull")
    (row,) = shell.json("robot", "list", "--project", project.name)
    assert row["made_by"].endswith(" (wharf command)")

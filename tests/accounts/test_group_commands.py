"""`wharf group`, `wharf member --group` and `wharf access`, as a person at the machine types them."""

from __future__ import annotations

import pytest

from access.table import Role
from accounts.models import User
from tests.groups import give, make_directory_group, make_group, roles_in
from tests.people import make_member, make_project, make_user, unique
from tests.shell import Shell

pytestmark = pytest.mark.django_db


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


def test_a_group_is_made_filled_shown_renamed_and_deleted(shell: Shell):
    name, ann, project = unique("devs"), make_user("ann"), make_project("team")
    _, out, _ = shell.run("group", "create", name)
    assert out == f"group {name} created; put people into it: wharf group add '{name}' USER\n"
    assert shell.run("group", "add", name, ann.username)[1] == f"{ann.username} is in group {name}\n"
    shell.run("member", "add", project.name, "--group", name, "developer")
    _, out, _ = shell.run("group", "show", name)
    assert out.splitlines() == [
        f"group {name} (local)",
        f"people (1): {ann.username}",
        f"roles (1): developer of {project.name}",
    ]
    (row,) = [row for row in shell.json("group", "list") if row["name"] == name]
    assert (row["source"], row["people"], row["active"], row["projects"]) == ("local", 1, 1, 1)
    assert shell.run("group", "rename", name, name + "-2")[1] == f"group {name} is now called {name}-2\n"
    assert shell.run("group", "remove", name + "-2", ann.username)[0] == 0
    assert shell.run("group", "delete", name + "-2")[1] == f"group {name}-2 deleted\n"
    assert roles_in(project) == set()


def test_an_empty_group_and_one_never_read_say_what_to_do_next(shell: Shell):
    out = shell.run("group", "show", make_group().name)[1]
    assert "people (0): none" in out
    assert "roles (0): none: wharf member add PROJECT --group NAME ROLE" in out
    group = make_directory_group()
    assert f"directory: {group.dn}, read never: wharf ldap sync" in shell.run("group", "show", group.name)[1]
    status, _, err = shell.run("group", "add", group.name, make_user().username)
    assert (status, "run wharf ldap sync" in err) == (1, True)


def test_a_mistyped_group_is_one_line_with_the_nearest_name(shell: Shell):
    group = make_group(name=unique("platform"))
    status, out, err = shell.run("group", "show", group.name + "x")
    assert (status, out) == (1, "")
    assert err == f"wharf: no group '{group.name}x'. Did you mean '{group.name}'?\n"


@pytest.mark.parametrize(
    "words",
    [
        "add PROJECT --group GROUP developer",
        "add --group GROUP PROJECT developer",
        "add PROJECT developer --group GROUP",
        "add --json PROJECT --group=GROUP developer",
        "create PROJECT --group GROUP developer --json",
    ],
)
def test_a_group_is_made_a_member_wherever_its_name_stands(shell: Shell, words: str):
    project, group = make_project(), make_group()
    given = words.replace("PROJECT", project.name).replace("GROUP", group.name).split()
    assert shell.run("member", *given)[0] == 0
    assert roles_in(project) == {(group.name, Role.DEVELOPER)}


@pytest.mark.parametrize(
    "words", ["add PROJECT USER guest", "add PROJECT --json USER guest", "add PROJECT USER --json guest"]
)
def test_a_user_is_made_a_member_as_before(shell: Shell, words: str):
    project, user = make_project(), make_user()
    given = words.replace("PROJECT", project.name).replace("USER", user.username).split()
    assert shell.run("member", *given)[0] == 0
    assert roles_in(project) == {(user.username, Role.GUEST)}


def test_a_user_and_a_group_at_once_are_wrong_usage(shell: Shell):
    status, _, err = shell.run("member", "add", "team", "ann", "--group", "devs", "guest")
    assert status == 2
    assert "PROJECT (USER | --group NAME) ROLE" in err
    status, _, err = shell.run("member", "add", "team", "--group", "devs", "boss")
    assert (status, "project-admin, developer, guest" in err) == (2, True)


def test_members_of_both_kinds_are_listed_changed_and_removed(shell: Shell):
    project, group = make_project(), make_group(make_user(), make_user(is_active=False))
    user = make_member(project, Role.PROJECT_ADMIN)
    give(project, group, Role.GUEST)
    rows = shell.json("member", "list", project.name)
    assert [(row["user"], row["group"], row["people"], row["role"]) for row in rows] == [
        (user.username, None, None, "project admin"),
        (None, group.name, 1, "guest"),
    ]
    changed = shell.json("member", "change", project.name, "--group", group.name, "maintainer")
    assert changed == {"project": project.name, "group": group.name, "role": "maintainer"}
    _, out, _ = shell.run("member", "remove", project.name, "--group", group.name)
    assert out == f"group {group.name} is no member of {project.name} any more\n"
    status, _, err = shell.run("member", "remove", project.name, user.username)
    assert (status, "last project admin" in err) == (1, True)


def test_why_is_told_line_by_line_with_an_arrow_before_what_decides(shell: Shell):
    project, user = make_project("shop"), make_user("ann")
    group = make_directory_group(user)
    give(project, group, Role.DEVELOPER)
    status, out, _ = shell.run("access", "explain", user.username, "push", f"{project.name}/app")
    first, *rest = out.splitlines()
    assert (status, first) == (0, f"{user.username} may push in {project.name}/app")
    (arrow,) = [line for line in rest if line.startswith("->")]
    assert f"in group '{group.name}', which is developer of the project" in arrow
    assert "people read from the directory never: wharf ldap sync" in arrow
    _, out, _ = shell.run("access", "explain", user.username, "delete", project.name)
    assert out.splitlines()[0] == f"{user.username} may not delete in {project.name}"
    assert "tag:delete needs the role maintainer" in out


def test_why_is_told_to_programs_and_of_the_anonymous(shell: Shell):
    project = make_project(public=True)
    found = shell.json("access", "explain", "anonymous", "pull", f"{project.name}/app")
    assert (found["allowed"], found["needs"]) == (True, ["repository:pull"])
    assert [step["kind"] for step in found["steps"] if step["decides"]] == ["public"]
    assert shell.json("access", "explain", "anonymous", "tag:delete", project.name)["allowed"] is False


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("explain nobody-of-that-name pull PROJECT", "no user 'nobody-of-that-name'"),
        ("explain anonymous pull no-such-project", "no project 'no-such-project'"),
        ("explain anonymous destroy PROJECT", "write pull, push, delete"),
        ("explain anonymous pull PROJECT/UPPER", "repository name"),
        ("who destroy PROJECT", "write pull, push, delete"),
    ],
)
def test_a_question_about_nothing_is_answered_with_what_is_wrong(shell: Shell, words: str, told: str):
    status, out, err = shell.run("access", *words.replace("PROJECT", make_project().name).split())
    assert (status, out) == (1, "")
    assert told in err


def test_who_may_names_users_groups_with_their_numbers_and_everybody(shell: Shell):
    User.objects.filter(is_admin=True).update(is_admin=False)
    project = make_project()
    group = make_group(make_user(), make_user())
    user = make_member(project, Role.MAINTAINER)
    give(project, group, Role.DEVELOPER)
    _, out, _ = shell.run("access", "who", "push", project.name)
    assert out.splitlines() == [
        f"push in {project.name}: 3 with an account",
        "anybody, without signing in: no",
        "system administrators: none",
        "auditors: none",
        f"users: {user.username} (maintainer)",
        f"groups: {group.name} (developer, 2 people)",
        "robots: none",
    ]
    found = shell.json("access", "who", "delete", project.name)
    assert ([each["name"] for each in found["users"]], found["groups"]) == ([user.username], [])

"""`wharf user|password|project|member`, as a person at the machine types them."""

from __future__ import annotations

import pytest

from accounts.models import User
from audit.models import AuditEvent
from projects.models import Project
from tests.accounts.directories import sign_in
from tests.people import make_project, make_user, unique
from tests.shell import Shell

pytestmark = pytest.mark.django_db


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


def test_a_password_is_read_from_standard_input_and_shown_nowhere(shell: Shell):
    name = unique("ann")
    status, out, err = shell.run("user", "create", name, "--email", "a@example.org", stdin="correct horse\n")
    assert (status, out, err) == (0, f"user {name} created\n", "")
    assert sign_in(name, "correct horse") is not None


def test_a_generated_password_is_printed_once_and_works(shell: Shell):
    found = shell.json("user", "create", unique("ann"), "--generate", "--admin")
    assert found["admin"] is True
    assert sign_in(found["name"], found["password"]) is not None
    assert found["password"] not in str(list(AuditEvent.objects.values_list("detail", flat=True)))


def test_a_short_password_is_one_line_on_standard_error(shell: Shell):
    name = unique("ann")
    status, out, err = shell.run("user", "create", name, stdin="short\n")
    assert (status, out) == (1, "")
    assert err == "wharf: the password cannot be used: at least 8 characters are needed\n"
    assert not User.objects.filter(username=name).exists()


def test_a_password_is_no_argument(shell: Shell):
    status, _, err = shell.run("password", "change", "ann", "correct horse")
    assert status == 2
    assert "unrecognized arguments" in err


def test_a_changed_password_replaces_the_old_one(shell: Shell):
    user = make_user(password="correct horse")
    assert shell.run("password", "change", user.username, stdin="battery staple\n")[0] == 0
    assert sign_in(user.username, "correct horse") is None
    assert sign_in(user.username, "battery staple") is not None


def test_a_user_is_changed_disabled_and_removed(shell: Shell):
    user = make_user()
    found = shell.json(
        "user", "change", user.username, "--full-name", "Ann Lee", "--auditor", "yes", "--active", "no"
    )
    assert (found["full_name"], found["auditor"], found["active"]) == ("Ann Lee", True, False)
    assert user.username in shell.run("user", "list")[1]
    assert shell.run("user", "remove", user.username)[0] == 0
    assert not User.objects.filter(pk=user.pk).exists()


def test_a_mistyped_user_is_answered_with_the_nearest_name(shell: Shell):
    user = make_user("annabel")
    status, _, err = shell.run("user", "change", user.username + "x", "--email", "")
    assert (status, err) == (1, f"wharf: no user '{user.username}x'. Did you mean '{user.username}'?\n")


def test_a_project_is_created_listed_changed_and_removed(shell: Shell):
    owner, name = make_user(), unique("team")
    found = shell.json("project", "create", name, "--quota", "10GiB", "--owner", owner.username)
    assert found == {
        "name": name,
        "public": False,
        "owner": owner.username,
        "used": 0,
        "quota": 10 * 2**30,
        "sparse_indexes": True,
        "pull_log": "coalesced",
    }
    changed = shell.json("project", "change", name, "--public", "--complete-indexes", "--quota", "unlimited")
    assert (changed["public"], changed["sparse_indexes"], changed["quota"]) == (True, False, -1)
    listed = [line for line in shell.run("project", "list")[1].splitlines() if name in line]
    assert listed[0].split() == [name, "yes", owner.username, "0", "B", "unlimited", "no", "coalesced"]
    assert shell.run("project", "change", name, "--private")[0] == 0
    assert shell.run("project", "remove", name)[0] == 0
    assert Project.objects.get(name=name).deleted_at is not None


def test_a_mistyped_project_is_answered_with_the_nearest_name(shell: Shell):
    project = make_project("team")
    status, _, err = shell.run("project", "remove", project.name + "x")
    assert (status, err) == (1, f"wharf: no project '{project.name}x'. Did you mean '{project.name}'?\n")


@pytest.mark.parametrize("size", ["10 GB", "-5", "1e9", "ten", "٣GiB"])
def test_a_size_is_written_one_way(shell: Shell, size: str):
    status, _, err = shell.run("project", "create", unique("team"), f"--quota={size}")
    assert status == 2
    assert "is no size" in err


def test_members_are_added_listed_changed_and_removed(shell: Shell):
    project, user = make_project(), make_user()
    added = shell.json("member", "add", project.name, user.username, "limited-guest")
    assert added == {"project": project.name, "user": user.username, "role": "limited guest"}
    assert shell.run("member", "change", project.name, user.username, "Project admin")[0] == 0
    (row,) = shell.json("member", "list", project.name)
    assert (row["user"], row["role"]) == (user.username, "project admin")
    status, _, err = shell.run("member", "remove", project.name, user.username)
    assert (status, "last project admin" in err) == (1, True)


def test_an_unknown_role_is_answered_with_all_roles(shell: Shell):
    status, _, err = shell.run("member", "add", "team", "ann", "boss")
    assert status == 2
    assert "project-admin, developer, guest, maintainer, limited-guest" in err


@pytest.mark.parametrize("noun", ["user", "project"])
def test_a_change_that_names_nothing_is_refused(shell: Shell, noun: str):
    status, _, err = shell.run(noun, "change", "some-name")
    assert status == 1
    assert "nothing to change" in err


def test_acts_are_recorded_under_the_name_of_the_operating_system_user(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LOGNAME", "operator")
    name = unique("team")
    shell.run("project", "create", name)
    event = AuditEvent.objects.get(operation="project.create", resource_name=name)
    assert (event.actor_kind, event.actor_name, event.auth) == ("system", "operator", "cli")


@pytest.mark.parametrize(
    "command",
    [
        ("member", "add", "PROJECT", "robot$ci", "developer"),
        ("user", "keys", "robot$library+ci"),
        ("session", "list", "robot$ci"),
        ("session", "end", "robot$ci", "--all"),
    ],
)
def test_who_names_a_robot_where_people_are_meant_is_told_which_command_it_has(
    shell: Shell, command: tuple[str, ...]
):
    project = make_project().name
    status, _, err = shell.run(*(project if word == "PROJECT" else word for word in command))
    assert status == 1
    assert "is a robot: " in err
    assert "wharf robot " in err


def test_no_password_on_standard_input_is_told_with_what_to_do(shell: Shell):
    status, _, err = shell.run("user", "create", unique("ann"), stdin="")
    assert status == 1
    assert (
        err == "wharf: no password on standard input: type it at a terminal, pipe it in, or use --generate\n"
    )


def test_removing_a_user_tells_what_went_with_him(shell: Shell):
    project, user = make_project(), make_user(password="correct horse")
    shell.run("member", "add", project.name, user.username, "guest")
    shell.run("token", "create", user.username, "laptop", "--everything", stdin="correct horse\n")
    out = shell.run("user", "delete", user.username)[1]
    assert out == f"user {user.username} removed, and with him 1 role, 1 key\n"


@pytest.mark.parametrize("noun", ["project", "repository", "tag", "member", "robot", "user", "schedule"])
def test_what_can_be_removed_can_be_deleted(shell: Shell, noun: str):
    status, out, _ = shell.run(noun, "delete", "--help")
    assert (status, out.startswith("usage: ")) == (0, True)

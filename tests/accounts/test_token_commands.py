"""`wharf token` and `wharf user keys`, as a person at the machine types them."""

from __future__ import annotations

from typing import Any

import pytest

from access.principal import AuthMethod
from access.table import P, Role
from accounts import gate
from accounts.models import AccessToken, Identity, Source, User
from accounts.services import sessions
from accounts.services.access_tokens import new_cli_secret
from core.errors import Unauthenticated
from tests.people import ORIGIN, make_member, make_project, make_user, principal, unique
from tests.shell import Shell

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse"
STDIN = f"{PASSWORD}\n"


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


def made(shell: Shell, user: User, name: str, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = shell.json("token", "create", user.username, name, *options, stdin=STDIN)
    return found


def test_the_owner_makes_a_token_with_his_password_and_it_proves_him(shell: Shell):
    project = make_project()
    user = make_member(project, Role.DEVELOPER, password=PASSWORD)
    wanted = ("--allow", "push", "--project", project.name, "--repository", "team/**", "--days", "7")
    found = made(shell, user, "laptop", *wanted, "--network", "192.0.2.0/24")
    assert found["allows"] == f"repository:pull, repository:push in {project.name} (team/**)"
    assert (found["owner"], found["name"], found["networks"]) == (user.username, "laptop", "192.0.2.0/24")
    proven = gate.prove(user.username, found["secret"], ORIGIN)
    assert (proven.id, proven.auth) == (user.pk, AuthMethod.PAT)
    (allowance,) = proven.allowances or ()
    assert allowance.permissions == {P.REPOSITORY_PULL, P.REPOSITORY_PUSH}
    (row,) = shell.json("token", "list", user.username)
    assert row == {key: row[key] for key in found if key != "secret"}
    assert found["secret"] not in shell.run("token", "list")[1]


def test_a_token_is_for_everything_only_when_that_is_said(shell: Shell):
    user = make_user(password=PASSWORD, is_admin=True)
    status, out, err = shell.run("token", "create", user.username, "all", "--everything", stdin=STDIN)
    assert (status, err) == (0, "")
    assert gate.prove(user.username, out.split()[-1], ORIGIN).is_whole
    assert made(shell, user, "s", "--allow", "user:list", "--system")["allows"] == "user:list in the system"
    assert (
        made(shell, user, "p", "--allow", "pull", "--all-projects")["allows"]
        == "repository:pull in all projects"
    )


def test_permissions_are_separated_by_commas_as_a_robots_are(shell: Shell):
    user = make_user(password=PASSWORD, is_admin=True)
    found = made(shell, user, "both", "--allow", "pull,delete", "--allow", "tag:list", "--all-projects")
    allowed = "artifact:delete, repository:pull, tag:delete, tag:list"
    assert found["allows"] == f"{allowed} in all projects"


def test_the_operator_needs_the_owner_to_make_one(shell: Shell):
    user = make_user(password=PASSWORD)
    wrong = ["token", "create", user.username, "laptop", "--everything"]
    for stdin in ("", "\n", "not his password\n", "\0\n"):
        status, out, err = shell.run(*wrong, stdin=stdin)
        assert (status, out, err) == (1, "", "wharf: user name or password is wrong\n")
    assert shell.run("token", "create", unique("nobody"), "laptop", "--everything", stdin=STDIN)[0] == 1
    _, secret = new_cli_secret(principal(user), user)
    assert shell.run(*wrong, stdin=f"{secret}\n")[0] == 1
    assert user.access_tokens.count() == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--everything", "--allow", "pull"), "has no bounds"),
        (("--project", "library"), "say what the token is for"),
        (("--system", "--allow", "eat:cake"), "is no permission"),
        (("--system", "--allow", "eat"), "'eat' is no permission"),
        (("--all-projects", "--allow", "tag:deletes"), "did you mean 'tag:delete'?"),
        (("--project", "library", "--allow", "pull", "--repository", "library/app"), "did you mean 'app'?"),
        (("--system", "--allow", "session:list"), "leave session:list out"),
        (("--system", "--allow", "user:list", "--repository", "a/**"), "for no repositories"),
        (("--all-projects", "--allow", "pull", "--repository", "{a"), "braces"),
        (("--project", "no-such-project", "--allow", "pull"), "no project 'no-such-project'"),
        (("--everything", "--days", "0"), "1 to 365 days"),
        (("--everything", "--days", "99999999999999"), "1 to 365 days"),
        (("--everything", "--network", "home"), "is no network"),
        (("--everything", "--network", "10.1.2.3/8"), "10.1.2.3 for that address alone"),
    ],
)
def test_bad_input_is_a_sentence(shell: Shell, options: tuple[str, ...], words: str):
    user = make_user(password=PASSWORD)
    status, out, err = shell.run("token", "create", user.username, "laptop", *options, stdin=STDIN)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("wharf: ")
    assert words in err
    assert not user.access_tokens.exists()


@pytest.mark.parametrize("options", [(), ("--everything", "--system"), ("--everything", "--days", "many")])
def test_wrong_usage_is_told_as_such(shell: Shell, options: tuple[str, ...]):
    assert shell.run("token", "create", "ann", "laptop", *options)[0] == 2


def test_a_token_is_revoked_by_name_and_all_at_once(shell: Shell):
    user = make_user(password=PASSWORD)
    secrets = [made(shell, user, name, "--everything")["secret"] for name in ("one", "two", "three")]
    assert shell.run("token", "revoke", user.username, "ONE")[:2] == (0, "one revoked\n")
    with pytest.raises(Unauthenticated):
        gate.prove(user.username, secrets[0], ORIGIN)
    assert gate.prove(user.username, secrets[1], ORIGIN).id == user.pk
    status, _, err = shell.run("token", "revoke", user.username, "one")
    assert (status, err.splitlines()[-1]) == (1, f"wharf: '{user.username}' has no access token 'one'")
    assert shell.json("token", "revoke", user.username, "--all") == {"user": user.username, "revoked": 2}
    assert not AccessToken.objects.filter(user=user).exists()


@pytest.mark.parametrize("options", [(), ("one", "--all")])
def test_what_is_revoked_must_be_said(shell: Shell, options: tuple[str, ...]):
    status, _, err = shell.run("token", "revoke", make_user().username, *options)
    assert (status, err) == (1, "wharf: say which token: its name, or --all\n")


def test_all_that_lets_a_user_in_is_listed(shell: Shell):
    user = make_user(password=PASSWORD)
    Identity.objects.create(user=user, source=Source.LDAP, subject=unique("s"), name="ann.lee")
    _, secret = new_cli_secret(principal(user), user)
    sessions.start(user, AuthMethod.BASIC, ORIGIN)
    found = shell.json("user", "keys", user.username)
    assert [(row["kind"], row["name"]) for row in found[:3]] == [
        ("password", "its own"),
        ("ldap", "ann.lee"),
        ("token", "CLI secret"),
    ]
    assert (found[3]["kind"], found[3]["from"]) == ("session", ORIGIN.ip)
    assert secret not in str(found)
    assert shell.run("user", "keys", user.username + "x")[0] == 1
    assert shell.json("user", "keys", make_user().username) == []

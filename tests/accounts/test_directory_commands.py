"""`wharf ldap sync|import` and `wharf user show|link|unlink|migrate`, as a person at the machine types them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts.models import Group, User
from jobs.models import Run
from tests.accounts.directories import PASSWORD, Configure, forget_passwords, sign_in, signed_in
from tests.ldap.slapd import Slapd, slapd
from tests.people import make_user, unique
from tests.shell import Shell

pytestmark = pytest.mark.django_db
LOCAL = "a local horse"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with slapd(tmp_path_factory.mktemp("ldap")) as found:
        yield found


@pytest.fixture
def directory(server: Slapd, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Slapd:
    forget_passwords(monkeypatch)
    configure(**server.settings)
    return server


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


def test_a_dry_run_shows_every_change_and_writes_none(shell: Shell, directory: Slapd):
    names = [unique("ann"), unique("bob")]
    dns = [directory.add_person(name, PASSWORD) for name in names]
    users = [signed_in(name) for name in names]
    group_dn = directory.add_group(unique("devs"), [dns[0]])
    shell.run("ldap", "import", "--group", group_dn)
    directory.delete(dns[0])
    directory.modify(dns[1], 2, "mail", ["new@example.org"])
    status, out, _ = shell.run("ldap", "sync", "--dry-run")
    assert status == 0
    assert out.splitlines()[0].split() == ["change", "of", "before", "after"]
    assert "active: yes" in out
    assert "email: new@example.org" in out
    assert f"-{names[0]}" in out
    assert out.endswith("4 changes; nothing was written\n")
    assert User.objects.get(pk=users[0].pk).is_active
    assert not Run.objects.filter(kind="ldap.sync").exists()
    found = shell.json("ldap", "sync", "--dry-run")
    assert (found["disabled"], found["removed"], found["refused"]) == (1, 1, False)


def test_a_synchronisation_is_a_job(shell: Shell, directory: Slapd):
    status, out, _ = shell.run("ldap", "sync")
    run = Run.objects.get(kind="ldap.sync")
    assert (status, out) == (0, f"job {run.pk} started: wharf jobs log {run.pk} --follow\n")
    status, _, err = shell.run("ldap", "sync", "--accept-losses", "3")
    assert status == 1
    assert "under way already" in err


def test_without_a_directory_one_line_says_so(shell: Shell):
    for arguments in (["sync"], ["sync", "--dry-run"], ["import", "ann"]):
        status, _, err = shell.run("ldap", *arguments)
        assert status == 1
        assert "auth_mode" in err


def test_people_and_groups_are_imported(shell: Shell, directory: Slapd):
    ann, devs = unique("ann"), unique("devs")
    group_dn = directory.add_group(devs, [directory.add_person(ann, PASSWORD)])
    status, out, _ = shell.run("ldap", "import", ann, "--group", group_dn, "--as", f"{devs} team")
    assert status == 0
    assert out == (
        f"user {ann} imported\ngroup {devs} team imported\nnext: wharf member add PROJECT --group '{devs} team' ROLE\n"
    )
    assert Group.objects.get(dn=group_dn).people.get().user.username == ann
    assert "next" not in shell.run("ldap", "import", unique("nobody"))[1]
    status, _, err = shell.run("ldap", "import")
    assert (status, err.startswith("wharf: nothing to import")) == (1, True)


def test_show_tells_where_somebody_comes_from(shell: Shell, directory: Slapd):
    name = unique("ann")
    dn = directory.add_person(name, PASSWORD, full_name="Ann Lee")
    shell.run("ldap", "import", "--group", directory.add_group(unique("devs"), [dn]))
    signed_in(name)
    out = shell.run("user", "show", name)[1]
    assert "account:   ldap, active" in out
    assert f"identity:  ldap {name} ({dn})" in out
    assert "password:  none of its own" in out
    found = shell.json("user", "show", name)
    assert (found["source"], len(found["groups"]), found["identities"][0]["gone"]) == ("ldap", 1, None)


def test_an_account_is_linked_and_unlinked(shell: Shell, directory: Slapd):
    user, name = make_user("ann", password=LOCAL), unique("ann-lee")
    dn = directory.add_person(name, PASSWORD)
    assert shell.run("user", "link", user.username)[0] == 1
    status, out, _ = shell.run("user", "link", user.username, "--ldap-name", name)
    assert (status, out) == (0, f"{user.username} is linked to {dn}\n")
    assert sign_in(name, PASSWORD) == user
    assert shell.run("user", "unlink", user.username)[0] == 0
    assert sign_in(user.username, LOCAL) == user


def test_an_account_is_migrated_there_and_back(shell: Shell, directory: Slapd):
    user = make_user("ann", password=LOCAL)
    directory.add_person(user.username, PASSWORD)
    assert shell.run("user", "migrate", user.username, "--to", "ldap")[0] == 0
    assert sign_in(user.username, PASSWORD) == user
    made = shell.json("user", "migrate", user.username, "--to", "local", "--generate")
    assert sign_in(user.username, made["password"]) == user
    assert made["source"] == "local"


def test_removing_somebody_the_directory_still_has_says_that_he_can_return(shell: Shell, directory: Slapd):
    name = unique("ann")
    directory.add_person(name, PASSWORD)
    signed_in(name)
    assert "disable instead" in shell.run("user", "remove", name)[1]


def test_somebody_is_renamed_unless_his_name_comes_from_the_directory(shell: Shell, directory: Slapd):
    user, new = make_user("ann"), unique("lee")
    assert shell.run("user", "change", user.username, "--rename", new)[0] == 0
    name = unique("bob")
    directory.add_person(name, PASSWORD)
    signed_in(name)
    status, _, err = shell.run("user", "change", name, "--rename", unique("x"))
    assert status == 1
    assert "come from the directory" in err

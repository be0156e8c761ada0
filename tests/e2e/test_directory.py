"""People and groups of a directory, from there to `docker push` and back: against OpenLDAP and against Active Directory."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from tests.conftest import RequireTool
from tests.e2e.clients import INSTALL_LINE, Login, Skopeo
from tests.e2e.directory import KINDS, PASSWORD, Place, place, within
from tests.e2e.registry import Registry, basic
from tests.e2e.server import Wharf
from tests.images import image, write_oci_layout
from tests.ldap.samba import Samba
from tests.ldap.slapd import Slapd

# A token lives on for no longer than this after its owner lost a right.
TOKEN_SECONDS = 5.5


@pytest.fixture(scope="module", params=KINDS)
def here(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(request.param, tmp_path_factory.mktemp(request.param)) as found:
        yield found


@pytest.fixture
def live(here: Place) -> Wharf:
    """In the place of the shared one: its log is shown beside a red test."""
    return here.wharf


def name(prefix: str) -> str:
    return f"{prefix}{uuid4().hex[:8]}"


def a_project(here: Place, group_dn: str, role: str = "developer") -> str:
    """A new project whose only member is the group."""
    project = name("team")
    here.wharf.run("project", "create", project)
    here.wharf.run("ldap", "import", "--group", group_dn, "--as", project)
    here.wharf.run("member", "add", project, "--group", project, role)
    return project


def can_push(client: Registry, project: str) -> bool:
    """With a token asked for now."""
    client.forget_tokens()
    return client.push_blob(f"{project}/app", uuid4().bytes).status_code == 201


def still_pushes(client: Registry, project: str) -> bool:
    """With the token it has."""
    return client.push_blob(f"{project}/app", uuid4().bytes).status_code == 201


def facts(here: Place, user: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(here.wharf.run("user", "show", user, "--json"))
    return found


def test_a_group_lets_exactly_its_people_push(here: Place):
    ann, bob = name("ann"), name("bob")
    dns = [here.add_person(ann), here.add_person(bob)]
    project = a_project(here, here.directory.add_group(name("devs"), [dns[0]]))
    with here.client(ann) as insider, here.client(bob) as outsider:
        assert can_push(insider, project)
        assert not can_push(outsider, project)
        assert outsider.get_manifest(f"{project}/app", "latest").status_code in (401, 404)


def test_a_real_client_pushes_and_pulls(here: Place, require_tool: RequireTool, tmp_path: Path):
    require_tool("skopeo", INSTALL_LINE)
    ann, bob = name("ann"), name("bob")
    group_dn = here.directory.add_group(name("devs"), [here.add_person(ann)])
    here.add_person(bob)
    project = a_project(here, group_dn)
    layout = write_oci_layout(tmp_path / "layout", {"v1": image({"hello": project.encode()})})
    skopeo = Skopeo(tmp_path / "skopeo", here.wharf.host)
    skopeo.login(Login(ann, PASSWORD))
    skopeo.copy(f"oci:{layout}:v1", skopeo.docker(f"{project}/app:v1"))
    skopeo.copy(skopeo.docker(f"{project}/app:v1"), f"oci:{tmp_path / 'pulled'}:v1")
    skopeo.login(Login(bob, PASSWORD))
    skopeo.refused("copy", "--dest-tls-verify=false", f"oci:{layout}:v1", skopeo.docker(f"{project}/app:v2"))


def test_who_leaves_the_group_is_stopped_within_the_life_of_his_token(here: Place):
    ann, bob = name("ann"), name("bob")
    dns = [here.add_person(ann), here.add_person(bob)]
    group_dn = here.directory.add_group(name("devs"), dns)
    project = a_project(here, group_dn)
    with here.client(ann) as leaver, here.client(bob) as stays:
        assert can_push(leaver, project)
        assert can_push(stays, project)
        here.directory.remove_members(group_dn, dns[0])
        here.sync()
        within(TOKEN_SECONDS, lambda: not still_pushes(leaver, project))
        assert still_pushes(stays, project)  # with the token he had: nobody else's session ended
        assert not can_push(leaver, project)


def test_who_leaves_the_directory_is_signed_out_and_who_returns_is_not_locked_out(here: Place):
    ann, stays = name("ann"), name("bob")
    dn = here.add_person(ann)
    project = a_project(here, here.directory.add_group(name("devs"), [dn, here.add_person(stays)]))
    with here.client(ann) as leaver, here.client(stays) as other:
        assert can_push(leaver, project)
        assert can_push(other, project)
        here.directory.delete(dn)
        here.sync()
        within(TOKEN_SECONDS, lambda: not still_pushes(leaver, project))
        assert asked(here, ann).status_code == 401
        assert still_pushes(other, project)
    assert facts(here, ann)["disabled_by"] == "directory"
    assert facts(here, ann)["groups"] == []


def test_a_closed_account_of_active_directory_is_closed_here(here: Place):
    if not isinstance(here.directory, Samba):
        pytest.skip("only Active Directory closes accounts")
    ann = name("ann")
    dn = here.add_person(ann)
    assert asked(here, ann).status_code == 200
    here.directory.disable(dn)
    here.sync()
    assert asked(here, ann).status_code == 401
    here.directory.enable(dn)
    here.sync()
    assert asked(here, ann).status_code == 200


def test_groups_within_groups_count(here: Place):
    if not isinstance(here.directory, Samba):
        here.configure(ldap_group_mode="nested")
    ann, bob = name("ann"), name("bob")
    dns = [here.add_person(ann), here.add_person(bob)]
    inner = here.directory.add_group(name("inner"), [dns[0]])
    project = a_project(here, here.directory.add_group(name("outer"), [inner]))
    try:
        with here.client(ann) as insider, here.client(bob) as joins:
            assert can_push(insider, project)
            assert not can_push(joins, project)
            here.directory.add_members(inner, dns[1])
            here.sync()
            assert can_push(joins, project)
    finally:
        here.wharf.run("config", "reset", "ldap_group_mode")


def test_renamed_people_and_groups_keep_their_rights(here: Place):
    ann, lee = name("ann"), name("lee")
    dn = here.add_person(ann)
    group_dn = here.directory.add_group(name("devs"), [dn])
    project = a_project(here, group_dn)
    with here.client(ann) as client:
        assert can_push(client, project)
        new = here.rename(dn, lee)
        within(10, lambda: new.lower() in members(here, group_dn))  # refint follows a moment later
        here.directory.rename(group_dn, name("developers"))
        here.sync()
        assert still_pushes(client, project)
    assert facts(here, lee)["groups"] == [project]
    with here.client(lee) as client:
        assert can_push(client, project)
    assert asked(here, ann).status_code == 401


def members(here: Place, group_dn: str) -> list[str]:
    (_, facts_), *_ = here.directory.root.search_s(group_dn, 0, "(objectClass=*)", ["member"])
    return [dn.decode().lower() for dn in facts_["member"]]


def asked(here: Place, who: str, path: str = "/service/token", password: str = PASSWORD) -> httpx2.Response:
    with httpx2.Client(base_url=here.wharf.url, timeout=30, trust_env=False) as http:
        return http.get(path, headers={"Authorization": basic(Login(who, password))})


def test_a_directory_that_is_off_disables_nobody_and_stops_nobody_local(here: Place):
    ann = name("ann")
    here.add_person(ann)
    assert asked(here, ann).status_code == 200
    here.directory.stop()
    try:
        done = here.wharf.try_run("ldap", "sync", "--dry-run")
        assert done.returncode == 1
        assert "nothing was changed" in done.stderr
        assert asked(here, "admin", password=here.wharf.admin.password).status_code == 200
        for path in ("/v2/", "/service/token", "/api/v2.0/jobservice/queues"):
            answers = [asked(here, who, path, "wrong horse") for who in ("admin", ann, name("nobody"))]
            assert {answer.status_code for answer in answers} == {503}
            assert all(answer.headers["Retry-After"] for answer in answers)
            assert len({answer.content for answer in answers}) == 1
    finally:
        here.directory.start()
    assert facts(here, ann)["active"] is True
    within(30, lambda: asked(here, ann).status_code == 200)
    here.sync()


def test_a_frozen_directory_holds_up_nobody_who_does_not_need_it(here: Place):
    if not isinstance(here.directory, Slapd):
        pytest.skip("Samba lives in a namespace of its own")
    here.directory.pause()
    try:
        with ThreadPoolExecutor(40) as pool:
            strangers = [pool.submit(asked, here, name("nobody")) for _ in range(40)]
            lasted = []
            for _ in range(20):
                begun = time.monotonic()
                answer = asked(here, "admin", password=here.wharf.admin.password)
                lasted.append(time.monotonic() - begun)
                assert answer.status_code == 200
            assert {each.result().status_code for each in strangers} == {503}
        assert max(lasted) < 3.0, lasted
    finally:
        here.directory.resume()

    def is_back() -> bool:
        time.sleep(2)  # each of these is a guess, of which a network has 100 a minute
        return asked(here, name("nobody")).status_code == 401

    within(60, is_back)


def test_a_schedule_asks_the_directory_every_quarter_of_an_hour(here: Place):
    found = json.loads(here.wharf.run("schedule", "list", "--json"))
    (schedule,) = [each for each in found if each["kind"] == "ldap.sync"]
    assert (schedule["cron"], schedule["enabled"]) == ("@every 15m", True)

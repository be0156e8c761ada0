"""Who reads what: the whole log, that of a project, or his own acts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from access.models import Member
from access.principal import ActorKind, Principal
from access.table import P, Role
from audit import denials
from audit.actions import action
from audit.reading.filter import Filter
from audit.reading.scope import Own, Scope, scope_of
from audit.reading.search import count, search
from audit.reading.single import entry, related
from core.errors import Denied, EventUnknown, ProjectUnknown
from projects.queries import ref
from projects.services.projects import delete_project
from tests import keys
from tests.audit.entries import ALL, event, found, pull
from tests.people import ANONYMOUS, SYSTEM, make_member, make_project, make_user, people_of, principal

pytestmark = pytest.mark.django_db

REQUEST = "test-of-rights"
MINE = Filter(operations=("tag.create", "user.update"))


def seen(actor: Principal, wanted: Filter = MINE) -> set[str]:
    return {str(each.detail.get("of")) for each in search(scope_of(actor), wanted).entries}


def test_who_sees_which_events():
    project, other = make_project(), make_project()
    people = people_of(project)
    with action(people.developer, P.TAG_CREATE, ref(project), name="tag.create") as draft:
        draft.detail["of"] = "developer"
    with action(SYSTEM, P.TAG_CREATE, ref(other), name="tag.create") as draft:
        draft.detail["of"] = "other project"
    with action(SYSTEM, P.USER_UPDATE, name="user.update") as draft:
        draft.detail["of"] = "system"
    everything = {"developer", "other project", "system"}
    expected = {
        "admin": everything,
        "auditor": everything,
        "project_admin": {"developer"},
        "maintainer": set(),
        "developer": {"developer"},
        "guest": set(),
        "limited_guest": set(),
        "outsider": set(),
    }
    assert {who: seen(actor) for who, actor in people.all().items() if who != "anonymous"} == expected


def test_who_sees_the_log_of_a_project():
    project = make_project()
    people = people_of(project)
    with action(SYSTEM, P.TAG_CREATE, ref(project), name="tag.create"):
        pass
    event(1, project_id=project.pk + 1)
    for who, actor in people.all().items():
        if who in {"admin", "auditor", "project_admin"}:
            scope = scope_of(actor, ref(project))
            assert {each.project_id for each in search(scope, MINE).entries} == {project.pk}, who
        elif who in {"outsider", "anonymous"}:
            with pytest.raises((ProjectUnknown, Denied)):
                scope_of(actor, ref(project))
        else:
            with pytest.raises(Denied):
                scope_of(actor, ref(project))


def test_a_project_admin_sees_the_denials_of_outsiders_in_his_project():
    project = make_project()
    project_admin = principal(make_member(project, Role.PROJECT_ADMIN))
    denials.record(ANONYMOUS, "tag.create", project=ref(project))
    assert count(scope_of(project_admin), MINE).n == 1


@pytest.mark.parametrize("actor", [ANONYMOUS, replace(SYSTEM, grants={})])
def test_nobody_and_a_registry_token_read_nothing(actor: Principal):
    for own in (True, False):
        with pytest.raises(Denied, match="sign in"):
            scope_of(actor, own=own)


def test_own_acts_are_told_to_whoever_may_read_everything_too():
    admin = principal(make_user("admin", is_admin=True))
    mine = [event(2, actor_id=admin.id), pull(1, actor_id=admin.id)]
    event(1, actor_id=admin.id, actor_kind="robot")
    assert found(Filter(), scope_of(admin, own=True)) == mine[::-1]
    project = make_project()
    there = event(1, actor_id=admin.id, project_id=project.pk)
    assert found(Filter(), scope_of(admin, ref(project), own=True)) == [there]


def test_a_key_shows_what_its_owner_did_where_it_is_for_and_nothing_else():
    here, there = make_project(), make_project()
    owner = make_member(here, Role.PROJECT_ADMIN)
    Member.objects.create(project=there, user=owner, role_id=Role.DEVELOPER)
    whole = principal(owner)
    for at in (here.pk, there.pk, None):
        event(1, actor_id=whole.id, project_id=at, request_id=REQUEST)
    event(1, actor_id=whole.id + 1, project_id=here.pk, request_id=REQUEST)

    def projects(actor: Principal) -> list[int | None]:
        entries = search(scope_of(actor), Filter(request_id=REQUEST)).entries
        return sorted((each.project_id for each in entries), key=str)

    def sorted_(*given: int | None) -> list[int | None]:
        return sorted(given, key=str)

    log, read = frozenset({P.LOG_LIST}), frozenset({P.REPOSITORY_PULL})
    assert projects(whole) == sorted_(here.pk, here.pk, there.pk, None)
    assert projects(replace(whole, allowances=(keys.in_project(here, log),))) == sorted_(here.pk, here.pk)
    assert projects(replace(whole, allowances=(keys.in_project(here, read),))) == sorted_(here.pk)
    assert projects(replace(whole, allowances=(keys.everywhere(read),))) == sorted_(here.pk, there.pk)
    assert projects(replace(whole, allowances=(keys.in_system(frozenset({P.USER_LIST})),))) == []


def test_a_robot_of_a_project_reads_its_log_if_that_was_given_to_it():
    project = make_project()
    there = event(1, project_id=project.pk, request_id=REQUEST)
    reader = keys.robot(keys.in_project(project, frozenset({P.LOG_LIST})), project=project).principal
    puller = keys.robot(keys.in_project(project, keys.PULL), project=project).principal
    assert found(Filter(request_id=REQUEST), scope_of(reader)) == [there]
    assert found(Filter(request_id=REQUEST), scope_of(reader, ref(project))) == [there]
    assert found(Filter(request_id=REQUEST), scope_of(puller)) == []
    with pytest.raises(Denied):
        scope_of(puller, ref(project))


def test_a_robot_never_reads_the_acts_of_those_who_share_its_secret():
    project = make_project()
    for allowance in (
        keys.in_project(project, keys.PULL),
        keys.in_project(project, frozenset({P.LOG_LIST}), "app/*"),
        keys.everywhere(keys.PULL),
    ):
        robot = keys.robot(allowance).principal
        for at in (project.pk, None):
            event(1, actor_kind="robot", actor_id=robot.id, project_id=at)
        pull(1, actor_kind="robot", actor_id=robot.id, project_id=project.pk)
        assert found(Filter(), scope_of(robot)) == []
        for at_ in (None, ref(project)):
            with pytest.raises(Denied, match="a robot"):
                scope_of(robot, at_, own=True)


def test_a_key_for_some_repositories_tells_nothing_of_the_project():
    project = make_project()
    owner = principal(make_member(project, Role.DEVELOPER))
    event(1, actor_id=owner.id, project_id=project.pk)
    part = replace(owner, allowances=(keys.in_project(project, keys.PULL, "app/*"),))
    for own in (True, False):
        assert found(Filter(), scope_of(part, own=own)) == []
    assert len(found(Filter(), scope_of(owner))) == 1


def test_what_was_refused_to_somebody_is_told_to_him_only_where_he_knows_the_project():
    joined, public, hidden, gone = (
        make_project(),
        make_project(public=True),
        make_project(),
        make_project(public=True),
    )
    guest = principal(make_member(joined, Role.GUEST))
    delete_project(SYSTEM, gone)

    def refused(project_id: int | None) -> int:
        return event(1, actor_id=guest.id, project_id=project_id, result="denied", operation="artifact.pull")

    told = [refused(at) for at in (joined.pk, public.pk, None)]
    unseen = [refused(at) for at in (hidden.pk, gone.pk)]
    done = event(1, actor_id=guest.id, project_id=hidden.pk, operation="artifact.pull")
    wanted = Filter(actor_kind=ActorKind.USER, actor_id=guest.id, operations=("artifact.pull",))
    for scope in (scope_of(guest), scope_of(guest, own=True)):
        assert set(found(wanted, scope)) == {*told, done}
        assert count(scope, wanted).n == len(told) + 1
    for scope in (
        scope_of(guest, ref(hidden), own=True),
        Scope(own=Own("user", guest.id, project_ids=(hidden.pk,))),
    ):
        assert found(wanted, scope) == [done]
    assert not set(unseen) & set(found(wanted, Scope(own=Own("user", guest.id))))
    admin = principal(make_user("admin", is_admin=True))
    own = event(1, actor_id=admin.id, project_id=hidden.pk, result="denied")
    assert found(Filter(), scope_of(admin, own=True)) == [own]


def test_with_a_project_the_reading_of_its_log_ends():
    project = make_project()
    project_admin = principal(make_member(project, Role.PROJECT_ADMIN))
    key = replace(project_admin, allowances=(keys.in_project(project, frozenset({P.LOG_LIST})),))
    robot = keys.robot(keys.everywhere(frozenset({P.LOG_LIST}))).principal
    there = event(1, project_id=project.pk)
    for actor in (project_admin, key, robot):
        assert there in found(Filter(), scope_of(actor))
    delete_project(SYSTEM, project)
    for actor in (project_admin, key, robot):
        assert there not in found(Filter(), scope_of(actor))


def test_a_filter_never_widens_what_may_be_seen():
    event(1, project_id=7, actor_id=9)
    for scope in (Scope(), Scope(project_ids=(8,))):
        assert found(Filter(project_ids=(7,)), scope) == []
        assert found(Filter(actor_kind=ActorKind.USER, actor_id=9), scope) == []
        assert count(scope, Filter(project_ids=(7, 8))).n == 0


def test_one_entry_is_told_only_within_the_scope():
    id_, pulled = event(1, project_id=7), pull(400 * 86400, project_id=7)
    for scope in (ALL, Scope(project_ids=(7,))):
        assert entry(scope, id_).id == id_
        assert entry(scope, pulled).stream == "pulls"
    for scope in (Scope(), Scope(project_ids=(8,))):
        for unseen in (id_, pulled):
            with pytest.raises(EventUnknown, match=str(unseen)):
                entry(scope, unseen)
    for nothing in (0, -1, 2**63 - 1, 2**63, 10**30):
        with pytest.raises(EventUnknown):
            entry(ALL, nothing)


def test_related_are_the_same_request_and_the_same_thing_a_little_before_and_after():
    one = event(1000, request_id="r-1", project_id=7)
    request = event(1001, request_id="r-1", resource_name="other", project_id=7)
    same = event(900, project_id=7)
    event(600, project_id=7)
    event(1000, resource_name="library/app:10", project_id=7)
    hidden = event(999, request_id="r-1", project_id=8)
    told = [each.id for each in related(ALL, entry(ALL, one))]
    assert told == [same, hidden, request]
    assert [each.id for each in related(Scope(project_ids=(7,)), entry(ALL, one))] == [same, request]


def test_an_event_of_no_request_and_no_thing_is_related_to_none():
    one = event(1, resource_name="", request_id="")
    event(1, resource_name="", request_id="")
    assert related(ALL, entry(ALL, one)) == []

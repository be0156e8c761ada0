from __future__ import annotations

import pytest

from access.table import P, Role
from audit import denials
from audit.actions import action
from audit.queries import visible_events
from projects.queries import ref
from tests.people import ANONYMOUS, SYSTEM, make_member, make_project, people_of, principal, unique

pytestmark = pytest.mark.django_db


def test_who_sees_which_events():
    project, other, name = make_project(), make_project(), unique("test")
    people = people_of(project)
    with action(people.developer, P.TAG_CREATE, ref(project), name=name) as draft:
        draft.detail["of"] = "developer"
    with action(SYSTEM, P.TAG_CREATE, ref(other), name=name) as draft:
        draft.detail["of"] = "other project"
    with action(SYSTEM, P.USER_UPDATE, name=name) as draft:
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
        "anonymous": set(),
    }
    for who, actor in people.all().items():
        seen = {event.detail["of"] for event in visible_events(actor).filter(operation=name)}
        assert seen == expected[who], who


def test_a_project_admin_sees_the_denials_of_outsiders_in_his_project():
    project, name = make_project(), unique("test")
    project_admin = principal(make_member(project, Role.PROJECT_ADMIN))
    denials.record(ANONYMOUS, name, project=ref(project))
    assert visible_events(project_admin).filter(operation=name).count() == 1

"""Tokens that have ended cost the database no more than those that hold."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from access.principal import ActorKind
from accounts.models import Robot
from accounts.registry_tokens import Bearer, Claims
from projects import registry_access
from tests import keys
from tests.people import make_project

pytestmark = pytest.mark.django_db


def claims_of(robot: Robot, *, issued: float) -> Claims:
    """Of a token issued so many seconds from now."""
    bearer = Bearer(ActorKind.ROBOT, robot.pk, "robot$ci", robot.auth_epoch)
    return Claims(bearer, "x", time.time() + 300, {}, may_list_catalog=False, issued_at=time.time() + issued)


@pytest.fixture
def robot() -> Robot:
    registry_access.forget()
    return Robot.objects.get(pk=keys.robot(keys.everywhere(keys.PULL)).principal.id)


def test_a_token_of_nobody_is_looked_up_once(robot: Robot, django_assert_num_queries: Any):
    claims = claims_of(robot, issued=-60)
    robot.delete()
    with django_assert_num_queries(1):
        assert [registry_access.standing(claims) for _ in range(5)] == [None] * 5
    # A project that is gone, too.
    lost = replace(claims, projects={"gone-with-its-name": (7, 1)})
    with django_assert_num_queries(1):
        assert [registry_access.project_of(lost, "gone-with-its-name") for _ in range(5)] == [None] * 5


def test_a_newer_token_of_who_is_back_is_good_at_once(robot: Robot):
    Robot.objects.filter(pk=robot.pk).update(disabled=True)
    assert registry_access.standing(claims_of(robot, issued=-60)) is None
    Robot.objects.filter(pk=robot.pk).update(disabled=False)
    assert registry_access.standing(claims_of(robot, issued=-60)) is None
    assert registry_access.standing(claims_of(robot, issued=0)) is not None
    assert registry_access.standing(claims_of(robot, issued=-60)) is not None


def test_a_newer_token_of_a_project_of_that_name_is_good_at_once():
    registry_access.forget()
    claims = Claims(Bearer(ActorKind.ANONYMOUS, 0, "", 0), "x", 0.0, {}, may_list_catalog=False)
    early = replace(claims, projects={"later-here": (7, 1)}, issued_at=time.time() - 60)
    assert registry_access.project_of(early, "later-here") is None
    project = make_project(name="later-here")
    now = replace(
        claims, projects={"later-here": (project.pk, project.auth_epoch or 1)}, issued_at=time.time()
    )
    assert registry_access.project_of(now, "later-here") is not None

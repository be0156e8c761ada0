"""Actors who came with a registry token: what it carries decides, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from access.check import permissions_of, require
from access.principal import Principal, ProjectRef
from access.table import P
from core.errors import Denied, ProjectUnknown
from tests.people import SYSTEM

PROJECT = ProjectRef(1, "team", public=True)


def holder(**grants: set[str]) -> Principal:
    return replace(SYSTEM, grants={name.replace("__", "/"): frozenset(held) for name, held in grants.items()})


def test_a_grant_allows_its_action_in_its_repository():
    actor = holder(team__app={"pull", "push"})
    require(actor, P.REPOSITORY_PULL, PROJECT, repository="team/app")
    require(actor, P.REPOSITORY_PUSH, PROJECT, repository="team/app")


@pytest.mark.parametrize("permission", [P.TAG_DELETE, P.ARTIFACT_DELETE])
def test_a_push_grant_is_no_delete_grant(permission: P):
    with pytest.raises(Denied):
        require(holder(team__app={"pull", "push"}), permission, PROJECT, repository="team/app")
    require(holder(team__app={"delete"}), permission, PROJECT, repository="team/app")


@pytest.mark.parametrize("repository", ["team/other", "team/app/sub", "team", "", None])
def test_a_grant_reaches_no_other_repository(repository: str | None):
    with pytest.raises(ProjectUnknown):
        require(
            holder(team__app={"pull", "push", "delete"}), P.REPOSITORY_PULL, PROJECT, repository=repository
        )


def test_an_empty_grant_is_worth_nothing_even_to_an_administrator_on_a_public_project():
    with pytest.raises(ProjectUnknown):
        require(holder(team__app=set()), P.REPOSITORY_PULL, PROJECT, repository="team/app")


@pytest.mark.parametrize("permission", [P.REPOSITORY_DELETE, P.MEMBER_CREATE, P.PROJECT_READ, P.USER_CREATE])
def test_a_token_reaches_nothing_but_pull_push_and_delete(permission: P):
    actor = holder(team__app={"pull", "push", "delete"})
    with pytest.raises(Denied):
        require(actor, permission, PROJECT, repository="team/app")
    with pytest.raises(Denied):
        require(actor, permission, None)


def test_a_token_has_no_live_permissions():
    assert permissions_of(holder(team__app={"pull"}), PROJECT) == frozenset()

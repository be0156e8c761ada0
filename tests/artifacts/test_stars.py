"""Stars: one a person and repository, counted exactly whatever happens to either."""

from __future__ import annotations

from functools import partial

import pytest

from accounts.models import User
from artifacts import maintenance, repositories, stars
from artifacts.models import RepositoryStar
from artifacts.stars import Stars
from core.errors import Denied, ProjectUnknown, RepositoryUnknown
from tests import people
from tests.artifacts import rows
from tests.artifacts.actors import target
from tests.registry_api.client import Repository, World
from tests.registry_api.crowd import at_once


@pytest.fixture
def repository(world: World) -> Repository:
    made = world.repository("maintainer")
    made.push_image()
    return made


def test_a_star_counts_once_and_is_taken_back(world: World, repository: Repository) -> None:
    where = target(world, repository)
    guest, developer = world.guest.principal, world.developer.principal
    for _ in range(2):
        stars.star(guest, where)
    stars.star(developer, where)
    assert stars.stars_of(guest, where) == Stars(2, is_mine=True)
    assert stars.stars_of(world.maintainer.principal, where) == Stars(2, is_mine=False)
    for _ in range(2):
        stars.unstar(guest, where)
    assert stars.stars_of(guest, where) == Stars(1, is_mine=False)
    told = [act.operation for act in rows.acts(repository) if act.operation.startswith("repository.")]
    assert told == ["repository.star", "repository.star", "repository.unstar"]


def test_many_who_star_at_once_are_all_counted(world: World, repository: Repository) -> None:
    where = target(world, repository)
    fans = [people.principal(people.make_user("fan", is_admin=True)) for _ in range(8)]
    at_once([partial(stars.star, fan, where) for fan in [*fans, *fans]])
    assert stars.stars_of(fans[0], where) == Stars(8, is_mine=True)
    at_once([partial(stars.unstar, fan, where) for fan in fans[:5]])
    assert stars.stars_of(fans[0], where) == Stars(3, is_mine=False)


def test_a_removed_person_takes_his_star_with_him(world: World, repository: Repository) -> None:
    where = target(world, repository)
    fan = people.make_user("fan", is_admin=True)
    stars.star(people.principal(fan), where)
    User.objects.filter(pk=fan.pk).delete()
    assert stars.stars_of(world.guest.principal, where) == Stars(0, is_mine=False)


def test_a_repository_takes_its_stars_with_it(world: World, repository: Repository) -> None:
    where = target(world, repository)
    stars.star(world.guest.principal, where)
    repository_id = rows.row(repository).pk
    repositories.delete(world.maintainer.principal, where)
    maintenance.purge_deleted()
    assert not RepositoryStar.objects.filter(repository_id=repository_id).exists()
    repository.push_image()
    assert stars.stars_of(world.guest.principal, where).count == 0


def test_robots_and_strangers_have_no_stars(world: World, repository: Repository) -> None:
    where = target(world, repository)
    for kind in ("project_robot", "pull_robot"):
        with pytest.raises(Denied):
            stars.star(getattr(world, kind).principal, where)
    for kind in ("outsider", "anonymous"):
        with pytest.raises(ProjectUnknown):
            stars.star(getattr(world, kind).principal, where)
        with pytest.raises(ProjectUnknown):
            stars.stars_of(getattr(world, kind).principal, where)
    assert stars.stars_of(world.guest.principal, where).count == 0


def test_what_is_not_there_cannot_be_starred(world: World) -> None:
    empty = world.repository("maintainer")
    empty.push_blob(b"no manifest yet")
    for each in (empty, world.repository("maintainer")):
        with pytest.raises(RepositoryUnknown):
            stars.star(world.guest.principal, target(world, each))

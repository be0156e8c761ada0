"""`docker search` and `podman search` list exactly the repositories that the one who searches may see."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.conftest import RequireTool
from tests.e2e.clients import INSTALL_LINE, Docker, Login, Podman, Skopeo
from tests.e2e.conftest import Project
from tests.e2e.server import Wharf
from tests.images import image, write_docker_archive

PLAIN = "--tls-verify=false"
WORD = "needle"


@dataclass(frozen=True, slots=True)
class Place:
    """A public and a private project with a repository called `needle` each, and logins for who searches."""

    public: str
    private: str
    logins: dict[str, Login | None]

    @property
    def seen(self) -> dict[str, set[str]]:
        both, public = {self.public, self.private}, {self.public}
        return {"admin": both, "guest": both, "outsider": public, "anonymous": public}


@pytest.fixture(scope="module")
def place(
    require_tool: RequireTool,
    live: Wharf,
    new_project: Callable[..., Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Place:
    require_tool("skopeo", INSTALL_LINE)
    folder = tmp_path_factory.mktemp("push")
    archive = write_docker_archive(folder / "image.tar", image({"a": b"search"}), "any/name:1")
    skopeo = Skopeo(folder / "skopeo", live.host)
    open_, closed = new_project(public=True), new_project()
    names = (f"{open_.name}/{WORD}", f"{closed.name}/deep/{WORD}", f"{open_.name}/hay")
    skopeo.login(live.admin)
    for name in names:
        skopeo.copy(f"docker-archive:{archive}", skopeo.docker(f"{name}:1"))
    logins = {"admin": live.admin, "guest": closed.guest, "outsider": closed.outsider, "anonymous": None}
    return Place(names[0], names[1], logins)


@pytest.mark.parametrize("kind", ["admin", "guest", "outsider", "anonymous"])
def test_docker_finds_what_the_one_who_is_logged_in_may_see(docker: Docker, place: Place, kind: str) -> None:
    if (who := place.logins[kind]) is not None:
        docker.login(who)
    lines = docker.run("search", "--format", "{{json .}}", docker.name(WORD)).splitlines()
    found = [json.loads(line) for line in lines]
    assert {each["Name"].removeprefix(f"{docker.host}/") for each in found} == place.seen[kind]


@pytest.mark.parametrize("kind", ["admin", "guest", "outsider"])
def test_podman_lists_what_the_one_who_is_logged_in_may_see(podman: Podman, place: Place, kind: str) -> None:
    """Without a term it asks the catalog, with what the one who is logged in has to show."""
    podman.login(place.logins[kind] or Login("", ""))
    found = {name for name in searched(podman, "") if name.endswith(f"/{WORD}")}
    assert found == place.seen[kind]


@pytest.mark.parametrize("kind", ["admin", "anonymous"])
def test_podman_finds_by_a_term_what_everybody_may_see(podman: Podman, place: Place, kind: str) -> None:
    """It sends no credentials along with a term, whoever is logged in."""
    podman.login(place.logins[kind] or place.logins["outsider"] or Login("", ""))
    if kind == "anonymous":
        podman.run("logout", podman.host)
    assert searched(podman, WORD) == {place.public}


def test_docker_filters_by_stars(docker: Docker, live: Wharf, place: Place) -> None:
    with live.database() as connection:
        connection.execute(
            "INSERT INTO repository_star (repository_id, user_id) SELECT r.id, u.id FROM repository r, account_user u"
            " WHERE r.name = %s AND r.deleted_at IS NULL AND u.username = 'guest' ON CONFLICT DO NOTHING",
            [place.public],
        )
    shown = ("--format", "{{.Name}} {{.StarCount}}")
    found = docker.run("search", "--filter", "stars=1", *shown, docker.name(WORD)).split()
    assert found == [place.public, "1"]
    assert docker.run("search", "--filter", "stars=2", *shown, docker.name(WORD)).split() == []


def searched(podman: Podman, term: str) -> set[str]:
    lines = podman.run("search", PLAIN, "--limit", "100", "--format", "{{.Name}}", podman.name(term)).split()
    return {line.removeprefix(f"{podman.host}/") for line in lines}

"""One Wharf and one docker daemon for the end-to-end tests of a process; users and projects are made as needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx2
import pytest

from tests.conftest import RequireTool, missing
from tests.e2e.clients import INSTALL_LINE, Buildah, Docker, Login, Podman, Skopeo
from tests.e2e.daemon import DockerDaemon
from tests.e2e.go_programs import UnavailableError
from tests.e2e.harbor_client import HarborClient
from tests.e2e.harbor_client import program as harbor_client_program
from tests.e2e.registry import Registry, basic
from tests.e2e.server import Wharf

# The chapters' asserts shall explain themselves as those of a test do.
pytest.register_assert_rewrite("tests.e2e.harbor_chapters", "tests.e2e.harbor_contents")
HERE = Path(__file__).parent
PASSWORD = "correct horse battery"
NUMBERS = count(1)
# With the numbers they have in the API.
ROLES = {"maintainer": 4, "developer": 2, "guest": 3}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and not item.get_closest_marker("stress"):
            item.add_marker(pytest.mark.e2e)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A red test shows the end of the server's log beside its own words."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    server = getattr(item, "funcargs", {}).get("live")
    if report.failed and isinstance(server, Wharf):
        report.sections.append(("wharf's log", server.last_words()))


@dataclass(frozen=True, slots=True)
class Project:
    """A project of one test, with a login for each kind of person."""

    name: str
    maintainer: Login
    developer: Login
    guest: Login
    outsider: Login


@pytest.fixture(scope="session")
def live() -> Iterator[Wharf]:
    """A running Wharf with its data; stopped and removed when the worker ends."""
    server = Wharf()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def dockerd(require_tool: RequireTool) -> Iterator[DockerDaemon]:
    """A running docker daemon of our own."""
    for program in ("dockerd", "docker", "containerd", "runc"):
        require_tool(program, INSTALL_LINE)
    daemon = DockerDaemon()
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.stop()


def _make(live: Wharf, path: str, facts: dict[str, object]) -> None:
    """By the API: a command of `wharf` is a second of a processor."""
    headers = {"Authorization": basic(live.admin)}
    answer = httpx2.post(
        f"{live.url}/api/v2.0{path}", json=facts, headers=headers, trust_env=False, timeout=60
    )
    assert answer.status_code == 201, answer.text


def make_user(live: Wharf, name: str) -> Login:
    mail = f"{name}@example.com"
    _make(live, "/users", {"username": name, "password": PASSWORD, "email": mail, "realname": name})
    return Login(name, PASSWORD)


def make_project(live: Wharf, name: str, *, public: bool = False) -> str:
    _make(live, "/projects", {"project_name": name, "public": public})
    return name


@pytest.fixture(scope="session")
def people(live: Wharf) -> dict[str, Login]:
    """The same four people for every test; what they may do comes from the projects."""
    return {name: make_user(live, name) for name in (*ROLES, "outsider")}


@pytest.fixture(scope="session")
def new_project(live: Wharf, people: dict[str, Login]) -> Callable[..., Project]:
    """Makes projects with a maintainer, a developer and a guest; the outsider is in none of them."""

    def make(*, public: bool = False) -> Project:
        name = make_project(live, f"team{next(NUMBERS)}", public=public)
        for role, number in ROLES.items():
            _make(live, f"/projects/{name}/members", {"role_id": number, "member_user": {"username": role}})
        return Project(name, **people)

    return make


@pytest.fixture
def project(new_project: Callable[..., Project]) -> Project:
    """A private project of this test alone."""
    return new_project()


@pytest.fixture
def docker(dockerd: DockerDaemon, live: Wharf, tmp_path: Path) -> Docker:
    return Docker(tmp_path / "docker", live.host, dockerd.socket)


@pytest.fixture
def podman(require_tool: RequireTool, live: Wharf, tmp_path: Path) -> Podman:
    require_tool("podman", INSTALL_LINE)
    return Podman(tmp_path / "podman", live.host)


@pytest.fixture
def skopeo(require_tool: RequireTool, live: Wharf, tmp_path: Path) -> Skopeo:
    require_tool("skopeo", INSTALL_LINE)
    return Skopeo(tmp_path / "skopeo", live.host)


@pytest.fixture
def buildah(require_tool: RequireTool, live: Wharf, tmp_path: Path) -> Buildah:
    require_tool("buildah", INSTALL_LINE)
    return Buildah(tmp_path / "buildah", live.host)


@pytest.fixture
def admin(live: Wharf) -> Iterator[Registry]:
    """A raw API client of the administrator."""
    with Registry(live.url, live.admin) as registry:
        yield registry


@pytest.fixture
def registry_of(live: Wharf) -> Iterator[Callable[[Login | None], Registry]]:
    """Raw API clients for anybody; closed at the end of the test."""
    opened: list[Registry] = []

    def make(who: Login | None) -> Registry:
        opened.append(Registry(live.url, who))
        return opened[-1]

    yield make
    for registry in opened:
        registry.http.close()


@pytest.fixture(scope="session")
def harbor_program() -> Path:
    """Harbor's Go client library as a program, built once and cached."""
    try:
        return harbor_client_program()
    except UnavailableError as error:
        return Path(missing(str(error)))


@pytest.fixture
def harbor_of(harbor_program: Path, live: Wharf) -> Callable[[Login], HarborClient]:
    """Harbor's Go client library for anybody."""
    return lambda who: HarborClient(harbor_program, live.url, who)


@pytest.fixture
def harbor(harbor_of: Callable[[Login], HarborClient], live: Wharf) -> HarborClient:
    """Harbor's Go client library for the administrator."""
    return harbor_of(live.admin)

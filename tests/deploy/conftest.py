"""One installation as docs/install.md describes it: external services, a process for each role, nginx with TLS in front."""

from __future__ import annotations

import shutil
import ssl
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.conftest import RequireTool
from tests.deploy.certificates import Issued, issue
from tests.deploy.external import ExternalServices
from tests.deploy.nginx import INSTALL_LINE, Nginx
from tests.deploy.ports import free_port
from tests.deploy.roles import Roles
from tests.e2e.clients import Login
from tests.e2e.registry import Registry

HERE = Path(__file__).parent
# Not 127.0.0.1: dockerd takes every address of 127.0.0.0/8 for insecure and would verify nothing.
NAME = "registry.wharf.test"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and not item.get_closest_marker("stress"):
            item.add_marker(pytest.mark.e2e)


@dataclass(frozen=True, slots=True)
class Front:
    """The running installation. `host` is where clients go; `bare` answers without nginx, by plain HTTP."""

    roles: Roles
    nginx: Nginx
    issued: Issued
    host: str
    bare: str
    spare_port: str

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.issued.authority))

    def client(self, who: Login | None) -> Registry:
        """A raw API client through nginx, which trusts the throwaway authority alone."""
        registry = Registry(f"https://{self.host}", who)
        registry.http.close()
        registry.http = httpx2.Client(base_url=registry.url, verify=self.tls, timeout=60, trust_env=False)
        return registry


@pytest.fixture(scope="session")
def external() -> Iterator[ExternalServices]:
    services = ExternalServices()
    try:
        services.start()
        yield services
    finally:
        services.stop()


@pytest.fixture(scope="session")
def front(external: ExternalServices, require_tool: RequireTool) -> Iterator[Front]:
    require_tool("nginx", INSTALL_LINE)
    # Socket paths end at 107 bytes.
    root = Path(tempfile.mkdtemp(prefix="wharf-front-", dir="/tmp"))
    root.chmod(0o755)
    tls, plain, bare, spare = free_port(), free_port(), free_port(), free_port()
    host, name, direct = f"127.0.0.1:{tls}", f"{NAME}:{tls}", f"127.0.0.1:{bare}"
    issued = issue(root / "tls", "127.0.0.1", NAME)
    roles = Roles(
        root, external, f"https://{host}", f"https://{name}", f"http://{direct}", f"http://127.0.0.1:{spare}"
    )
    blobs = root / "data" / "storage" / "blobs"
    nginx = Nginx(root / "nginx", tls, plain, roles.sockets, root / "tls", blobs)
    try:
        roles.prepare()
        for role in ("registry", "web", "worker", "beat", "shipper"):
            roles.start(role, role)
        roles.start("bare", "registry", WHARF_BIND="127.0.0.1", WHARF_PORT=str(bare))
        nginx.start()
        yield Front(roles, nginx, issued, host, direct, str(spare))
    finally:
        nginx.stop()
        roles.stop_all()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def developer(front: Front) -> Login:
    return front.roles.user("developer")


@pytest.fixture(scope="session")
def project(front: Front, developer: Login) -> str:
    """A private project whose maintainer is `developer`."""
    return front.roles.project("team", developer)


@pytest.fixture(scope="session")
def registry(front: Front, developer: Login) -> Iterator[Registry]:
    with front.client(developer) as client:
        yield client


@pytest.fixture(scope="session")
def anonymous(front: Front) -> Iterator[Callable[[str], httpx2.Response]]:
    with front.client(None) as client:
        yield client.http.get


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A red test shows the end of the servers' logs beside its own words."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    live = getattr(item, "funcargs", {}).get("front")
    if report.failed and isinstance(live, Front):
        report.sections.append(("nginx", live.nginx.log.read_text(errors="replace")[-2000:]))
        report.sections.append(("registry", live.roles.log("registry")[-3000:]))

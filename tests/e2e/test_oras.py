"""oras from PyPI: artifacts of any type, and artifacts about other artifacts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import oras.client
import oras.oci
import pytest

from tests.e2e.conftest import Project
from tests.e2e.registry import Registry
from tests.e2e.server import Wharf
from tests.images import OCI_INDEX


@pytest.fixture
def client(live: Wharf, project: Project, tmp_path: Path) -> Iterator[oras.client.OrasClient]:
    """oras, logged in as the project's developer with a configuration file of its own.

    Its token mode keeps the pull token of its first HEAD for the upload and never asks for another one, so that
    a registry which grants no more than was asked must refuse it; its basic mode is meant for such registries.
    """
    made = oras.client.OrasClient(hostname=live.host, insecure=True, auth_backend="basic")
    made.login(
        username=project.developer.username,
        password=project.developer.password,
        hostname=live.host,
        tls_verify=False,
        config_path=str(tmp_path / "oras.json"),
    )
    yield made
    made.session.close()


@pytest.fixture
def push(client: oras.client.OrasClient, live: Wharf, tmp_path: Path) -> Callable[..., str]:
    """Pushes one small file as an artifact; gives the manifest digest the registry answered."""

    def run(target: str, text: str, subject: oras.oci.Subject | None = None) -> str:
        path = tmp_path / "note.txt"
        path.write_text(text)
        answer = client.push(
            target=f"{live.host}/{target}",
            files=[f"{path}:text/plain"],
            subject=subject,
            disable_path_validation=True,
            quiet=True,
        )
        assert answer.status_code == 201
        if subject:
            assert answer.headers["OCI-Subject"] == subject.digest
        return str(answer.headers["Docker-Content-Digest"])

    return run


def test_an_artifact_is_pushed_and_pulled(
    client, live: Wharf, project: Project, push, tmp_path: Path
) -> None:
    push(f"{project.name}/notes:1", "read me")
    assert client.get_tags(f"{live.host}/{project.name}/notes") == ["1"]
    [path] = client.pull(target=f"{live.host}/{project.name}/notes:1", outdir=str(tmp_path / "out"))
    assert Path(path).read_text() == "read me"
    assert Path(path).name == "note.txt"


def test_an_artifact_with_a_subject_is_listed_among_its_referrers(
    live: Wharf, project: Project, push, registry_of: Callable[..., Registry]
) -> None:
    subject = oras.oci.Subject(
        mediaType="application/vnd.oci.image.manifest.v1+json",
        digest=push(f"{project.name}/notes:1", "the subject"),
        size=0,
    )
    about = push(f"{project.name}/notes:about", "about the subject", subject)
    scope = f"repository:{project.name}/notes:pull"
    answer = registry_of(project.guest).request(
        "GET", f"/v2/{project.name}/notes/referrers/{subject.digest}", scope=scope
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == OCI_INDEX
    [referrer] = answer.json()["manifests"]
    assert referrer["digest"] == about
    assert referrer["artifactType"] == "application/vnd.unknown.config.v1+json"

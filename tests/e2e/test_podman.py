"""podman login, push and pull."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.clients import Podman
from tests.e2e.conftest import Project
from tests.images import image, write_docker_archive

PLAIN = "--tls-verify=false"


def test_login_push_and_pull_give_the_same_image_back(
    podman: Podman, project: Project, tmp_path: Path
) -> None:
    name = podman.name(f"{project.name}/app:1")
    made = image({"client": b"podman"})
    assert "Login Succeeded" in podman.login(project.developer)
    podman.run("load", "--input", str(write_docker_archive(tmp_path / "image.tar", made, name)))
    podman.run("push", PLAIN, name)
    podman.run("rmi", "--force", name)
    podman.run("pull", PLAIN, name)
    assert (
        f"sha256:{podman.run('image', 'inspect', '--format', '{{.Id}}', name).strip()}" == made.config.digest
    )


def test_a_wrong_password_is_refused_at_login(podman: Podman, project: Project) -> None:
    arguments = ("login", PLAIN, "--username", project.developer.username, "--password-stdin", podman.host)
    assert "invalid username/password" in podman.refused(*arguments, stdin="not the password")


def test_a_guest_may_pull_but_a_push_is_denied(podman: Podman, project: Project, tmp_path: Path) -> None:
    name = podman.name(f"{project.name}/app:1")
    podman.run(
        "load", "--input", str(write_docker_archive(tmp_path / "image.tar", image({"a": b"guest"}), name))
    )
    podman.login(project.developer)
    podman.run("push", PLAIN, name)
    podman.login(project.guest)
    podman.run("pull", PLAIN, name)
    assert "denied" in podman.refused("push", PLAIN, name, podman.name(f"{project.name}/new:1"))


def test_an_outsider_is_denied_the_pull(podman: Podman, project: Project, tmp_path: Path) -> None:
    name = podman.name(f"{project.name}/app:1")
    archive = write_docker_archive(tmp_path / "image.tar", image({"a": b"outsider"}), name)
    podman.run("load", "--input", str(archive))
    podman.login(project.developer)
    podman.run("push", PLAIN, name)
    podman.login(project.outsider)
    assert "denied" in podman.refused("pull", PLAIN, name)


def test_docker_and_oci_manifests_are_kept_as_pushed(
    podman: Podman, project: Project, tmp_path: Path
) -> None:
    name = podman.name(f"{project.name}/app")
    archive = write_docker_archive(tmp_path / "image.tar", image({"a": b"formats"}), f"{name}:1")
    podman.run("load", "--input", str(archive))
    podman.login(project.developer)
    for form in ("oci", "v2s2"):
        podman.run("push", PLAIN, "--format", form, f"{name}:1", f"{name}:{form}")
        podman.run("pull", PLAIN, f"{name}:{form}")

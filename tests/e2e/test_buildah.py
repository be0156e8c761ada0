"""buildah: an image built from nothing, and a multi-platform list pushed whole."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.clients import Buildah
from tests.e2e.conftest import Project
from tests.e2e.registry import Registry
from tests.e2e.server import Wharf
from tests.images import image, write_oci_layout

PLAIN = "--tls-verify=false"


def test_an_image_built_from_scratch_is_pushed_and_pulled(
    buildah: Buildah, project: Project, tmp_path: Path
) -> None:
    name = buildah.name(f"{project.name}/built:1")
    (tmp_path / "hello").write_text("hello from buildah\n")
    buildah.login(project.developer)
    container = buildah.run("from", "scratch").strip()
    buildah.run("copy", container, str(tmp_path / "hello"), "/hello")
    buildah.run("config", "--cmd", "/hello", container)
    buildah.run("commit", container, name)
    built = buildah.run("inspect", "--type", "image", "--format", "{{.FromImageID}}", name)
    buildah.run("push", PLAIN, name)
    buildah.run("rm", container)
    buildah.run("rmi", "--force", name)
    buildah.run("pull", PLAIN, name)
    assert buildah.run("inspect", "--type", "image", "--format", "{{.FromImageID}}", name) == built


def test_a_manifest_list_is_pushed_with_all_its_images(
    buildah: Buildah, project: Project, admin: Registry, tmp_path: Path
) -> None:
    images = [
        image({"for": arch.encode(), "in": project.name.encode()}, architecture=arch)
        for arch in ("amd64", "arm64")
    ]
    layout = write_oci_layout(tmp_path / "layout", {made.platform["architecture"]: made for made in images})
    buildah.login(project.developer)
    buildah.run("manifest", "create", "everything")
    for made in images:
        arch = made.platform["architecture"]
        buildah.run("manifest", "add", "--arch", arch, "everything", f"oci:{layout}:{arch}")
    target = f"docker://{buildah.name(f'{project.name}/list:1')}"
    buildah.run("manifest", "push", "--all", PLAIN, "everything", target)
    shown = admin.get_manifest(f"{project.name}/list", "1").json()
    assert [child["digest"] for child in shown["manifests"]] == [made.digest for made in images]
    admin.pull_whole(f"{project.name}/list", "1")


def test_a_push_into_a_project_that_does_not_exist_is_explained(
    buildah: Buildah, live: Wharf, tmp_path: Path
) -> None:
    layout = write_oci_layout(tmp_path / "layout", {"1": image({"no": b"project"})})
    buildah.login(live.admin)
    local = buildah.run("pull", f"oci:{layout}:1").strip().splitlines()[-1]
    message = buildah.refused("push", PLAIN, local, f"docker://{buildah.name('no-such-project/app:1')}")
    assert "no-such-project" in message
    assert "404" in message or "unknown" in message or "denied" in message

"""docker login, push and pull as people do them every day, and what docker says when it may not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.clients import Docker, Login
from tests.e2e.conftest import Project
from tests.images import Image, image, write_docker_archive


@pytest.fixture
def local_image(docker: Docker, tmp_path: Path) -> Callable[..., Image]:
    """Loads a small image into the daemon under the given repository:tag names."""

    def load(content: bytes, *names: str, architecture: str = "amd64") -> Image:
        made = image({"content": content}, {"same": b"same"}, architecture=architecture, docker=True)
        archive = tmp_path / f"{made.config.hex}.tar"
        docker.run("load", "--input", str(write_docker_archive(archive, made, *map(docker.name, names))))
        return made

    return load


def test_login_push_and_pull_give_the_same_image_back(docker: Docker, project: Project, local_image) -> None:
    repository = f"{project.name}/app"
    made = local_image(b"round trip", f"{repository}:1")
    assert "Login Succeeded" in docker.login(project.developer)
    pushed = docker.run("push", docker.name(f"{repository}:1"))
    assert "1: digest: sha256:" in pushed
    digest = docker.repo_digest(docker.name(f"{repository}:1"))
    docker.forget(docker.name(f"{repository}:1"))
    pulled = docker.run("pull", docker.name(f"{repository}:1"))
    assert f"Digest: {digest}" in pulled
    assert docker.image_id(docker.name(f"{repository}:1")) == made.config.digest


def test_pull_by_digest_needs_no_tag(docker: Docker, project: Project, local_image) -> None:
    name = docker.name(f"{project.name}/app:1")
    made = local_image(b"by digest", f"{project.name}/app:1")
    docker.login(project.developer)
    docker.run("push", name)
    by_digest = f"{docker.name(project.name)}/app@{docker.repo_digest(name)}"
    docker.forget(name)
    docker.run("pull", by_digest)
    assert docker.image_id(by_digest) == made.config.digest


def test_a_wrong_password_is_refused_at_login(docker: Docker, project: Project) -> None:
    wrong = ("login", "--username", project.developer.username, "--password-stdin", docker.host)
    message = docker.refused(*wrong, stdin="not the password")
    assert "unauthorized: user name or password is wrong" in message


def test_an_unknown_user_is_refused_with_the_same_words_as_a_wrong_password(
    docker: Docker, project: Project
) -> None:
    def attempt(username: str) -> str:
        arguments = ("login", "--username", username, "--password-stdin", docker.host)
        return docker.refused(*arguments, stdin="not the password")

    assert attempt("nobody-of-this-name") == attempt(project.developer.username)


def test_a_guest_may_pull_but_a_push_is_denied(docker: Docker, project: Project, local_image) -> None:
    name = docker.name(f"{project.name}/app:1")
    local_image(b"guest", f"{project.name}/app:1")
    docker.login(project.developer)
    docker.run("push", name)
    docker.login(project.guest)
    docker.forget(name)
    docker.run("pull", name)
    docker.run("tag", name, docker.name(f"{project.name}/app:2"))
    message = docker.refused("push", docker.name(f"{project.name}/app:2"))
    assert "denied: requested access to the resource is denied" in message


def test_an_outsider_sees_neither_repository_nor_reason(
    docker: Docker, project: Project, local_image
) -> None:
    name = docker.name(f"{project.name}/secret:1")
    local_image(b"outsider", f"{project.name}/secret:1")
    docker.login(project.developer)
    docker.run("push", name)
    docker.forget(name)
    docker.login(project.outsider)
    existing = docker.refused("pull", name)
    assert "denied: requested access to the resource is denied" in existing
    missing = docker.refused("pull", docker.name(f"{project.name}/absent:1"))
    assert missing.replace("absent", "secret") == existing


def test_an_anonymous_caller_is_denied_a_private_project(
    docker: Docker, project: Project, local_image
) -> None:
    local_image(b"anonymous", f"{project.name}/app:1")
    assert "denied" in docker.refused("push", docker.name(f"{project.name}/app:1"))
    assert "denied" in docker.refused("pull", docker.name(f"{project.name}/other:1"))


def test_anybody_pulls_from_a_public_project_but_nobody_anonymous_pushes(
    docker: Docker, new_project: Callable[..., Project], local_image
) -> None:
    public = new_project(public=True)
    name = docker.name(f"{public.name}/app:1")
    made = local_image(b"public", f"{public.name}/app:1")
    docker.login(public.developer)
    docker.run("push", name)
    docker.run("logout", docker.host)
    docker.forget(name)
    docker.run("pull", name)
    assert docker.image_id(name) == made.config.digest
    assert "denied" in docker.refused("push", name)


def test_a_second_push_uploads_nothing_and_a_sibling_repository_mounts(
    docker: Docker, project: Project, local_image
) -> None:
    local_image(b"layers", f"{project.name}/app:1", f"{project.name}/sibling:1")
    docker.login(project.developer)
    docker.run("push", docker.name(f"{project.name}/app:1"))
    again = docker.run("push", docker.name(f"{project.name}/app:1"))
    assert again.count("Layer already exists") == 2
    sibling = docker.run("push", docker.name(f"{project.name}/sibling:1"))
    assert sibling.count(f"Mounted from {project.name}/app") == 2


def test_push_and_pull_of_all_tags(docker: Docker, project: Project, local_image) -> None:
    tags = [f"{project.name}/app:{tag}" for tag in ("1", "2", "latest")]
    made = local_image(b"all tags", *tags)
    docker.login(project.developer)
    docker.run("push", "--all-tags", docker.name(f"{project.name}/app"))
    docker.forget(*map(docker.name, tags))
    docker.run("pull", "--all-tags", docker.name(f"{project.name}/app"))
    assert {docker.image_id(docker.name(tag)) for tag in tags} == {made.config.digest}


def test_a_manifest_list_is_created_pushed_and_pulled_by_platform(
    docker: Docker, project: Project, local_image
) -> None:
    repository = docker.name(f"{project.name}/app")
    amd64 = local_image(b"for amd64", f"{project.name}/app:amd64")
    local_image(b"for arm64", f"{project.name}/app:arm64", architecture="arm64")
    docker.login(project.developer)
    docker.run("push", f"{repository}:amd64")
    docker.run("push", f"{repository}:arm64")
    docker.run(
        "manifest", "create", "--insecure", f"{repository}:all", f"{repository}:amd64", f"{repository}:arm64"
    )
    pushed = docker.run("manifest", "push", "--insecure", "--purge", f"{repository}:all")
    assert pushed.strip().startswith("sha256:")
    docker.forget(f"{repository}:amd64", f"{repository}:arm64")
    docker.run("pull", f"{repository}:all")
    assert docker.image_id(f"{repository}:all") == amd64.config.digest


def test_a_push_into_a_project_that_does_not_exist_says_what_to_do(docker: Docker, live, local_image) -> None:
    local_image(b"no project", "no-such-project/app:1")
    docker.login(Login(live.admin.username, live.admin.password))
    message = docker.refused("push", docker.name("no-such-project/app:1"))
    assert (
        "denied: requested access to the resource is denied: the project does not exist, or your role"
        in message
    )


def test_a_missing_tag_is_not_found(docker: Docker, project: Project, local_image) -> None:
    local_image(b"missing tag", f"{project.name}/app:1")
    docker.login(project.developer)
    docker.run("push", docker.name(f"{project.name}/app:1"))
    message = docker.refused("pull", docker.name(f"{project.name}/app:2"))
    assert "not found" in message or "manifest unknown" in message

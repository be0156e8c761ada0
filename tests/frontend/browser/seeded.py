"""A few things in a server, so that pages have something to show: projects, repositories, tags, a quota nearly used."""

from __future__ import annotations

import os
from typing import Final

from tests import images
from tests.e2e.registry import Registry, basic
from tests.e2e.server import Wharf

REPOSITORIES: Final = (
    "app/api",
    "app/web",
    "ml/notebook-gpu-cuda12-with-a-rather-long-name",
    "charts/platform",
)
VERSIONS: Final = (
    "1.9.0",
    "1.10.0-rc1",
    "1.10.0",
    "1.10.1",
    "1.11.0-rc2",
    "1.10.0-hotfix-of-the-night-before-20251103",
)
PROJECTS: Final = ("team", "data-platform", "mirror")


def seed(server: Wharf) -> None:
    """Through the doors that everybody uses. Raises AssertionError where one is shut."""
    with Registry(server.url, server.admin) as registry:
        for name in PROJECTS:
            _project(registry, name)
        for number, repository in enumerate(REPOSITORIES):
            for version in VERSIONS[: len(VERSIONS) - number]:
                # Random, so that sizes are what they look like.
                files = {"bin/app": os.urandom(20_000 * (number + 1))}
                made = [images.image(files, architecture=each) for each in ("amd64", "arm64")]
                registry.push(f"team/{repository}", version, images.index(*made))
        newest = images.two_platforms("hello")
        registry.push("team/app/api", "latest", newest)
        registry.push("team/app/api", "1.11.0", newest)


def _project(registry: Registry, name: str) -> None:
    assert registry.who is not None
    answer = registry.http.post(
        "/api/v2.0/projects",
        json={"project_name": name, "metadata": {"public": "false"}, "storage_limit": 3_000_000},
        headers={"Authorization": basic(registry.who)},
    )
    assert answer.status_code == 201, answer.text

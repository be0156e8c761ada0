"""Services called as a command or a page calls them: by a person's live roles, without HTTP in between."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connection

from artifacts.manifests import Push
from artifacts.repositories import Target
from artifacts.tags import NO_CONDITIONS
from core.oci.manifest import parse_manifest
from core.oci.names import RepositoryName
from core.oci.reference import Tag
from projects.queries import ref
from tests.registry_api.client import Repository, World


def target(world: World, repository: Repository) -> Target:
    return Target(RepositoryName.parse(repository.name), ref(world.project))


def push_of(payload: bytes, tag: str) -> Push:
    """A push as the distribution API hands it to the service."""
    return Push.of(parse_manifest(payload, None), Tag.parse(tag), (), NO_CONDITIONS)


def other_session() -> psycopg.Connection[tuple[Any, ...]]:
    """A second connection to this test's database, as the collector's would be: in a transaction of its own."""
    where = connection.settings_dict
    return psycopg.connect(
        host=where["HOST"],
        dbname=where["NAME"],
        user=where["USER"],
        options="-c wharf.lease=24h -c lock_timeout=5s",
    )

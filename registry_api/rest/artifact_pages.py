"""Pages of artifacts with what was asked for beside them, each kind looked up once for the whole page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes

from access.principal import ProjectRef
from artifacts import labels
from artifacts.browsing import details
from artifacts.browsing.details import ShownTag
from artifacts.models import Artifact
from core.errors import InvalidInput
from core.policy.immutability import is_fixed
from projects.tag_rules import rules_in_force
from registry_api.rest import artifact_shapes
from registry_api.rest.artifact_entries import ArtifactEntry
from registry_api.rest.artifact_filters import Digests, Labels, Tags, Types
from registry_api.rest.artifact_shapes import Beside
from registry_api.rest.filters import Number, Text, Time
from registry_api.rest.listing import Listing
from registry_api.rest.schema import parameter

ARTIFACTS = Listing(
    ArtifactEntry,
    fields={
        "id": Number("id"),
        "digest": Digests(),
        "tags": Tags(),
        "labels": Labels(),
        "type": Types(),
        "media_type": Text("config_type"),
        "manifest_media_type": Text("media_type"),
        "artifact_type": Text("artifact_type"),
        "size": Number("total_size"),
        "push_time": Time("pushed_at"),
        "pull_time": Time("pulled_at"),
    },
    sorts={"id": "id", "push_time": "pushed_at", "pull_time": "pulled_at", "size": "total_size"},
    default="-push_time",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of Harbor's `with_…` parameters is answered; there are no scans to give an overview of."""

    tags: bool
    labels: bool
    accessories: bool
    immutable: bool

    @classmethod
    def of(cls, query: QueryDict) -> Wanted:
        """Raises InvalidInput."""
        return cls(
            tags=flag(query, "with_tag", default=True),
            labels=flag(query, "with_label"),
            accessories=flag(query, "with_accessory"),
            immutable=flag(query, "with_immutable_status"),
        )


IMMUTABLE = parameter("with_immutable_status", "Tell which tags are immutable.", type=OpenApiTypes.BOOL)
PARAMETERS = [
    parameter("with_tag", "Tags; true where it is absent.", type=OpenApiTypes.BOOL),
    parameter("with_label", "Labels.", type=OpenApiTypes.BOOL),
    parameter("with_accessory", "Signatures, SBOMs and other accessories.", type=OpenApiTypes.BOOL),
    IMMUTABLE,
    parameter("with_scan_overview", "Taken for Harbor's clients; adds nothing.", type=OpenApiTypes.BOOL),
    parameter("with_sbom_overview", "Taken for Harbor's clients; adds nothing.", type=OpenApiTypes.BOOL),
]


def flag(query: QueryDict, name: str, *, default: bool = False) -> bool:
    """A parameter that is true or false. Raises InvalidInput."""
    given = query.get(name, "").lower()
    if given not in ("", "true", "false", "1", "0"):
        raise InvalidInput(f"{name} is true or false")
    return given in ("true", "1") if given else default


def shown(
    rows: Sequence[Artifact], wanted: Wanted, project: ProjectRef, names: Mapping[int, str]
) -> list[dict[str, Any]]:
    """As `ArtifactEntry` says. `names`: full names by id, of the repositories these lie in."""
    tags = details.tags_of(rows) if wanted.tags else None
    beside = Beside(
        repositories=names,
        project_id=project.id,
        parts=_parts(rows),
        tags=tags,
        labels=labels.labels_of(row.pk for row in rows) if wanted.labels else None,
        accessories=details.accessories_of(rows) if wanted.accessories else None,
        fixed=fixed(project, tags, names) if tags is not None and wanted.immutable else None,
    )
    return [artifact_shapes.artifact(row, beside) for row in rows if row.repository_id in names]


def _parts(rows: Sequence[Artifact]) -> Any:
    indexes = [row for row in rows if row.kind == Artifact.Kind.INDEX]
    return details.parts_of(indexes) if indexes else {}


def fixed(
    project: ProjectRef, tags: Mapping[int, Sequence[ShownTag]], names: Mapping[int, str]
) -> frozenset[tuple[int, str]]:
    """(repository id, name) of the tags that a rule of the project makes immutable; one query."""
    rules = rules_in_force(project.id)
    paths = {repository_id: name.partition("/")[2] for repository_id, name in names.items()}
    shown_ = (tag for each in tags.values() for tag in each) if rules else ()
    return frozenset(
        (tag.repository_id, tag.name)
        for tag in shown_
        if is_fixed(rules, paths.get(tag.repository_id, ""), tag.name)
    )

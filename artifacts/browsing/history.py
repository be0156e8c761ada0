"""How an image was built, by what its config told when it was pushed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from artifacts.models import Artifact, ArtifactLayer
from core.errors import InvalidInput
from core.oci.artifact_type import IMAGE, artifact_type


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the history. `created`: where the config does not say it, when the image was made or pushed."""

    created: datetime
    created_by: str
    author: str
    comment: str
    empty_layer: bool


def steps(artifact: Artifact) -> list[Step]:
    """The first step first; one query. Raises InvalidInput for what was not built: an index, a chart."""
    type_ = artifact_type(artifact.media_type, artifact.config_type)
    if type_ != IMAGE or artifact.kind == Artifact.Kind.INDEX:
        kind = "an index" if artifact.kind == Artifact.Kind.INDEX else type_
        raise InvalidInput(f"{kind} has no build history: ask for that of an image")
    made = artifact.built_at or artifact.pushed_at
    rows = ArtifactLayer.objects.filter(artifact=artifact).order_by("position")
    return [
        Step(row.created_at or made, row.command, artifact.author, row.comment, row.is_empty) for row in rows
    ]

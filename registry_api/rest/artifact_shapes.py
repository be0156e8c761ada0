"""How an artifact, its tags, parts and accessories look: Harbor's names, written here, described by `artifact_entries`.

A page of a hundred artifacts has thousands of fields: plain dictionaries, not a serializer for each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from artifacts.browsing.details import Accessory, Part, ShownTag
from artifacts.models import Artifact
from core.oci.artifact_type import IMAGE, artifact_type
from core.oci.digest import Digest
from core.oci.media_types import INDEXES
from projects.models import Label
from registry_api.rest.artifact_icons import icon
from registry_api.rest.paths import artifacts_of

# What Harbor says of a time that has not come: its clients know it.
NEVER = "0001-01-01T00:00:00.000Z"
KINDS = {"sbom": "sbom.harbor"}

Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Beside:
    """What was looked up for a page of artifacts, by artifact; None for what was not asked for.

    `repositories`: full names by id. `fixed`: (repository id, tag) of tags that a rule makes immutable.
    """

    repositories: Mapping[int, str]
    project_id: int
    parts: Mapping[int, Mapping[Digest, Part]] = field(default_factory=dict)
    tags: Mapping[int, Sequence[ShownTag]] | None = None
    labels: Mapping[int, Sequence[Label]] | None = None
    accessories: Mapping[int, Sequence[Accessory]] | None = None
    fixed: frozenset[tuple[int, str]] | None = None


def artifact(row: Artifact, beside: Beside) -> Shown:
    digest = str(Digest.from_bytes(bytes(row.digest)))
    name = beside.repositories[row.repository_id]
    type_ = artifact_type(row.media_type, row.config_type)
    return {
        "id": row.pk,
        "type": type_,
        "media_type": row.media_type if row.media_type in INDEXES else row.config_type,
        "manifest_media_type": row.media_type,
        "artifact_type": row.artifact_type or row.config_type,
        "project_id": beside.project_id,
        "repository_id": row.repository_id,
        "repository_name": name,
        "digest": digest,
        "size": row.total_size,
        "icon": icon(type_),
        "push_time": row.pushed_at,
        "pull_time": _time(getattr(row, "pulled_at", None)),
        "extra_attrs": _attributes(row, type_),
        "annotations": _document(row.annotations) or None,
        "references": _references(row, beside.parts.get(row.pk, {})),
        "tags": _each(tag, row.pk, beside.tags, beside.fixed),
        "labels": _each(label, row.pk, beside.labels),
        "accessories": _accessories(row, name, beside),
        "addition_links": _additions(row, type_, name, digest),
    }


def tag(row: ShownTag, fixed: frozenset[tuple[int, str]] | None = None) -> Shown:
    return {
        "id": row.id,
        "repository_id": row.repository_id,
        "artifact_id": row.artifact_id,
        "name": row.name,
        "push_time": row.pushed_at,
        "pull_time": _time(row.pulled_at),
        "immutable": fixed is not None and (row.immutable or (row.repository_id, row.name) in fixed),
    }


def accessory(row: Accessory, repository: str) -> Shown:
    return {
        "id": row.artifact_id,
        "artifact_id": row.artifact_id,
        "subject_artifact_id": row.subject_id,
        "subject_artifact_digest": str(row.subject),
        "subject_artifact_repo": repository,
        "size": row.size,
        "digest": str(row.digest),
        "type": KINDS.get(row.kind, row.kind),
        "icon": icon(row.kind),
        "creation_time": row.created_at,
    }


def label(row: Label) -> Shown:
    return {
        "id": row.pk,
        "name": row.name,
        "description": row.description,
        "color": row.color,
        "scope": "p" if row.project_id else "g",
        "project_id": row.project_id or 0,
        "creation_time": row.created_at,
        "update_time": row.updated_at,
    }


def _each(shape: Any, key: int, found: Mapping[int, Sequence[Any]] | None, *more: Any) -> list[Shown] | None:
    """Harbor's clients tell "none" from "not asked for" by null."""
    if found is None:
        return None
    return [shape(each, *more) for each in found.get(key, ())] or None


def _accessories(row: Artifact, repository: str, beside: Beside) -> list[Shown] | None:
    return _each(accessory, row.pk, beside.accessories, repository)


def _attributes(row: Artifact, type_: str) -> Shown:
    """Of an image what its config says of it, of other artifacts the config itself, where it is small."""
    if row.kind == Artifact.Kind.INDEX:
        return {}
    document = _document(getattr(row, "small_config", None))
    if type_ != IMAGE:
        return document
    known = {
        "architecture": row.architecture,
        "author": row.author,
        "created": row.built_at,
        "os": row.os,
    }
    if row.variant:
        known["variant"] = row.variant
    return known | {key: document[key] for key in ("config",) if key in document}


def _references(row: Artifact, parts: Mapping[Digest, Part]) -> list[Shown] | None:
    """In the order of the index where that is small, with its annotations; else as the rows say."""
    if row.kind != Artifact.Kind.INDEX:
        return None
    listed = _document(getattr(row, "small_index", None)).get("manifests")
    said = {each["digest"]: each for each in listed if "digest" in each} if isinstance(listed, list) else {}
    known = {str(digest): part for digest, part in parts.items()}
    order = [digest for digest in said if digest in known] if said else list(known)
    return [_reference(known[digest], said.get(digest, {})) for digest in order]


def _reference(part: Part, said: Mapping[str, Any]) -> Shown:
    platform = said.get("platform") or {}
    return {
        "parent_id": part.parent_id,
        "child_id": part.child_id,
        "child_digest": str(part.digest),
        "platform": {
            "architecture": part.architecture,
            "os": part.os,
            "variant": part.variant,
            # Harbor's names have the quotes in them.
            "'os.version'": platform.get("os.version", ""),
            "'os.features'": platform.get("os.features"),
        },
        "annotations": said.get("annotations"),
        "urls": said.get("urls"),
    }


def _additions(row: Artifact, type_: str, repository: str, digest: str) -> Shown:
    if type_ != IMAGE or row.kind == Artifact.Kind.INDEX:
        return {}
    project, _, path = repository.partition("/")
    href = f"{artifacts_of(project, path)}/{digest}/additions/build_history"
    return {"build_history": {"absolute": False, "href": href}}


def _document(stored: bytes | memoryview | str | None) -> Shown:
    """A stored JSON object; {} for what cannot be shown: it came from a client, and JSON can be what no answer may hold."""
    if not stored:
        return {}
    try:
        value = orjson.loads(stored if isinstance(stored, str) else bytes(stored))
        orjson.dumps(value)  # too deep to be written
    except (ValueError, TypeError):
        return {}
    return value if isinstance(value, dict) else {}


def _time(moment: datetime | None) -> datetime | str:
    return moment or NEVER

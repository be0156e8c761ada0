"""Labels on artifacts: put on and taken off by who may, read for whole pages of artifacts at once."""

from __future__ import annotations

from collections.abc import Iterable

from access.principal import Principal
from access.table import P
from artifacts import read_only, tags
from artifacts.models import ArtifactLabel
from artifacts.repositories import CURRENT, Target
from audit.actions import Draft, action
from core.errors import AlreadyExists, LabelUnknown
from core.oci.digest import Digest
from core.oci.reference import Tag
from database import sql
from database.transactions import retried
from projects.models import Label

# Of the artifact's own project, or global: for all others a label does not exist. It stays until the transaction ends.
_LABEL = """
    SELECT name FROM label WHERE id = %(label)s AND (project_id IS NULL OR project_id = %(project)s) FOR KEY SHARE
"""


@retried
def add(actor: Principal, target: Target, reference: Tag | Digest, label_id: int) -> None:
    """Put the label on what `reference` names.

    Raises LabelUnknown (also for one of another project), ManifestUnknown, RepositoryUnknown, AlreadyExists, Denied.
    """
    with action(
        actor, P.ARTIFACT_LABEL_CREATE, target.project, name="artifact.label", repository=str(target.name)
    ) as draft:
        read_only.refuse()
        artifact_id = _artifact(draft, target, reference)
        name = sql.value(_LABEL, {"label": label_id, "project": target.project.id})
        if name is None:
            raise LabelUnknown(f"no label {label_id}", label=label_id)
        made = sql.execute(
            "INSERT INTO artifact_label (artifact_id, label_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [artifact_id, label_id],
        )
        if not made:
            raise AlreadyExists(f"the artifact has the label '{name}' already", label=label_id)
        draft.after({"label": name, "label_id": label_id})


@retried
def remove(actor: Principal, target: Target, reference: Tag | Digest, label_id: int) -> None:
    """Take the label off. Raises LabelUnknown where the artifact has none such, ManifestUnknown, RepositoryUnknown, Denied."""
    with action(
        actor, P.ARTIFACT_LABEL_DELETE, target.project, name="artifact.unlabel", repository=str(target.name)
    ) as draft:
        read_only.refuse()
        artifact_id = _artifact(draft, target, reference)
        name = sql.value(
            """
            DELETE FROM artifact_label worn USING label
            WHERE worn.artifact_id = %s AND worn.label_id = %s AND label.id = worn.label_id RETURNING label.name
            """,
            [artifact_id, label_id],
        )
        if name is None:
            raise LabelUnknown(f"the artifact has no label {label_id}", label=label_id)
        draft.before({"label": name, "label_id": label_id})


def labels_of(artifact_ids: Iterable[int]) -> dict[int, list[Label]]:
    """The labels of these artifacts by name, in one query; for lists of artifacts the caller may see."""
    found: dict[int, list[Label]] = {}
    rows = ArtifactLabel.objects.filter(artifact_id__in=list(artifact_ids)).select_related("label")
    for row in rows.order_by("label__name", "label_id"):
        found.setdefault(row.artifact_id, []).append(row.label)
    return found


def _artifact(draft: Draft, target: Target, reference: Tag | Digest) -> int:
    """The id of the artifact, which stays until the transaction ends."""
    named = "SELECT t.artifact_id FROM tag t WHERE t.repository_id = r.id AND t.name = %(reference)s"
    which = f"a.id = ({named})" if isinstance(reference, Tag) else "a.digest = %(reference)s"
    found = sql.row(
        f"""
        SELECT a.id, a.digest FROM repository r JOIN artifact a ON a.repository_id = r.id
        WHERE {CURRENT} AND {which} FOR KEY SHARE OF a
        """,
        target.key | {"reference": reference.value if isinstance(reference, Tag) else reference.raw},
    )
    if found is None:
        raise tags.missing(target, str(reference))
    draft.resource("artifact", found[0], f"{target.name}@{Digest.from_bytes(bytes(found[1]))}")
    return int(found[0])

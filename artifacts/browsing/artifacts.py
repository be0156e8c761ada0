"""Artifacts as rows of lists, without their manifests; one by what a client calls it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import BinaryField, BooleanField, DateTimeField, OuterRef, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from access.check import permissions_of, require
from access.principal import Principal, ProjectRef
from access.reach import reach
from access.table import P
from artifacts import tags
from artifacts.browsing import listed
from artifacts.browsing.listed import IS_LISTED, is_listed
from artifacts.listings import visible_repositories
from artifacts.models import Artifact, ArtifactUsage, Repository
from artifacts.models import Tag as TagRow
from artifacts.places import Located
from core.oci.reference import Reference, Tag

# A list shows what is inside of a document only where that is small: a page of a hundred stays a few megabytes.
SMALL = 64 * 1024
COLUMNS = (
    "id",
    "repository_id",
    "digest",
    "media_type",
    "kind",
    "artifact_type",
    "annotations",
    "pushed_at",
    "total_size",
    "config_type",
    "os",
    "architecture",
    "variant",
    "author",
    "built_at",
)

_NEWEST = f"""(
    SELECT artifact.id FROM artifact WHERE artifact.repository_id = repository.id AND {IS_LISTED}
    ORDER BY artifact.pushed_at DESC, artifact.id LIMIT 1)"""
# OFFSET 0: artifacts are walked in the order of the list, and each is asked for its repository.
_IS_SHOWN = """EXISTS (
    SELECT FROM repository WHERE repository.id = artifact.repository_id AND repository.deleted_at IS NULL
      AND repository.visible_at IS NOT NULL OFFSET 0)"""


@dataclass(frozen=True, slots=True)
class Held:
    """The repositories of a project in which somebody may list artifacts; `is_whole`: all there are."""

    project_id: int
    repositories: QuerySet[Repository]
    is_whole: bool


def in_repository(place: Located) -> QuerySet[Artifact]:
    """Those that stand in lists."""
    return _rows(Artifact.objects.filter(repository_id=place.repository_id)).filter(is_listed())


def of_project(actor: Principal, project: ProjectRef) -> Held:
    """The project's repositories in which the actor may list artifacts. Raises Denied, ProjectUnknown."""
    is_partial = reach(actor, P.ARTIFACT_LIST).is_partial
    if not (is_partial and P.REPOSITORY_LIST in permissions_of(actor, project)):
        require(actor, P.ARTIFACT_LIST, project)
    repositories = visible_repositories(actor, P.ARTIFACT_LIST).filter(project_id=project.id)
    return Held(project.id, repositories, is_whole=not is_partial)


def in_repositories(held: Held) -> QuerySet[Artifact]:
    """Those of all these repositories that stand in lists."""
    if held.is_whole:
        is_shown = RawSQL(_IS_SHOWN, (), output_field=BooleanField())  # noqa: S611 - a constant
        return _rows(Artifact.objects.filter(project_id=held.project_id)).filter(is_shown, is_listed())
    ids = held.repositories.order_by().values("pk")
    return _rows(Artifact.objects.filter(repository_id__in=ids)).filter(is_listed())


def total(held: Held) -> int:
    """How many those are; one query."""
    return listed.count_in_project(held.project_id) if held.is_whole else listed.count_in(held.repositories)


def latest_in(held: Held) -> QuerySet[Artifact]:
    """The one pushed last of each repository, among those that stand in lists."""
    ids, values = held.repositories.order_by().values("pk").query.sql_with_params()
    latest = RawSQL(f"SELECT {_NEWEST} FROM repository WHERE repository.id IN ({ids})", values)  # noqa: S611 - Django's own
    return _rows(Artifact.objects.filter(pk__in=latest))


def one(place: Located, reference: Reference) -> Artifact:
    """What a tag or digest names, whether it stands in lists or not. Raises ManifestUnknown."""
    rows = _rows(Artifact.objects.filter(repository_id=place.repository_id))
    if isinstance(reference, Tag):
        named = TagRow.objects.filter(repository_id=place.repository_id, name=reference.value)
        found = rows.filter(pk=Subquery(named.values("artifact_id"))).first()
    else:
        found = rows.filter(digest=reference.raw).first()
    if found is None:
        raise tags.missing(place.target, str(reference))
    return found


def repositories_of(rows: Iterable[Artifact]) -> dict[int, str]:
    """Full names by id, of the repositories these lie in; one query."""
    ids = {row.repository_id for row in rows}
    return dict(Repository.objects.filter(pk__in=ids).values_list("pk", "name"))


def _rows(rows: QuerySet[Artifact]) -> QuerySet[Artifact]:
    """`pulled_at`: when it was pulled last, None for never; `small_config` and `small_index`: documents, None where large."""
    usage = ArtifactUsage.objects.filter(artifact=OuterRef("pk")).values("last_pull_at")
    return rows.only(*COLUMNS).annotate(
        pulled_at=Subquery(usage, output_field=DateTimeField()),
        small_config=_small("artifact.config"),
        small_index=_small("artifact.payload", "artifact.kind = 'index' AND "),
    )


def _small(column: str, when: str = "") -> RawSQL:
    text = f"CASE WHEN {when}octet_length({column}) <= {SMALL} THEN {column} END"
    return RawSQL(text, (), output_field=BinaryField())  # noqa: S611 - of constants

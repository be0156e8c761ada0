"""Reading labels: those of a project for who may list them there, the global ones for everybody who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import Q, QuerySet

from access.check import require, visible
from access.principal import ActorKind, Principal, ProjectRef
from access.table import P, Permissions
from core.errors import Denied, LabelUnknown
from projects.models import Label, Project
from projects.queries import ref

MOST_OFFERED: Final = 50


MOST_CHOICES: Final = 200


def project_labels(actor: Principal, project: Project) -> QuerySet[Label]:
    """The project's own labels. Raises Denied, ProjectUnknown."""
    require(actor, P.LABEL_LIST, ref(project))
    return Label.objects.filter(project=project)


def global_labels(actor: Principal) -> QuerySet[Label]:
    """Labels for artifacts of every project. Raises Denied for the anonymous."""
    if actor.kind is ActorKind.ANONYMOUS:
        raise Denied("global labels are shown to whoever is signed in")
    return Label.objects.filter(project__isnull=True)


def offered(actor: Principal, project: ProjectRef, given: Permissions) -> dict[str, str]:
    """Name by id of the labels a list of the project can be narrowed by: its own for who may list them, and the global ones for
    whoever is signed in; the first MOST_OFFERED by name (one query). `given`: what the actor may do there.
    """
    where = Q(pk__in=[]) if P.LABEL_LIST not in given else Q(project_id=project.id)
    if actor.kind is not ActorKind.ANONYMOUS:
        where |= Q(project__isnull=True)
    found = Label.objects.filter(where).order_by("name", "pk").values_list("pk", "name")
    return {str(id_): name for id_, name in found[:MOST_OFFERED]}


def visible_labels(actor: Principal, permission: P = P.LABEL_LIST) -> QuerySet[Label]:
    """Global labels, and those of living projects in which the actor holds `permission`."""
    where = visible(actor, permission, prefix="project__") & Q(
        project__isnull=False, project__deleted_at__isnull=True
    )
    if actor.kind is not ActorKind.ANONYMOUS:
        where |= Q(project__isnull=True)
    return Label.objects.filter(where).select_related("project")


def label_of(actor: Principal, label_id: int) -> Label:
    """Raises LabelUnknown alike for one that does not exist and one the actor may not see."""
    found = visible_labels(actor, P.LABEL_READ).filter(pk=label_id).first()
    if found is None:
        raise LabelUnknown(f"no label {label_id}", label=label_id)
    return found


@dataclass(frozen=True, slots=True)
class Choice:
    """A label that can be put on artifacts. `color`: "#RRGGBB", "" for none."""

    id: int
    name: str
    color: str
    description: str

    @property
    def mark(self) -> tuple[tuple[str, str], ...]:
        """As components show it."""
        return ((self.name, self.color),)


def choices(actor: Principal, project: ProjectRef) -> tuple[Choice, ...]:
    """Those for artifacts of the project, its own and the global ones, by name, the first MOST_CHOICES. Raises Denied."""
    require(actor, P.LABEL_LIST, project)
    found = Label.objects.filter(Q(project_id=project.id) | Q(project__isnull=True)).order_by("name", "pk")
    shown = found.values_list("pk", "name", "color", "description")[:MOST_CHOICES]
    return tuple(Choice(*row) for row in shown)

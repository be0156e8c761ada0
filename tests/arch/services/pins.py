"""Rows of pinned projects: everybody's own."""

from __future__ import annotations

from access.principal import ActorKind, Principal
from projects.models import ProjectPin
from projects.services import pins
from tests.arch.callers import Scene
from tests.arch.services.own import own
from tests.arch.services.row import Rows


def _pinned(scene: Scene, actor: Principal) -> None:
    """Of who has an account."""
    if actor.kind is ActorKind.USER:
        ProjectPin.objects.create(user_id=actor.id, project_id=scene.shown.project.id)


ROWS: Rows = {
    "projects/services/pins.py:pin": (
        own(lambda s, actor, _: pins.pin(actor, s.shown.project), "project-pin.create"),
    ),
    "projects/services/pins.py:unpin": (
        own(lambda s, actor, _: pins.unpin(actor, s.shown.project), "project-pin.delete", _pinned),
    ),
}

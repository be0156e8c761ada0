"""Jobs, queues and schedules. A run in a path is one of the world's project that the maintainer started."""

from __future__ import annotations

from jobs.models import Run
from tests import schedules
from tests.registry_api.rest.api import World
from tests.registry_api.rest.matrix.cells import EDITORS, EVERYBODY, SIGNED_IN, Places, Rows

# A robot of the system may be let watch the queues; nobody's key holds more than its owner.
WATCHERS = {"admin", "operator_robot"}
WHO_MAY_EDIT = {*EDITORS, "admin", "project_robot", "admin_pat"}

STOP = {"action": "stop"}


def _second(world: World) -> dict[str, str]:
    _of_the_system(world)
    return {"kind": "audit.partitions", "cron": "0 0 * * *"}


def _of_the_system(world: World) -> None:
    world.schedule(kind="audit.partitions", subject_type="", subject_id="", project_id=None)


ROWS: Rows = {
    ("ping", "GET"): (EVERYBODY, 200, 0, None),
    ("health", "GET"): (EVERYBODY, 200, 0, None),
    ("systeminfo", "GET"): (EVERYBODY, 200, 0, None),
    ("jobservice/pools", "GET"): (WATCHERS, 200, 403, None),
    ("jobservice/pools/<str:pool_id>/workers", "GET"): (WATCHERS, 200, 403, None),
    ("jobservice/jobs/<str:job_id>", "PUT"): (WHO_MAY_EDIT, 200, 404, STOP),
    ("jobservice/jobs/<str:job_id>/log", "GET"): (WHO_MAY_EDIT, 200, 404, None),
    ("jobservice/queues", "GET"): (WATCHERS, 200, 403, None),
    ("jobservice/queues/<str:job_type>", "PUT"): (WATCHERS, 200, 403, {"action": "resume"}),
    ("jobs", "GET"): (SIGNED_IN, 200, 0, None),
    ("jobs/<id:run_id>", "GET"): (WHO_MAY_EDIT, 200, 404, None),
    ("jobs/<id:run_id>/tasks", "GET"): (WHO_MAY_EDIT, 200, 404, None),
    ("jobs/<id:run_id>/log", "GET"): (WHO_MAY_EDIT, 200, 404, None),
    ("jobs/<id:run_id>/stop", "POST"): (WHO_MAY_EDIT, 202, 404, None),
    ("jobs/<id:run_id>/retry", "POST"): (WHO_MAY_EDIT, 202, 404, None),
    ("jobs/<id:run_id>/retry-failed", "POST"): (WHO_MAY_EDIT, 409, 404, None),
    ("schedules", "GET"): (SIGNED_IN, 200, 0, None),
    # A second schedule of the kind: who may make one gets as far as the conflict. Watching is not enough.
    ("schedules", "POST"): ({"admin"}, 409, 403, _second),
    ("schedules/<id:schedule_id>", "GET"): (WHO_MAY_EDIT, 200, 404, None),
    ("schedules/<id:schedule_id>", "PUT"): (WHO_MAY_EDIT, 200, 404, {"cron": "@daily"}),
    ("schedules/<id:schedule_id>", "DELETE"): (WHO_MAY_EDIT, 200, 404, None),
    ("schedules/<id:schedule_id>/run", "POST"): (WHO_MAY_EDIT, 201, 404, None),
    ("schedules/<str:job_type>/paused", "GET"): (SIGNED_IN, 200, 0, None),
}


def _run(world: World) -> str:
    schedules.end(Run.objects.filter(kind="audit.partitions"))
    run = world.run(kind="audit.partitions", state="failed")
    return str(run.pk)


def _schedule(world: World) -> str:
    schedules.end(Run.objects.filter(kind="audit.partitions"))
    return str(world.schedule().pk)


PLACES: Places = {
    "<id:run_id>": _run,
    "<str:job_id>": _run,
    "<id:schedule_id>": _schedule,
    "schedules/<str:job_type>": lambda _world: "schedules/all",
    "<str:pool_id>": lambda _world: "all",
    "<str:job_type>": lambda _world: "all",
}

"""The audit log: its entries, exports and purges."""

from __future__ import annotations

from tests import keys
from tests.registry_api.rest import exports
from tests.registry_api.rest.api import World
from tests.registry_api.rest.matrix.cells import EVERYBODY, SIGNED_IN, Places, Rows
from tests.registry_api.rest.matrix.jobs import WATCHERS

PROJECT_LOGS = "projects/<str:project>/logs"
PROJECT_LOG_EXTS = "projects/<str:project>/auditlog-exts"
LOG_READERS = {"auditor", "project_admin", "admin", "project_robot", "admin_pat"}
# All others know of the project.
OUTSIDE = {"outsider", "elsewhere_robot", "operator_robot", "glob_robot"}
KNOWING = EVERYBODY - OUTSIDE
PURGE_SCHEDULE = "system/purgeaudit/schedule"
NEVER = {"schedule": {"type": "None"}}

ROWS: Rows = {
    # Each gets his part of it; the log of a project is for its administrators and for who reads all of them.
    ("audit-logs", "GET"): (SIGNED_IN, 200, 0, None),
    ("auditlog-exts", "GET"): (SIGNED_IN, 200, 0, None),
    ("auditlog-exts/events", "GET"): (SIGNED_IN, 200, 0, None),
    (PROJECT_LOGS, "GET"): (LOG_READERS, 200, KNOWING, None),
    (PROJECT_LOG_EXTS, "GET"): (LOG_READERS, 200, KNOWING, None),
    ("audit-events", "GET"): (SIGNED_IN, 200, 0, None),
    ("audit-events/histogram", "GET"): (SIGNED_IN, 200, 0, None),
    ("audit-events/<id:event_id>", "GET"): ({*LOG_READERS, "operator_robot"}, 200, 404, None),
    # Each exports his part; files are made for people with all their rights, and are theirs alone (here the admin's).
    ("auditlog-exts/export", "GET"): (SIGNED_IN, 200, 0, None),
    ("export/audit-logs", "POST"): (SIGNED_IN - set(keys.KINDS), 200, 403, {}),
    ("export/audit-logs/executions", "GET"): (SIGNED_IN, 200, 0, None),
    ("export/audit-logs/executions/<id:execution_id>", "GET"): ({"admin"}, 200, 404, None),
    ("export/audit-logs/download/<id:execution_id>", "GET"): ({"admin"}, 200, 404, None),
    ("system/purgeaudit", "GET"): (WATCHERS, 200, 403, None),
    (PURGE_SCHEDULE, "GET"): (WATCHERS, 200, 403, None),
    (PURGE_SCHEDULE, "POST"): (WATCHERS, 201, 403, NEVER),
    (PURGE_SCHEDULE, "PUT"): (WATCHERS, 200, 403, NEVER),
    ("system/purgeaudit/<id:purge_id>", "GET"): (WATCHERS, 200, 403, None),
    ("system/purgeaudit/<id:purge_id>", "PUT"): (WATCHERS, 200, 403, None),
    ("system/purgeaudit/<id:purge_id>/log", "GET"): (WATCHERS, 200, 403, None),
}


def _purge_schedule(world: World) -> str:
    """There is one, so that it can be switched off."""
    world.schedule(kind="audit.purge", subject_type="", subject_id="", project_id=None)
    return PURGE_SCHEDULE


def _purge(world: World) -> str:
    _purge_schedule(world)
    return str(world.run(kind="audit.purge").pk)


PLACES: Places = {
    "<id:event_id>": lambda world: str(world.event().pk),
    "<id:execution_id>": lambda world: str(exports.made(world)),
    "<id:purge_id>": _purge,
    PURGE_SCHEDULE: _purge_schedule,
}

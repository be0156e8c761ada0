"""What Harbor's clients say of a purge of the audit log, and what they are told, in Harbor's words and shapes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import orjson
from rest_framework import serializers

from audit import purge
from audit.streams import Stream
from config import audit_purge
from core.errors import InvalidInput
from jobs.models import Run, Schedule, State, Trigger

VENDOR: Final = "PURGE_AUDIT_LOG"
HOURS: Final = 24
MAX_HOURS: Final = 876_000
STATUS: Final = {
    State.QUEUED: "Pending",
    State.RUNNING: "Running",
    State.RETRYING: "Scheduled",
    State.SUCCEEDED: "Success",
    State.PARTIAL: "Error",
    State.FAILED: "Error",
    State.STOPPED: "Stopped",
}
"""Our states in Harbor's words."""
TRIGGER: Final = {
    Trigger.MANUAL: "Manual",
    Trigger.SCHEDULE: "Schedule",
    Trigger.EVENT: "Event",
    Trigger.CHAIN: "Event",
}
# Harbor's page sends these expressions, with a second in front, under these names.
TIMES: Final = {"Hourly": "0 * * * *", "Daily": "0 0 * * *", "Weekly": "0 0 * * 0"}
BY_CRON: Final = {cron: name for name, cron in TIMES.items()}
CUSTOM, NONE, MANUAL = "Custom", "None", "Manual"
TYPES: Final = (*TIMES, CUSTOM, MANUAL, NONE, "Schedule")
# Harbor before 2.13 knew three operations, each of which stood for all kinds of things.
OLD_WORDS: Final = {"create", "delete", "update", "pull"}
NEVER: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class ScheduleTimes(serializers.Serializer[dict[str, Any]]):
    """Harbor's ScheduleObj."""

    type = serializers.ChoiceField(TYPES)
    cron = serializers.CharField(
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="Six fields, of which the first, the second, is 0; or five.",
    )


class PurgeParameters(serializers.Serializer[dict[str, Any]]):
    """`audit_retention_hour` is at least 720 (30 days)."""

    audit_retention_hour = serializers.IntegerField(min_value=0, max_value=MAX_HOURS)
    include_event_types = serializers.CharField(
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="Separated by commas, see /auditlog-exts/events: pull_artifact, all others, or both.",
    )
    include_operations = serializers.CharField(
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="Harbor's older name: create,delete,pull.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Only tell what would be dropped.")


class PurgeRequest(serializers.Serializer[dict[str, Any]]):
    """Harbor's Schedule. `parameters` may be absent with the type None alone."""

    schedule = ScheduleTimes()
    parameters = PurgeParameters(required=False, allow_null=True)


class ShownTimes(serializers.Serializer[dict[str, Any]]):
    type = serializers.ChoiceField((*TYPES, "Event"))
    cron = serializers.CharField(required=False)
    next_scheduled_time = serializers.DateTimeField(required=False)


class ExecHistory(serializers.Serializer[dict[str, Any]]):
    """A purge, or (with the id of the schedule) when it is done by itself."""

    id = serializers.IntegerField()
    job_name = serializers.CharField()
    job_kind = serializers.CharField()
    job_parameters = serializers.CharField(help_text="JSON of what was asked for.")
    schedule = ShownTimes()
    job_status = serializers.CharField()
    deleted = serializers.BooleanField()
    creation_time = serializers.DateTimeField()
    update_time = serializers.DateTimeField()


class PurgeRun(ExecHistory):
    """As Harbor shows it, from our row."""

    def to_representation(self, run: Run) -> dict[str, Any]:  # type: ignore[override]  # the row is what is shown
        trigger = TRIGGER[Trigger(run.trigger)]
        return super().to_representation(
            {
                "id": run.pk,
                "job_name": VENDOR,
                "job_kind": trigger.upper(),
                "job_parameters": _parameters(run.arguments),
                "schedule": {"type": trigger},
                "job_status": STATUS[State(run.state)],
                "deleted": False,
                "creation_time": run.created_at,
                "update_time": _last_change(run),
            }
        )


def cron_of(times: dict[str, Any]) -> str:
    """The expression that is meant. Raises InvalidInput."""
    cron: str | None = times.get("cron") or TIMES.get(times["type"])
    if cron is None:
        raise InvalidInput("schedule.cron: name the times, such as 0 0 3 * * 0 (Sundays at 3:00 UTC)")
    return cron


def wanted(parameters: dict[str, Any], times: dict[str, Any] | None = None) -> dict[str, Any]:
    """The arguments of a Wish, with the client's own words: it compares them with what it is shown."""
    hours = parameters["audit_retention_hour"]
    if hours < purge.FLOOR_DAYS * HOURS:
        raise InvalidInput(
            f"parameters.audit_retention_hour: at least {purge.FLOOR_DAYS * HOURS} ({purge.FLOOR_DAYS} days), which the "
            "database itself holds to"
        )
    said = {name: value for name, value in parameters.items() if value is not None}
    return {
        "streams": sorted(_streams(parameters)),
        "days": -(-hours // HOURS),
        "dry_run": parameters["dry_run"],
        "said": said | ({"type": times["type"]} if times else {}),
    }


def _streams(parameters: dict[str, Any]) -> frozenset[Stream]:
    if kinds := parameters.get("include_event_types"):
        return purge.streams(kinds.split(","))
    words = {word.strip() for word in (parameters.get("include_operations") or "").split(",")} - {""}
    if not words <= OLD_WORDS:
        raise InvalidInput("parameters.include_operations: of create, delete, update and pull")
    events = words - {"pull"}
    if events and not {"create", "delete"} <= events:
        raise InvalidInput(
            "parameters.include_operations: events are purged together, whatever was done: create,delete, or pull alone"
        )
    chosen = purge.HARBOR_KINDS if events else frozenset()
    return purge.streams(chosen | ({purge.PULL_KIND} if "pull" in words else set()))


def _parameters(arguments: dict[str, Any]) -> str:
    """The JSON Harbor's clients read: in their words where they said it, else in ours."""
    said = {name: value for name, value in arguments.get("said", {}).items() if name != "type"}
    return orjson.dumps(said or _in_words(arguments)).decode()


def _in_words(arguments: dict[str, Any]) -> dict[str, Any]:
    streams = [Stream(stream) for stream in arguments.get("streams", Stream)]
    kept = audit_purge.kept_days(arguments.get("days"), streams)
    kinds = sorted(purge.HARBOR_KINDS) if Stream.EVENTS in streams else []
    kinds += [purge.PULL_KIND] if Stream.PULLS in streams else []
    return {
        "audit_retention_hour": max(kept.values()) * HOURS,
        "include_event_types": ",".join(kinds),
        "dry_run": bool(arguments.get("dry_run", False)),
    }


def shown(row: Schedule | None) -> dict[str, Any]:
    """A schedule as ExecHistory has it; one that is off, or was never made, has the type None."""
    if row is None or not row.enabled:
        times: dict[str, Any] = {"type": NONE}
    else:
        times = {"type": _type(row), "cron": _six_fields(row.cron), "next_scheduled_time": row.next_at}
    return {
        "id": 0 if row is None else row.pk,
        "job_name": VENDOR,
        "job_kind": "SCHEDULE",
        "job_parameters": _parameters({} if row is None else row.arguments),
        "schedule": times,
        "job_status": "Scheduled" if row is not None and row.enabled else "",
        "deleted": False,
        "creation_time": NEVER if row is None else row.created_at,
        "update_time": NEVER if row is None else row.changed_at,
    }


def _type(row: Schedule) -> str:
    """As it was said; where it was not, by its times."""
    said: str | None = row.arguments.get("said", {}).get("type")
    named = BY_CRON.get(row.cron, CUSTOM) if row.time_zone == "UTC" else CUSTOM
    return named if said is None or (said in TIMES and TIMES[said] != row.cron) else said


def _six_fields(cron: str) -> str:
    return cron if cron.startswith("@") else f"0 {cron}"


def _last_change(run: Run) -> datetime:
    return run.finished_at or run.heartbeat_at or run.started_at or run.created_at

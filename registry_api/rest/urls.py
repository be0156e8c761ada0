"""Routes of the REST API, one row each: path, view, and the name under which metrics and the request log know it."""

from __future__ import annotations

from django.urls import path, re_path, register_converter
from django.urls.converters import IntConverter
from django.urls.resolvers import URLPattern

from registry_api.rest import explorer, health, jobs, jobservice, ping, schedules, systeminfo, version
from registry_api.rest.endpoint import Endpoint, Nothing


class IdConverter(IntConverter):
    """An id as the database can hold it; a longer number names nothing."""

    regex = "[0-9]{1,18}"


register_converter(IdConverter, "id")

BASE = "api/v2.0/"
ROUTES: tuple[tuple[str, type[Endpoint], str], ...] = (
    ("ping", ping.Ping, "api_ping"),
    ("health", health.Health, "api_health"),
    ("systeminfo", systeminfo.SystemInfo, "api_systeminfo"),
    ("jobservice/pools", jobservice.Pools, "api_pools"),
    ("jobservice/pools/<str:pool_id>/workers", jobservice.PoolWorkers, "api_pool_workers"),
    ("jobservice/jobs/<str:job_id>", jobservice.MonitoredJob, "api_monitored_job"),
    ("jobservice/jobs/<str:job_id>/log", jobservice.MonitoredLog, "api_monitored_log"),
    ("jobservice/queues", jobservice.Queues, "api_queues"),
    ("jobservice/queues/<str:job_type>", jobservice.OneQueue, "api_queue"),
    ("jobs", jobs.Jobs, "api_jobs"),
    ("jobs/<id:run_id>", jobs.OneJob, "api_job"),
    ("jobs/<id:run_id>/tasks", jobs.JobTasks, "api_job_tasks"),
    ("jobs/<id:run_id>/log", jobs.JobLog, "api_job_log"),
    ("jobs/<id:run_id>/stop", jobs.StopJob, "api_job_stop"),
    ("jobs/<id:run_id>/retry", jobs.RetryJob, "api_job_retry"),
    ("jobs/<id:run_id>/retry-failed", jobs.RetryFailed, "api_job_retry_failed"),
    ("schedules", schedules.Schedules, "api_schedules"),
    ("schedules/<id:schedule_id>", schedules.OneSchedule, "api_schedule"),
    ("schedules/<id:schedule_id>/run", schedules.RunSchedule, "api_schedule_run"),
    ("schedules/<str:job_type>/paused", schedules.Paused, "api_schedules_paused"),
)


def described() -> list[URLPattern]:
    """What the OpenAPI document describes."""
    return [path(f"{BASE}{route}", view.as_view(), name=name) for route, view, name in ROUTES]


urlpatterns: list[URLPattern] = [
    *described(),
    path("api/version", version.Version.as_view(), name="api_version"),
    path("api/openapi.yaml", explorer.document, name="api_openapi"),
    path("api/docs", explorer.page, name="api_docs"),
    path("api/docs/<str:name>", explorer.asset, name="api_docs_asset"),
    re_path(r"\Aapi(/|\Z)", Nothing.as_view(), name="api_unknown"),
]

"""Routes of the REST API, one row each: path, view, and the name under which metrics and the request log know it."""

from __future__ import annotations

from django.urls import path, re_path, register_converter
from django.urls.converters import IntConverter
from django.urls.resolvers import URLPattern

from registry_api.rest import (
    audit_events,
    audit_exports,
    audit_logs,
    content_routes,
    explorer,
    health,
    immutability,
    jobs,
    jobservice,
    labels,
    paths,  # noqa: F401 - registers the converter of repositories
    people_routes,
    ping,
    project_routes,
    purge_audit,
    quotas,
    schedules,
    search,
    stars,
    systeminfo,
    version,
)
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
    ("labels", labels.Labels, "api_labels"),
    ("labels/<id:label_id>", labels.OneLabel, "api_label"),
    ("quotas", quotas.Quotas, "api_quotas"),
    ("quotas/<id:quota_id>", quotas.OneQuota, "api_quota"),
    ("search", search.Search, "api_search"),
    ("projects/<str:project>/immutabletagrules", immutability.TagRules, "api_tag_rules"),
    ("projects/<str:project>/immutabletagrules/<id:rule_id>", immutability.OneTagRule, "api_tag_rule"),
    ("projects/<str:project>/repositories/<repository:repository>/star", stars.Star, "api_star"),
    ("audit-logs", audit_logs.AuditLogs, "api_audit_logs"),
    ("auditlog-exts", audit_logs.AuditLogExts, "api_auditlog_exts"),
    ("auditlog-exts/events", audit_logs.EventTypes, "api_audit_event_types"),
    ("projects/<str:project>/logs", audit_logs.ProjectLogs, "api_project_logs"),
    ("projects/<str:project>/auditlog-exts", audit_logs.ProjectLogExts, "api_project_auditlog_exts"),
    ("audit-events", audit_events.AuditEvents, "api_audit_events"),
    ("audit-events/histogram", audit_events.Histogram, "api_audit_histogram"),
    ("audit-events/<id:event_id>", audit_events.OneAuditEvent, "api_audit_event"),
    ("auditlog-exts/export", audit_exports.AuditExport, "api_audit_export"),
    ("export/audit-logs", audit_exports.AuditExports, "api_audit_exports"),
    ("export/audit-logs/executions", audit_exports.Executions, "api_audit_export_executions"),
    (
        "export/audit-logs/executions/<id:execution_id>",
        audit_exports.OneExecution,
        "api_audit_export_execution",
    ),
    ("export/audit-logs/download/<id:execution_id>", audit_exports.Download, "api_audit_export_download"),
    ("system/purgeaudit", purge_audit.Purges, "api_purges"),
    ("system/purgeaudit/schedule", purge_audit.PurgeSchedule, "api_purge_schedule"),
    ("system/purgeaudit/<id:purge_id>", purge_audit.OnePurge, "api_purge"),
    ("system/purgeaudit/<id:purge_id>/log", purge_audit.PurgeLog, "api_purge_log"),
    *project_routes.ROUTES,
    *people_routes.ROUTES,
    *content_routes.ROUTES,
    *content_routes.LAST,
)


def described() -> list[URLPattern]:
    """What the OpenAPI document describes."""
    return [path(f"{BASE}{route}", view.as_view(), name=name) for route, view, name in ROUTES]


def with_a_slash() -> list[URLPattern]:
    """Clients of Harbor write some lists with a slash at the end. A repository's path would take it for a part of its name."""
    kept = [(route, view, name) for route, view, name in ROUTES if not route.endswith("repository>")]
    return [path(f"{BASE}{route}/", view.as_view(), name=name) for route, view, name in kept]


urlpatterns: list[URLPattern] = [
    *with_a_slash(),
    *described(),
    path("api/version", version.Version.as_view(), name="api_version"),
    path("api/openapi.yaml", explorer.document, name="api_openapi"),
    path("api/docs", explorer.page, name="api_docs"),
    path("api/docs/<str:name>", explorer.asset, name="api_docs_asset"),
    re_path(r"\Aapi(/|\Z)", Nothing.as_view(), name="api_unknown"),
]

"""As if what is there had come over months: times of rows that only time could have set. Straight into the database."""

from __future__ import annotations

from typing import Any, Final

import psycopg

from tests.e2e.server import Wharf
from wharf.layout import DataLayout

# A digit per day, so that charts rise and fall.
_PULLS: Final = """
    INSERT INTO audit_usage (repository_id, tag, day, project_id, pulls)
    SELECT t.repository_id, t.name, d::date, r.project_id,
      (hashtext(t.name || d::date::text) & 31) * CASE WHEN extract(isodow FROM d) < 6 THEN 3 ELSE 1 END
        / (1 + abs(hashtext(t.name)) %% 7) AS n
    FROM tag t JOIN repository r ON r.id = t.repository_id JOIN project p ON p.id = r.project_id,
      generate_series(current_date - 89, current_date - 1, interval '1 day') d
    WHERE p.name = %(project)s ON CONFLICT DO NOTHING
"""
_TOTALS: Final = """
    WITH sums AS (SELECT repository_id, sum(pulls) AS n FROM audit_usage GROUP BY 1),
      each AS (UPDATE repository_stats s SET pulls_total = sums.n FROM sums WHERE s.repository_id = sums.repository_id)
    UPDATE project_contents held SET pulls_total = total.n
    FROM (SELECT project_id, sum(pulls) AS n FROM audit_usage GROUP BY 1) total WHERE held.project_id = total.project_id
"""
_TAGS: Final = """
    UPDATE tag SET pushed_at = now() - (n.newest - tag.id) * interval '2 days 19 hours' - interval '40 minutes',
      pushed_by = (ARRAY['robot$platform+ci', 'release-bot', 'ops-oncall', 'dev-lead'])[1 + tag.id %% 4],
      last_pull_at = CASE WHEN tag.id %% 7 = 0 THEN NULL ELSE now() - (tag.id %% 90) * interval '1 day 7 minutes' END,
      pulls_30d = (tag.id * 37) %% 812
    FROM (SELECT repository_id, max(id) AS newest FROM tag GROUP BY 1) n
    WHERE n.repository_id = tag.repository_id
      AND tag.repository_id IN (SELECT id FROM repository WHERE name LIKE %(project)s || '/%%')
"""
_EVENTS: Final = """
    UPDATE tag_event e SET at = now() - (n.newest - e.id) * interval '19 hours' - interval '25 minutes',
      actor_name = (ARRAY['robot$platform+ci', 'release-bot', 'ops-oncall', 'dev-lead'])[1 + e.id %% 4]
    FROM (SELECT max(id) AS newest FROM tag_event) n
    WHERE repository_id IN (SELECT id FROM repository WHERE name LIKE %(project)s || '/%%')
"""
_STORAGE: Final = """
    INSERT INTO storage_daily (day, used, project_id)
    SELECT d::date, 2000000 + (d::date - current_date + 90) * 30000, p.id FROM project p,
      generate_series(current_date - 89, current_date, interval '1 day') d WHERE p.name = %(project)s ON CONFLICT DO NOTHING
"""
_UPLOADS: Final = """
    INSERT INTO upload (id, actor_kind, actor_id, actor_name, received, created_at, expires_at, repository_id)
    SELECT gen_random_uuid(), 'robot', 4, 'robot$platform+ci', 432013312, now() - interval '11 seconds',
      now() + interval '1 day', id FROM repository WHERE name = %(repository)s
"""
_RUNS: Final = """
    INSERT INTO job_run (kind, queue, state, trigger, actor_kind, actor_id, actor_name, phase, current, done, total, bytes_done,
      bytes_total, failed, attempts, max_attempts, retry_at, error, result, created_at, started_at, finished_at, heartbeat_at,
      log_lines)
    VALUES
      ('statistics.fold', 'maintenance', 'succeeded', 'schedule', 'system', 0, 'wharf', '', '', 640, 640, 0, NULL, 0,
        1, 3, NULL, '', '{}', now() - interval '3 hours', now() - interval '3 hours', now() - interval '178 minutes', NULL, 3),
      ('repositories.purge', 'maintenance', 'running', 'manual', 'user', 1, 'admin', 'blobs', 'sha256:1a2b3c4d5e6f',
        12400, 18400, 151397597184, 225485783040, 0, 1, 3, NULL, '', '{}', now() - interval '47 minutes',
        now() - interval '46 minutes', NULL, now() + interval '1 day', 3),
      ('audit.purge', 'upkeep', 'failed', 'schedule', 'system', 0, 'wharf', 'partitions', '', 3, 9, 0, NULL, 1, 3, 3, NULL,
        'The database did not answer within 30 seconds.', '{}', now() - interval '1 day', now() - interval '1 day',
        now() - interval '23 hours 57 minutes', NULL, 3),
      ('uploads.reap', 'maintenance', 'partial', 'schedule', 'system', 0, 'wharf', '', '', 11021, 11024, 0, NULL, 3, 1, 3, NULL,
        '3 of 11,024 could not be deleted.', '{}', now() - interval '2 days', now() - interval '2 days',
        now() - interval '47 hours', NULL, 3),
      ('ldap.sync', 'upkeep', 'retrying', 'schedule', 'system', 0, 'wharf', 'groups', '', 12, 40, 0, NULL, 0, 1, 3,
        now() + interval '1 day', 'ldap.corp.example: connection refused', '{}', now() - interval '20 minutes',
        now() - interval '20 minutes', NULL, NULL, 3),
      ('ldap.sync', 'upkeep', 'stopped', 'manual', 'user', 1, 'admin', '', '', 4, 40, 0, NULL, 0, 1, 3, NULL, '', '{}',
        now() - interval '3 days', now() - interval '3 days', now() - interval '71 hours', NULL, 3)
"""
_LOG: Final = """
    INSERT INTO job_log (run_id, n, at, level, message)
    SELECT r.id, n, r.started_at + n * interval '40 seconds', (ARRAY['info', 'info', 'warning', 'info', 'error'])[1 + n %% 5],
      (ARRAY['started by the schedule', 'partition audit_event_2026m03 holds 1,204,511 rows',
        'the batch took 12.4 s, halving it',
        'deleted 9,077 rows', 'could not delete sha256:77de95a40aa7: it is locked'])[1 + n %% 5]
    FROM job_run r, generate_series(1, 60) n WHERE r.log_lines = 3 ON CONFLICT DO NOTHING
"""


def age(server: Wharf, repository: str, project: str) -> None:
    """A year has gone by in that project; its repository is being pushed to."""
    values: dict[str, Any] = {"repository": repository, "project": project}
    url = DataLayout(server.data).database_url("wharf_owner")
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (_PULLS, _TOTALS, _TAGS, _EVENTS, _STORAGE, _UPLOADS, _RUNS, _LOG):
            connection.execute(statement.encode(), values)

"""A libpq URL turned into Django's DATABASES entry."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from psycopg.conninfo import conninfo_to_dict

# Connections of one process: never one per thread (a gunicorn worker has hundreds). Two threads out of three
# stream bytes without holding a connection.
POOL_MAX = 16
POOL_TIMEOUT = 5.0
CONNECT_TIMEOUT = 5
# A server whose host vanished sends no end of its connections: the kernel's own patience is a quarter of an hour and more.
SILENCE = {
    "tcp_user_timeout": "10000",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
}


def database_settings(url: str, *, lease: timedelta) -> dict[str, Any]:
    """DATABASES["default"] for `url` (postgresql://…). `lease` reaches SQL as
    current_setting('wharf.lease')."""
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    django_names = {
        "NAME": parts.pop("dbname", "wharf"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
    }
    options: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT,
        **SILENCE,
        **parts,
        "options": " ".join(filter(None, (parts.get("options", ""), _guc(lease)))),
        "pool": {"min_size": 0, "max_size": POOL_MAX, "timeout": POOL_TIMEOUT, "max_idle": 300.0},
        "server_side_binding": True,
        "prepare_threshold": 1,
        "application_name": parts.get("application_name", "wharf"),
    }
    return {"ENGINE": "wharf.pooled_postgresql", "CONN_MAX_AGE": 0, "OPTIONS": options, **django_names}


def _guc(lease: timedelta) -> str:
    """Settings of every connection: the lease, and an end to waits that would hold others up."""
    hours = int(lease.total_seconds() // 3600)
    return f"-c wharf.lease={hours}h -c lock_timeout=10s -c idle_in_transaction_session_timeout=10s"

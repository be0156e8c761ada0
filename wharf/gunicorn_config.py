"""gunicorn's configuration file (its setting names, read by gunicorn itself)."""

from __future__ import annotations

from pathlib import Path

from wharf import environment, metrics_folder
from wharf.logs import logging_settings
from wharf.observing import child_exit, post_request, post_worker_init, pre_request

_environment = environment.load()
# Hooks are settings by their names; the folder must be named before any process imports prometheus_client.
__all__ = ["child_exit", "post_request", "post_worker_init", "pre_request"]
metrics_folder.prepare(_environment.layout.metrics)

worker_class = "wharf.worker.RegistryWorker"
workers = _environment.workers
# Started on demand: an idle worker has few. A slow client holds one for as long as its bytes take.
threads = _environment.threads
# gthread keeps `worker_connections - threads` idle connections open between requests.
worker_connections = threads + 1000
backlog = 2048
keepalive = 75
timeout = 60
graceful_timeout = _environment.stop_seconds
# Names reach 255 characters and query strings more: the application, not the parser, answers 414.
limit_request_line = 8190
limit_request_fields = 100
# Each worker makes its own database pool after the fork.
preload_app = False
# The heartbeat file must not wait for a busy disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
# Only listed proxies may say that a request came by https.
forwarded_allow_ips = ",".join(str(network) for network in _environment.trusted_proxies)
# No proxy of ours says where the application is mounted; a client behind one must not say it either.
forwarder_headers = ""
control_socket_disable = True
accesslog = None
logconfig_dict = logging_settings(_environment.log_level)
loglevel = _environment.log_level.lower()
proc_name = "wharf"

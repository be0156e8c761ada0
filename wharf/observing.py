"""gunicorn's hooks around every request: measured once, then counted for /metrics and written to the request log.

Nothing here may fail or delay a request: it runs after the last byte was sent (gunicorn logs what a hook raises).
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

from wharf import environment, metrics_folder

UPLOADING = ("PATCH", "PUT", "POST")


def post_worker_init(worker: Any) -> None:
    """In a fresh worker: load what counts, which must not happen before the fork."""
    from database import listener
    from wharf import metrics, request_log

    metrics.start()
    listener.start()
    log = request_log.RequestLog(request_log.standard_output()) if environment.load().request_log else None
    worker.wharf_observer = Observer(metrics, log)


def pre_request(worker: Any, req: Any) -> None:
    worker.wharf_observer.begin(req)


def post_request(worker: Any, req: Any, environ: dict[str, Any], resp: Any) -> None:
    worker.wharf_observer.end(req, environ, resp)


def child_exit(_server: Any, worker: Any) -> None:
    """In the master: a worker has ended, by itself or killed."""
    metrics_folder.bury(worker.pid)


class Observer:
    """Of one worker. `metrics` is the module, imported after the fork; `log` None where it is switched off."""

    def __init__(self, metrics: Any, log: Any) -> None:
        from wharf import exchange

        self._of = exchange.of
        self._metrics = metrics
        self._log = log

    def begin(self, req: Any) -> None:
        req.wharf_started = perf_counter()
        req.wharf_uploads = req.method in UPLOADING and "/blobs/uploads/" in req.path
        if req.wharf_uploads:
            self._metrics.UPLOADS.inc()

    def end(self, req: Any, environ: dict[str, Any], resp: Any) -> None:
        if req.wharf_uploads:
            self._metrics.UPLOADS.dec()
        if resp is None:  # gunicorn could not even begin: it answers and logs by itself
            return
        exchange = self._of(environ, resp, started=req.wharf_started)
        self._metrics.count(exchange)
        if self._log is not None:
            self._log.write(exchange)

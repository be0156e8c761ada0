"""The Celery application of a worker that also knows the kinds of tests: `celery -A tests.jobs.worker worker`."""

from __future__ import annotations

import django

from wharf.celery import app

django.setup()

from tests.jobs import demonstration  # noqa: E402 - models need Django set up

__all__ = ["app"]

demonstration.install()


@app.task(name="demo.bare")
def bare() -> None:
    """A task that is only a message, for comparison."""

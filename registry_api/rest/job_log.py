"""A job's log as a file."""

from __future__ import annotations

from django.http import StreamingHttpResponse

from jobs import log_text
from jobs.models import Run


def download(run: Run) -> StreamingHttpResponse:
    """The whole log, read piece by piece while it is sent."""
    response = StreamingHttpResponse(log_text.pieces(run.pk), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="job-{run.pk}.log"'
    return response

from __future__ import annotations

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def import_models(self) -> None:
        super().import_models()
        # A second module of models, which jobs.models need not know.
        from jobs import schedule_models  # noqa: F401

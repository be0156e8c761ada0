"""Requests that schemathesis makes up from the OpenAPI document: no answer is a fault, all are as the document says."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from jobs.models import LogLine
from registry_api.rest import explorer
from tests.registry_api.client import HOST
from tests.registry_api.rest.api import World

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


READ = [
    path
    for path, methods in yaml.safe_load(explorer.DOCUMENT.read_bytes())["paths"].items()
    if "get" in methods
]


@pytest.fixture
def described(application: Any) -> Any:
    schema = schemathesis.openapi.from_path(explorer.DOCUMENT)
    schema.app = application
    schema.config.update(base_url=f"http://{HOST}/api/v2.0")
    return schema


@pytest.mark.parametrize("path", READ)
def test_whatever_is_read_is_answered_as_described(described: Any, world: World, path: str) -> None:
    run, schedule = world.run(state="running"), world.schedule()
    LogLine.objects.create(run=run, n=1, level="info", message="hello")
    headers = {"Authorization": world.admin.authorization, "Host": HOST}
    known = {
        "run_id": run.pk,
        "schedule_id": schedule.pk,
        "job_id": str(run.pk),
        "pool_id": "all",
        "job_type": "all",
    }
    statuses = set()

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=described[path]["GET"].as_strategy(), exists=st.booleans())
    def ask(case: Any, exists: bool) -> None:
        if exists:
            case.path_parameters = {
                name: known.get(name, value) for name, value in case.path_parameters.items()
            }
        statuses.add(case.call_and_validate(headers=headers, checks=CHECKS).status_code)

    ask()
    assert 200 in statuses

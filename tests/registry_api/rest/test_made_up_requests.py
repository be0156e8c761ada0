"""Requests that schemathesis makes up from the OpenAPI document: no answer is a fault, all are as the document says.

Half of them are about things that are there, as who may do everything, as a developer of the project and as nobody.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from registry_api.rest import explorer
from tests.registry_api.client import HOST
from tests.registry_api.rest.api import World
from tests.registry_api.rest.described import OPERATIONS, Operation
from tests.registry_api.rest.undone import undone

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CALLERS = ("anonymous", "developer", "admin")
FEW = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def described(application: Any) -> Any:
    schema = schemathesis.openapi.from_path(explorer.DOCUMENT)
    schema.app = application
    schema.config.update(base_url=f"http://{HOST}/api/v2.0")
    return schema


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_whatever_is_asked_is_answered_as_described(
    described: Any, passing: World, operation: Operation
) -> None:
    callers = {kind: _headers(passing, kind) for kind in CALLERS}
    made, parts = described[operation.path][operation.method], operation.parts(passing)

    def ask(case: Any) -> dict[str, int]:
        return {kind: _answered(case, headers) for kind, headers in callers.items()}

    @FEW
    @given(case=st.one_of([made.as_strategy(mode) for mode in GenerationMode]), exists=st.booleans())
    def ask_what_is_made_up(case: Any, exists: bool) -> None:
        if exists:
            case.path_parameters = parts
        ask(case)

    body = operation.example(passing)
    given_body = {} if body is None else {"body": body, "media_type": "application/json"}
    beside = dict(parse_qsl(operation.beside(passing).removeprefix("?")))
    usual = made.Case(path_parameters=parts, query=beside, **given_body)
    assert ask(usual)["admin"] == operation.status("admin")
    ask_what_is_made_up()


def _answered(case: Any, headers: dict[str, str]) -> int:
    """The status of an answer that is as described. What it did is undone, so that each is asked about the same things."""
    with undone():
        status: int = case.call_and_validate(headers=headers, checks=CHECKS).status_code
    return status


def _headers(world: World, kind: str) -> dict[str, str]:
    authorization = world.caller(kind).authorization
    return {"Host": HOST} | ({"Authorization": authorization} if authorization else {})

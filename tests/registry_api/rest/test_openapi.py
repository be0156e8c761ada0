"""The OpenAPI document is fresh and valid, and the page that shows it needs nothing from elsewhere."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest
import yaml
from drf_spectacular.validation import validate_schema

from registry_api.rest import explorer, openapi
from registry_api.rest.urls import ROUTES
from tests.registry_api.client import HOST

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(explorer.DOCUMENT.read_bytes())
    return document


@pytest.fixture
def browser(application: Any) -> httpx2.Client:
    """Without the assertions of the API: these are a page and its files."""
    transport = httpx2.WSGITransport(application, raise_app_exceptions=True)
    return httpx2.Client(transport=transport, base_url=f"http://{HOST}")


def test_the_committed_document_is_that_of_the_source() -> None:
    assert openapi.document() == explorer.DOCUMENT.read_text(), (
        "renew it: wharf openapi > registry_api/rest/openapi.yaml"
    )


def test_the_document_is_openapi_3(described: dict[str, Any]) -> None:
    validate_schema(described)


def test_every_route_is_described(described: dict[str, Any]) -> None:
    served = {
        (re.sub(r"<\w+:(\w+)>", r"{\1}", f"/{route}"), name)
        for route, view, _ in ROUTES
        for name in METHODS
        if hasattr(view, name)
    }
    assert served == {(path, name) for path, methods in described["paths"].items() for name in methods}


def test_every_operation_has_a_summary_and_says_who_may_call_it(described: dict[str, Any]) -> None:
    for path, methods in described["paths"].items():
        for name, operation in methods.items():
            assert operation["summary"], (path, name)
            assert {"basic": []} in operation["security"], (path, name)


def test_anybody_reads_the_document(browser: httpx2.Client) -> None:
    answer = browser.get("/api/openapi.yaml")
    assert answer.content == explorer.DOCUMENT.read_bytes()


def test_the_page_takes_everything_from_here_and_nothing_inline(browser: httpx2.Client) -> None:
    page = browser.get("/api/docs")
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    assert not re.search(r"<style|style=|\bon[a-z]+=|<script>", page.text)
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(sources) == 4
    for source in sources:
        asset = browser.get(source)
        assert asset.status_code == 200
        assert "immutable" in asset.headers["Cache-Control"]
        assert asset.headers["X-Content-Type-Options"] == "nosniff"
        assert asset.headers["Content-Type"].startswith(("text/css", "text/javascript"))


def test_the_explorer_has_no_other_files_and_only_reads(browser: httpx2.Client) -> None:
    for name in ("explorer.js", "openapi.yaml", "..%2Fopenapi.yaml", "%2e%2e", "swagger-ui-bundle.js.map"):
        assert browser.get(f"/api/docs/{name}").status_code == 404
    for path in ("/api/docs", "/api/openapi.yaml"):
        assert browser.post(path).status_code == 405
        assert browser.get(path, headers={"Host": "evil.example"}).status_code == 400

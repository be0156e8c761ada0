"""The front page: real host only, strict policy, readable hints."""

from __future__ import annotations

import html
import re

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings

pytestmark = pytest.mark.django_db  # the limits of requests are a setting


def page(host: str) -> HttpResponse:
    return Client().get("/", headers={"host": host})  # type: ignore[return-value]


def test_the_lines_carry_the_host_of_the_request() -> None:
    text = page("localhost:5000").content.decode()
    assert "docker login localhost:5000\n" in text
    assert "docker push localhost:5000/library/alpine" in text


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost:5001", "127.0.0.1", "localhost:5000.evil.example", "", "a b"]
)
def test_an_unlisted_host_is_refused_without_echo(host: str) -> None:
    answer = page(host)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    if host:
        assert host not in answer.content.decode()


def test_a_forwarded_host_is_not_believed() -> None:
    answer = Client().get("/", headers={"host": "localhost:5000", "x-forwarded-host": "evil.example"})
    assert answer.status_code == 200
    assert "evil.example" not in answer.content.decode()


def test_the_policy_allows_own_files_alone() -> None:
    answer = page("localhost:5000")
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    # Nothing in the page may need more than that.
    assert not re.search(r"<script>|<script(?! src=)|\bstyle=|<style|\bon[a-z]+=", answer.content.decode())


def test_loopback_needs_no_hint_about_plain_http() -> None:
    assert "insecure-registries" not in page("127.0.0.1:5000").content.decode()


@override_settings(
    WHARF_EXTERNAL_URLS=("http://10.1.2.3:5000", "https://registry.example.org"),
    ALLOWED_HOSTS=["10.1.2.3", "registry.example.org"],
)
def test_another_machine_on_plain_http_needs_the_insecure_setting() -> None:
    assert '"insecure-registries": ["10.1.2.3:5000"]' in html.unescape(page("10.1.2.3:5000").content.decode())
    assert "insecure-registries" not in page("registry.example.org").content.decode()
    # The port of the scheme names the same address.
    assert "docker login registry.example.org\n" in page("registry.example.org:443").content.decode()


def test_the_stylesheet_is_kept_for_a_year_under_a_name_with_its_hash() -> None:
    found = re.search(r'href="(/static/wharf\.[0-9a-f]{12}\.css)"', page("localhost:5000").content.decode())
    assert found is not None
    sheet = Client().get(found[1], headers={"host": "localhost:5000"})
    assert sheet.status_code == 200
    assert sheet["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in sheet["Cache-Control"]
    assert "prefers-color-scheme: dark" in sheet.content.decode()
    assert (
        Client().get("/static/wharf.000000000000.css", headers={"host": "localhost:5000"}).status_code == 404
    )


def test_the_page_only_reads() -> None:
    assert Client().post("/", headers={"host": "localhost:5000"}).status_code == 405

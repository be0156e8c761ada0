"""The lines that get an artifact with each tool: what is true of all of them, and what somebody could slip in."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from accounts.preferences import TOOLS
from frontend import clients
from frontend.clients import Wanted
from frontend.hosts import Address

pytestmark = pytest.mark.unit

DIGEST = "sha256:" + "a" * 64
SAFE = Wanted(Address("https", "reg.example"), "team/app", DIGEST, tag="1.2", is_open=True)


def lines(wanted: Wanted) -> dict[str, tuple[str, ...]]:
    return {each.name: each.lines for each in clients.tools(wanted)}


def test_every_tool_of_the_preferences_has_its_lines_and_no_other_has() -> None:
    assert set(clients.TOOLS) == set(TOOLS)
    assert len(lines(SAFE)) >= 10


def test_by_digest_no_line_names_the_tag() -> None:
    for name, told in lines(replace(SAFE, by_digest=True)).items():
        assert DIGEST in " ".join(told), name
        assert "team/app:1.2" not in " ".join(told), name


def test_who_has_to_sign_in_is_told_how() -> None:
    private = replace(SAFE, is_open=False)
    for each in clients.tools(private):
        told = [each.sign_in, *each.lines]
        assert any(word in line for line in told for word in ("login", "SECRET", "USER")), each.name
    assert not any("login" in each.sign_in or "SECRET" in each.text for each in clients.tools(SAFE))


@pytest.mark.parametrize(
    ("tool", "flag"),
    [
        ("podman", "--tls-verify=false"),
        ("nerdctl", "--insecure-registry"),
        ("ctr", "--plain-http"),
        ("skopeo", "--tls-verify=false"),
        ("oras", "plain-http"),
    ],
)
def test_by_plain_http_a_tool_is_told_so(tool: str, flag: str) -> None:
    plain = replace(SAFE, at=Address("http", "reg.example:8080"))
    assert flag in clients.tool(plain, tool).lines[0]
    assert flag not in clients.tool(SAFE, tool).text
    assert any("reg.example:8080" in text for _client, _path, text in clients.settings(plain.at))


def test_a_chart_is_pulled_by_helm_by_its_version() -> None:
    chart = replace(SAFE, type="CHART", tag="1.2.0_build.5")
    assert clients.pull(chart, "docker") == "helm pull oci://reg.example/team/app --version 1.2.0+build.5"
    assert "docker" not in lines(chart)


def test_of_what_nobody_knows_there_is_a_way_to_get_it() -> None:
    assert clients.pull(replace(SAFE, type="UNKNOWN"), "docker").startswith("oras pull")


@pytest.mark.parametrize(
    "platform", ["linux/amd64; rm -rf ~", "$(id)/x", "linux/`id`", "linux", "a b/c", "linux/amd64\n"]
)
def test_a_platform_that_is_none_stands_in_no_line(platform: str) -> None:
    for name, told in lines(replace(SAFE, platform=platform, is_index=True)).items():
        assert platform not in " ".join(told), name


def test_every_command_is_what_a_shell_reads_as_one() -> None:
    index = replace(SAFE, is_index=True, platform="linux/arm64/v8", is_open=False)
    for each in clients.tools(index):
        if each.is_command:
            for line in each.lines:
                assert shlex.split(line), each.name
    assert "--platform linux/arm64/v8" in clients.tool(index, "docker").text

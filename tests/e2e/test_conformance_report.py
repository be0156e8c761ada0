"""A failure, a silent skip or a broken report of the conformance suite is never taken for a pass."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from tests.e2e import conformance
from tests.e2e.clients import Login
from tests.e2e.conformance_report import (
    SUITE,
    idle_reasons,
    never_executed,
    read_report,
    unexplained_skips,
)
from tests.e2e.go_programs import UnavailableError, cache_folder

TARGET = conformance.Target("127.0.0.1:1", Login("ann", "secret"), "p/one", "p/two")
SKIP = '<skipped message="skipped - you have skipped this test."/>'
FAILURE = '<failure message="Expected 404 to equal 200" type="failed">at push.go</failure>'


def junit(*cases: tuple[str, str, str], totals: str | None = None) -> str:
    """junit.xml of (name, status, what stands inside); `totals` replaces the attributes of the suite."""
    tags = "".join(inside for _, _, inside in cases)
    counted = (
        f'tests="{len(cases)}" disabled="0" skipped="{tags.count("<skipped")}" '
        f'errors="{tags.count("<error")}" failures="{tags.count("<failure")}"'
    )
    listed = "".join(
        f"<testcase name={quoteattr(SUITE + name)} status={quoteattr(status)}>{inside}</testcase>"
        for name, status, inside in cases
    )
    return f"<testsuites><testsuite {totals or counted}>{listed}</testsuite></testsuites>"


def stand_in(folder: Path, text: str, code: int) -> Path:
    """A program that writes `text` as its report, notes its settings and ends with `code`."""
    (folder / "given.xml").write_text(text)
    made = folder / "conformance.test"
    made.write_text(
        f'#!/bin/sh\nenv > "$OCI_REPORT_DIR/settings"\n'
        f'[ -s "{folder}/given.xml" ] && cp "{folder}/given.xml" "$OCI_REPORT_DIR/junit.xml"\nexit {code}\n'
    )
    made.chmod(0o755)
    return made


@pytest.mark.parametrize(
    ("status", "inside"),
    [
        ("failed", FAILURE),
        ("panicked", '<error message="nil map" type="panicked">trace</error>'),
        ("timedout", FAILURE),
    ],
)
def test_a_failed_panicked_or_broken_off_test_is_a_failure(status: str, inside: str) -> None:
    report = read_report(junit(("Pull a", "passed", ""), ("Push b", status, inside)))
    assert list(report.failed()) == ["Push b"]
    assert report.executed() == {"Pull a", "Push b"}


def test_an_unknown_status_is_a_failure_even_without_a_message() -> None:
    text = junit(("Pull a", "aborted", ""), totals='tests="1" failures="0" errors="1" skipped="0"')
    assert read_report(text).failed() == {"Pull a": "status aborted"}


def test_a_skip_without_a_reason_is_named() -> None:
    report = read_report(junit(("Pull a", "skipped", SKIP), ("Push b", "skipped", SKIP)))
    assert unexplained_skips(report, {"Pull a": "because"}) == ["Push b"]
    assert unexplained_skips(report, {}) == ["Pull a", "Push b"]


def test_a_reason_for_a_test_that_is_not_there_is_named() -> None:
    report = read_report(junit(("Pull a", "passed", "")))
    assert idle_reasons(report, {"Pull a": "because", "Pull z": "because"}) == ["Pull z"]


def test_two_tests_of_one_name_are_two_tests() -> None:
    report = read_report(junit(("Pull a", "passed", ""), ("Pull a", "skipped", SKIP)))
    assert (report.executed(), report.skipped()) == ({"Pull a"}, ["Pull a (2)"])


def test_a_test_that_no_run_executed_is_named() -> None:
    first = read_report(junit(("a", "passed", ""), ("b", "skipped", SKIP), ("c", "skipped", SKIP)))
    second = read_report(junit(("a", "skipped", SKIP), ("b", "passed", ""), ("c", "skipped", SKIP)))
    assert never_executed([first, second]) == {"c"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<testsuites/>", "lists no test"),
        (junit(("a", "passed", ""), totals='tests="9"'), "contradicts itself"),
        (junit(("a", "passed", ""), totals='tests="1" failures="1"'), "contradicts itself"),
    ],
)
def test_a_report_that_cannot_be_trusted_is_no_pass(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_report(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (junit(("a", "passed", "")), 1),
        (junit(("a", "failed", FAILURE)), 0),
        ("", 0),
    ],
    ids=["red exit and green report", "green exit and red report", "no report"],
)
def test_an_exit_code_that_contradicts_the_report_is_no_pass(tmp_path: Path, text: str, code: int) -> None:
    with pytest.raises(AssertionError, match=rf"exit code {code}"):
        conformance.run(TARGET, tmp_path / "out", binary=stand_in(tmp_path, text, code))


def test_the_report_of_an_earlier_run_is_not_taken_for_this_one(tmp_path: Path) -> None:
    conformance.run(TARGET, tmp_path / "out", binary=stand_in(tmp_path, junit(("a", "passed", "")), 0))
    with pytest.raises(AssertionError, match=r"no junit\.xml"):
        conformance.run(TARGET, tmp_path / "out", binary=stand_in(tmp_path, "", 0))


def test_all_workflows_are_on_unless_a_run_turns_one_off(tmp_path: Path) -> None:
    binary = stand_in(tmp_path, junit(("a", "passed", "")), 0)
    conformance.run(TARGET, tmp_path / "out", binary=binary, options={"OCI_TEST_PULL": "0"})
    given = dict(line.split("=", 1) for line in (tmp_path / "out/settings").read_text().splitlines())
    assert {name: value for name, value in given.items() if name.startswith("OCI_TEST_")} == {
        "OCI_TEST_PULL": "0",
        "OCI_TEST_PUSH": "1",
        "OCI_TEST_CONTENT_DISCOVERY": "1",
        "OCI_TEST_CONTENT_MANAGEMENT": "1",
    }
    assert (given["OCI_NAMESPACE"], given["OCI_CROSSMOUNT_NAMESPACE"]) == ("p/one", "p/two")
    assert given["OCI_DEBUG"] == "0"


def test_a_suite_that_cannot_be_built_is_told_in_the_compilers_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("GOPROXY", "off")
    with pytest.raises(UnavailableError, match=conformance.VERSION):
        conformance.program()
    assert list(cache_folder(f"conformance-suite-{conformance.VERSION}").iterdir()) == []

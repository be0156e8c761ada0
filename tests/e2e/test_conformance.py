"""The OCI distribution conformance program against a live server: everything passes, nothing is skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e import conformance
from tests.e2e.conftest import make_project
from tests.e2e.server import Wharf


@pytest.fixture(scope="session")
def binary() -> Path:
    """The conformance program, built once and cached."""
    try:
        return conformance.program()
    except conformance.UnavailableError as error:
        if os.environ.get("WHARF_REQUIRE_ALL"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def conformance_project(live: Wharf) -> str:
    return make_project(live, "conformance")


def test_every_feature_of_the_specification_passes(
    live: Wharf, conformance_project: str, binary: Path, tmp_path: Path
) -> None:
    report = conformance.run(live.host, live.admin, tmp_path / "results", binary=binary)
    allowed = {
        name: status
        for name, status in report.not_passed().items()
        if (name, status) != ("Sparse", "Disabled")
    }
    assert allowed == {}, conformance.failures(report)
    assert (report.counts["failures"], report.counts["errors"], report.counts["skipped"]) == (0, 0, 0), (
        conformance.failures(report)
    )
    assert report.counts["tests"] > 100


def test_sparse_indexes_pass_on_a_lenient_project(
    live: Wharf, conformance_project: str, binary: Path, tmp_path: Path
) -> None:
    options = {"OCI_DATA_SPARSE": "true"}
    report = conformance.run(live.host, live.admin, tmp_path / "results", binary=binary, options=options)
    assert report.not_passed() == {}, conformance.failures(report)
    assert (report.counts["failures"], report.counts["errors"], report.counts["skipped"]) == (0, 0, 0)


def test_a_failing_feature_is_seen_in_the_results() -> None:
    settings = "config:\n  apis:\n    ping: true\n  data:\n    image: true\n"
    text = settings + "apis:\n  Ping: Pass\n  Mount: Skip\ndata:\n  Image: FAIL\n"
    sections = conformance.read_sections(text)
    report = conformance.Report(sections["apis"], sections["data"], {}, "")
    assert report.not_passed() == {"Mount": "Skip", "Image": "FAIL"}


def test_results_without_any_result_are_no_pass() -> None:
    with pytest.raises(ValueError, match="holds no results"):
        conformance.read_sections("config:\n  registry: 127.0.0.1:5000\napis:\ndata:\n")

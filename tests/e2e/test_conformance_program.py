"""The newer conformance program against a live server, where OCI_CONFORMANCE_BINARY names it: nothing is skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e import conformance_program as newer
from tests.e2e.conftest import make_project
from tests.e2e.server import Wharf


@pytest.fixture(scope="session")
def binary() -> Path:
    """The program. Its absence fails no lane: the module proxy does not serve the commit.

    Tests ask for it first, so that no server is started for a program that is not there.
    """
    found = newer.program()
    if found is None:
        pytest.skip(f"OCI_CONFORMANCE_BINARY is not set: {newer.INSTALL_LINE}")
    return found


@pytest.fixture(scope="session")
def conformance_project(binary: Path, live: Wharf) -> str:
    return make_project(live, "conformance")


def test_every_feature_of_the_specification_passes(
    binary: Path, live: Wharf, conformance_project: str, tmp_path: Path
) -> None:
    results = newer.run(live.host, live.admin, tmp_path / "results", binary=binary)
    allowed = {
        name: status
        for name, status in results.not_passed().items()
        if (name, status) != ("Sparse", "Disabled")
    }
    assert allowed == {}, newer.failures(results)
    assert (results.counts["failures"], results.counts["errors"], results.counts["skipped"]) == (0, 0, 0), (
        newer.failures(results)
    )
    assert results.counts["tests"] > 100


def test_sparse_indexes_pass_on_a_lenient_project(
    binary: Path, live: Wharf, conformance_project: str, tmp_path: Path
) -> None:
    options = {"OCI_DATA_SPARSE": "true"}
    results = newer.run(live.host, live.admin, tmp_path / "results", binary=binary, options=options)
    assert results.not_passed() == {}, newer.failures(results)
    assert (results.counts["failures"], results.counts["errors"], results.counts["skipped"]) == (0, 0, 0)


def test_a_failing_feature_is_seen_in_the_results() -> None:
    settings = "config:\n  apis:\n    ping: true\n  data:\n    image: true\n"
    text = settings + "apis:\n  Ping: Pass\n  Mount: Skip\ndata:\n  Image: FAIL\n"
    sections = newer.read_sections(text)
    results = newer.Results(sections["apis"], sections["data"], {}, "")
    assert results.not_passed() == {"Mount": "Skip", "Image": "FAIL"}


def test_results_without_any_result_are_no_pass() -> None:
    with pytest.raises(ValueError, match="holds no results"):
        newer.read_sections("config:\n  registry: 127.0.0.1:5000\napis:\ndata:\n")

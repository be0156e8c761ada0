"""The OCI distribution conformance suite against a live server: nothing fails, and every skip has a written reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.e2e import conformance
from tests.e2e.conformance_plan import NEVER, RUNS, Run
from tests.e2e.conformance_report import (
    Report,
    idle_reasons,
    matching,
    never_executed,
    unexplained_skips,
)
from tests.e2e.conftest import make_project
from tests.e2e.go_programs import UnavailableError
from tests.e2e.server import Wharf

PROJECT = "conformance-suite"
FEWEST_TESTS = 60


@pytest.fixture(scope="session")
def suite() -> Path:
    """The suite, built once and cached; a machine that cannot build it fails where every lane must run."""
    try:
        return conformance.program()
    except UnavailableError as error:
        return Path(missing(str(error)))


@pytest.fixture(scope="session")
def reports(suite: Path, live: Wharf, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Report]:
    """The report of every run, by name; each run has repositories of its own."""
    make_project(live, PROJECT)
    folder = tmp_path_factory.mktemp("conformance")
    found = {}
    for run in RUNS:
        repository = f"{PROJECT}/{run.name}"
        target = conformance.Target(live.host, live.admin, repository, f"{repository}-mounts")
        found[run.name] = conformance.run(target, folder / run.name, binary=suite, options=run.options)
    return found


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_no_test_of_the_suite_fails(reports: Mapping[str, Report], run: Run) -> None:
    assert reports[run.name].failed() == {}
    assert len(reports[run.name].cases) > FEWEST_TESTS


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_every_skip_of_a_run_has_a_written_reason(reports: Mapping[str, Report], run: Run) -> None:
    assert unexplained_skips(reports[run.name], run.skips) == []
    assert idle_reasons(reports[run.name], run.skips) == []


def test_every_test_runs_at_least_once_but_those_named(reports: Mapping[str, Report]) -> None:
    names = {name for report in reports.values() for name in report.names()}
    named = {name for start in NEVER for name in matching(names, start)}
    assert never_executed(reports.values()) == named

"""Reads the junit.xml of the conformance suite and says what failed, what ran, and what was skipped without a reason."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

SUITE = "OCI Distribution Conformance Tests "


class Outcome(StrEnum):
    """What became of one test. Anything that is neither passed nor skipped is a failure."""

    PASSED = "passed"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Case:
    """One test: its workflow, group and text in one line, and what the suite said about it."""

    name: str
    outcome: Outcome
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """All tests of one run, each under a name of its own."""

    cases: tuple[Case, ...]

    def failed(self) -> dict[str, str]:
        """Name -> the suite's words, for every test that failed, panicked or was broken off."""
        return {case.name: case.message for case in self.cases if case.outcome is Outcome.FAILED}

    def skipped(self) -> list[str]:
        """The names of the tests that did not run."""
        return [case.name for case in self.cases if case.outcome is Outcome.SKIPPED]

    def executed(self) -> set[str]:
        """The names of the tests that ran, whatever they found."""
        return {case.name for case in self.cases if case.outcome is not Outcome.SKIPPED}

    def names(self) -> set[str]:
        """The names of all tests, run or not."""
        return {case.name for case in self.cases}


def read_report(text: str) -> Report:
    """Parse junit.xml as ginkgo 2 writes it.

    Tests of the same name are numbered from the second on: the suite has several. Raises ValueError when there is no
    test, or when the totals of the suite are not those of the tests listed.
    """
    root = ET.fromstring(text)
    seen: Counter[str] = Counter()
    cases = []
    for element in root.iter("testcase"):
        name = element.get("name", "").removeprefix(SUITE).strip()
        seen[name] += 1
        cases.append(_case(element, name if seen[name] == 1 else f"{name} ({seen[name]})"))
    if not cases:
        raise ValueError("junit.xml lists no test")
    _compare_totals(root, cases)
    return Report(tuple(cases))


def _case(element: ET.Element, name: str) -> Case:
    outcome, message = Outcome.PASSED, ""
    skip = element.find("skipped")
    broken = [child for child in element if child.tag in {"failure", "error"}]
    if broken:
        outcome, message = Outcome.FAILED, broken[0].get("message") or broken[0].text or ""
    elif skip is not None:
        outcome, message = Outcome.SKIPPED, skip.get("message", "")
    elif element.get("status", "passed") != "passed":
        outcome, message = Outcome.FAILED, f"status {element.get('status')}"
    return Case(name, outcome, message.strip())


def _compare_totals(root: ET.Element, cases: Iterable[Case]) -> None:
    def total(*attributes: str) -> int:
        return sum(int(suite.get(key, "0")) for suite in root.iter("testsuite") for key in attributes)

    listed = Counter(case.outcome for case in cases)
    said = {
        Outcome.PASSED: total("tests") - total("failures", "errors", "skipped", "disabled"),
        # A disabled ("pending") test carries a <skipped> of its own.
        Outcome.SKIPPED: total("skipped", "disabled"),
        Outcome.FAILED: total("failures", "errors"),
    }
    if not any("skipped" in suite.attrib for suite in root.iter("testsuite")):
        del said[Outcome.SKIPPED]  # Ginkgo 1 counts the tests that ran and leaves the skipped ones out
    if any(listed[outcome] != count for outcome, count in said.items()):
        raise ValueError(f"junit.xml contradicts itself: totals {said}, listed {dict(listed)}")


def matching(names: Iterable[str], start: str) -> set[str]:
    """The names that begin with `start`: a test's whole name, or its workflow."""
    return {name for name in names if name.startswith(start)}


def unexplained_skips(report: Report, reasons: Mapping[str, str]) -> list[str]:
    """The skipped tests that no reason covers. `reasons`: start of the name -> why it may be skipped."""
    return [name for name in report.skipped() if not name.startswith(tuple(reasons))]


def idle_reasons(report: Report, reasons: Mapping[str, str]) -> list[str]:
    """The reasons that name no test of the suite: misspelt, or left from another version."""
    return [start for start in reasons if not matching(report.names(), start)]


def never_executed(reports: Iterable[Report]) -> set[str]:
    """The tests that ran in none of the runs."""
    listed = list(reports)
    names = {name for report in listed for name in report.names()}
    return names.difference(*(report.executed() for report in listed))

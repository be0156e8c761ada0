"""The catalogue of operations: what the code writes is in it, what is in it is written, and each has its test."""

from __future__ import annotations

import ast
import re
from typing import Final

import pytest

from audit.document import document
from audit.operations import (
    OPERATIONS,
    PULL,
    SECTIONS,
    HarborName,
    find,
    harbor_event_types,
    matching,
)
from tests.arch import sources
from tests.arch.services.matrix import MATRIX
from tests.arch.written_operations import written

pytestmark = pytest.mark.unit

NAME: Final = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*")

# Operations that no row of the matrix of services produces: the test that does.
TESTED: Final = {
    PULL.name: "tests/registry_api/v2/test_refusals_recorded.py",  # pulls that were done are rows of their own
    "user.sign-in": "tests/accounts/test_sign_in.py",
    "robot.sign-in": "tests/accounts/test_uses.py",
    "user.register": "tests/accounts/test_own_account_registration.py",
    "directory.sync": "tests/accounts/test_sync_crash.py",
    "request.limit": "tests/registry_api/test_rates.py",
    "backup.create": "tests/wharf/backup/test_making.py",
    "backup.restore": "tests/wharf/backup/test_restoring.py",
    "audit.purge": "tests/audit/test_purge.py",
    "audit.export-download": "tests/wharf/test_audit_export_job.py",
    "audit.verify": "tests/wharf/test_audit_command.py",
    "audit.rotate-key": "tests/wharf/test_audit_command.py",
    "audit.accept-restore": "tests/wharf/test_audit_command.py",
    "audit.forward-from": "tests/wharf/test_audit_forward_command.py",
    "audit.gap": "tests/audit/test_shipping.py",
    "audit.damage": "tests/audit/test_shipping_damage.py",
}


def test_what_is_written_is_in_the_catalogue() -> None:
    unknown = {name: files for name, files in written().items() if name not in OPERATIONS}
    assert unknown == {}, "write a line in audit/operations.py"


def test_what_is_in_the_catalogue_is_written() -> None:
    assert set(OPERATIONS) - set(written()) == set()


def test_every_operation_has_its_test() -> None:
    in_matrix = {
        row.event for rows in MATRIX.values() for row in rows if row.event and row.allowed and not row.ends
    }
    assert {"without a test": set(OPERATIONS) - in_matrix - set(TESTED)} == {"without a test": set()}
    assert {"in the matrix by now": set(TESTED) & in_matrix} == {"in the matrix by now": set()}
    silent = {name: file for name, file in TESTED.items() if not _is_asserted(name, file)}
    assert silent == {}, "no test in there asserts it"


def _is_asserted(name: str, file: str) -> bool:
    """As a text of its own, or quoted in a query."""
    return any(said == name or f"'{name}'" in said for said in _asserted(file))


def _asserted(file: str) -> set[str]:
    """The texts that stand in what is asserted by the tests of a file, or in what an assertion of theirs is compared with by
    name: a mention elsewhere, as in what is written to begin with, proves nothing."""
    tree = ast.parse((sources.CHECKOUT / file).read_text())
    checks = [each.test for each in ast.walk(tree) if isinstance(each, ast.Assert)]
    names = {each.id for check in checks for each in ast.walk(check) if isinstance(each, ast.Name)}
    said = [
        *checks,
        *(node.value for node in ast.walk(tree) if isinstance(node, ast.Assign) and names & _targets(node)),
    ]
    return {
        each.value
        for tree in said
        for each in ast.walk(tree)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }


def _targets(node: ast.Assign) -> set[str]:
    return {each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name)}


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_an_operation_can_be_read_and_chosen(name: str) -> None:
    operation = OPERATIONS[name]
    assert NAME.fullmatch(name)
    assert operation.label[0].isupper()
    assert operation.label[-1] != "."
    assert matching(name) == (name,)
    assert name in matching(f"{operation.noun}.*")


def test_labels_tell_operations_apart() -> None:
    labels = [operation.label for operation in OPERATIONS.values()]
    assert len(set(labels)) == len(labels)
    assert sum(map(len, SECTIONS.values())) == len(OPERATIONS)


@pytest.mark.parametrize(
    "pattern", ["", "*", ".*", "tag", "tag.", "t*.delete", "TAG.delete", "tag.delete.*", "[t]ag.*"]
)
def test_what_is_no_name_matches_nothing(pattern: str) -> None:
    assert matching(pattern) == ()


def test_an_operation_of_another_version_is_shown_by_its_name() -> None:
    assert find("scan.begin").label == "scan.begin"
    assert find("scan.begin").in_harbors_words == HarborName("scan", "begin")


# What Harbor lists at GET /auditlog-exts/events.
HARBORS: Final = {
    *("create_artifact", "delete_artifact", "pull_artifact", "delete_repository"),
    *(
        "create_project",
        "delete_project",
        "update_project",
        "create_member",
        "update_member",
        "delete_member",
    ),
    *("login_user", "logout_user", "create_user", "delete_user", "update_user"),
    *("create_robot", "delete_robot", "update_configuration"),
}


def test_everything_harbor_logs_is_logged_here_by_harbors_name() -> None:
    assert set(harbor_event_types()) >= HARBORS


def test_the_page_of_events_is_fresh() -> None:
    page = sources.CHECKOUT / "docs" / "audit-events.md"
    assert page.read_text() == document(), "python -m audit.document > docs/audit-events.md"

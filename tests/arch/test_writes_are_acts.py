"""Whatever a service changes is an act with its audit event, or stands below with the reason why it is none."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = [
    "accounts/services",
    "projects/services",
    "artifacts",
    "accounts/signing_keys.py",
    "accounts/gate/uses.py",
    "config/services.py",
    "jobs/schedules.py",
    "jobs/schedule_rows.py",
    "jobs/services.py",
    "jobs/relay.py",
    "jobs/reaper.py",
    "jobs/runner.py",
    "jobs/housekeeping.py",
    "jobs/events.py",
    "jobs/forgetting.py",
    "config/forgetting.py",
]
WRITES = re.compile(r"\b(INSERT INTO|UPDATE \w+( \w+)? SET|DELETE FROM)\b")
WRITING_METHODS = {"save", "create", "bulk_create", "delete", "update"}

NOT_ACTS = {
    "jobs/housekeeping.py": "forgets what ended long ago, by the retention that was set",
    "jobs/relay.py": "hands out what was started, and makes runs of events",
    "jobs/schedule_rows.py": "statements inside the acts of jobs/schedules.py",
    "artifacts/sessions.py": "steps of an upload: the manifest push is the act",
    "artifacts/links.py": "statements inside the blob commit, a mount or a delete",
    "artifacts/facts.py": "statements inside a manifest push",
    "artifacts/statistics.py": "a fold derives, it changes nothing anybody did",
    "artifacts/maintenance.py": "completes deletions that were acts, and uploads nobody finished",
    "artifacts/uploads.py": "steps of an upload: the manifest push is the act",
    "artifacts/repositories.py:ensure": "made by a first push, invisible until a manifest is pushed",
    "artifacts/repositories.py:make_visible": "inside a manifest push",
    "artifacts/blobs.py:pin": "a lease",
    "artifacts/storage.py": "notes damage that was found, nobody's act",
    "artifacts/manifests.py:remove": "statements inside a delete or a purge",
    "artifacts/tags.py:record_deleted": "inside an act",
    "artifacts/recording.py:record": "inside a manifest push",
    "jobs/events.py:publish": "a row in the transaction of the act it tells of",
    "jobs/services.py:start": "a row in the transaction of the act that starts it, or of a schedule's",
    "jobs/services.py:insert": "as start",
    "accounts/services/users.py:end_sessions": "inside the act that takes a right away",
    "accounts/services/users.py:insert_user": "inside the act that makes an account",
    "accounts/services/users.py:save_details": "inside the act that changes an account",
    "accounts/services/users.py:save_password": "inside the act that changes a password",
    "accounts/services/forgetting.py": "the rest of a removal, which was the act",
    "artifacts/forgetting.py": "the rest of a removal, which was the act",
    "config/forgetting.py": "the rest of a removal, which was the act",
    "jobs/forgetting.py": "the rest of a removal, which was the act",
    "accounts/services/lost_rights.py": "inside the act that takes a right away",
    "accounts/services/groups.py:save_changes": "inside the act that changes a group",
    "accounts/services/directory.py:note_seen": "when the directory was last seen to have them, nobody's act",
    "accounts/services/sessions.py:start": "a sign-in, recorded as one",
    "accounts/services/sessions.py:confirm": "a sign-in in a session that is there, recorded as one",
    "accounts/services/sessions.py:find": "when it was last used, nobody's act",
    "accounts/services/sessions.py:keep_only": "inside the act that changes a password",
    "accounts/services/sessions.py:forget_ended": "forgets what is over",
    "accounts/services/provided.py:note_seen": "when the provider last named somebody, nobody's act",
    "accounts/services/provided.py:follow": "as note_seen, and acts of other services",
    "accounts/gate/uses.py:note": "when a key was last used, with the event of its sign-in",
    "accounts/signing_keys.py:jwks": "reads the keys, see keyset",
    "accounts/signing_keys.py:keyset": "the first key of an installation, made by whoever needs one first",
}


def _modules() -> list[Path]:
    found: list[Path] = []
    for name in SERVICES:
        path = ROOT / name
        found += [path] if path.is_file() else list(path.rglob("*.py"))
    return sorted(path for path in found if not {"models", "migrations"} & set(path.parts))


class Function:
    """What one top-level function does and calls."""

    def __init__(self, node: ast.FunctionDef, statements: set[str]) -> None:
        """`statements`: names of the module's constants that hold SQL which writes."""
        self.name = node.name
        self.writes = False
        self.acts = False
        self.calls: set[str] = set()
        for each in ast.walk(node):
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and WRITES.search(each.value):
                self.writes = True
            if isinstance(each, ast.Name) and each.id in statements:
                self.writes = True
            if isinstance(each, ast.Call):
                self._called(each.func)

    def _called(self, called: ast.expr) -> None:
        if isinstance(called, ast.Name):
            self.calls.add(called.id)
            self.acts |= called.id == "action"
        elif isinstance(called, ast.Attribute) and called.attr in WRITING_METHODS:
            self.writes |= not (isinstance(called.value, ast.Attribute) and called.value.attr == "detail")


def _writing_statements(module: ast.Module) -> set[str]:
    """Names of module constants that hold SQL which writes; an f-string's text is in constants of its own."""
    return {
        target.id
        for node in module.body
        if isinstance(node, ast.Assign)
        and any(
            isinstance(each, ast.Constant) and isinstance(each.value, str) and WRITES.search(each.value)
            for each in ast.walk(node.value)
        )
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _unrecorded(path: Path) -> list[str]:
    module = ast.parse(path.read_text())
    statements = _writing_statements(module)
    functions = {
        node.name: Function(node, statements) for node in module.body if isinstance(node, ast.FunctionDef)
    }

    def writes(name: str, seen: frozenset[str] = frozenset()) -> bool:
        function = functions.get(name)
        if function is None or name in seen or function.acts:
            return False
        return function.writes or any(writes(called, seen | {name}) for called in function.calls)

    public = [name for name in functions if not name.startswith("_")]
    return [f"{path.relative_to(ROOT)}:{name}" for name in public if writes(name)]


def test_every_write_is_an_act_or_has_a_reason_not_to_be() -> None:
    found = [each for path in _modules() for each in _unrecorded(path)]
    unexplained = [each for each in found if each not in NOT_ACTS and each.partition(":")[0] not in NOT_ACTS]
    assert unexplained == []


def test_every_reason_still_has_its_write() -> None:
    found = {each for path in _modules() for each in _unrecorded(path)}
    files = {each.partition(":")[0] for each in found}
    assert {each for each in NOT_ACTS if each not in found and each not in files} == set()


def test_one_act_alone_needs_no_right():
    """To make oneself an account, where people may."""
    sources = (path for package in ("accounts", "artifacts", "config", "jobs", "projects", "registry_api", "frontend", "wharf")
               for path in (ROOT / package).rglob("*.py"))  # fmt: skip
    open_to_all = [path for path in sources if re.search(r"\banyone=", path.read_text())]
    assert open_to_all == [ROOT / "accounts/services/own_account.py"]

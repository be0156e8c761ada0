"""Whatever writes a row is an act with its audit event, or stands below with the reason why it is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.arch.sources import product_files
from tests.arch.written_rows import Product

ROOT = Path(__file__).resolve().parents[2]

# Nobody's act, or one that is recorded in another way.
NOT_ACTS = {
    "accounts/gate/uses.py:note": "when a key was last used, with the event of its sign-in",
    "accounts/services/directory.py:note_seen": "when the directory was last seen to have them, nobody's act",
    "accounts/services/forgetting.py": "the rest of a removal, which was the act",
    "accounts/services/provided.py:note_seen": "when the provider last named somebody, nobody's act",
    "accounts/services/sessions.py:confirm": "a sign-in in a session that is there, recorded as one",
    "accounts/services/sessions.py:find": "when it was last used, nobody's act",
    "accounts/services/sessions.py:forget_ended": "forgets what is over",
    "accounts/services/sessions.py:start": "a sign-in, recorded as one",
    "accounts/signing_keys.py:keyset": "the first key of an installation, made by whoever needs one first",
    "artifacts/blobs.py:pin": "a lease",
    "artifacts/forgetting.py": "the rest of a removal, which was the act",
    "artifacts/maintenance.py": "completes deletions that were acts, and uploads nobody finished",
    "artifacts/project_figures.py": "a fold derives, it changes nothing anybody did",
    "artifacts/pull_statistics.py": "a fold derives, it changes nothing anybody did",
    "artifacts/repositories.py:ensure": "made by a first push, invisible until a manifest is pushed",
    "artifacts/sessions.py": "steps of an upload: the manifest push is the act",
    "artifacts/statistics.py": "a fold derives, it changes nothing anybody did",
    "artifacts/storage.py": "notes damage that was found, nobody's act",
    "artifacts/unique_sizes.py": "a count derives, it changes nothing anybody did",
    "artifacts/uploads.py": "steps of an upload: the manifest push is the act",
    "audit/forward/collecting.py": "how far events are collected",
    "audit/recorder.py:record": "the event itself",
    "audit/seal/blocks.py:insert": "a seal tells what others did",
    "audit/spool/shipping.py": "pulls that were done, and what is counted of them",
    "audit/usage.py": "counted from pulls",
    "config/forgetting.py": "the rest of a removal, which was the act",
    "jobs/beat.py": "starts what a schedule asks for: to make the schedule was the act",
    "jobs/dispatcher.py": "who is at work, and what he hands on",
    "jobs/forgetting.py": "the rest of a removal, which was the act",
    "jobs/housekeeping.py": "forgets what ended long ago, by the retention that was set",
    "jobs/items.py": "what a run did, told by the run",
    "jobs/leases.py": "a run is somebody's for a while",
    "jobs/logbook.py": "what a run says of itself",
    "jobs/outputs.py": "the file of a run that was an act; its download is one, too",
    "jobs/progress.py": "how far a run is",
    "jobs/reaper.py": "frees what a dead worker held",
    "jobs/relay.py": "hands out what was started, and makes runs of events",
    "jobs/runner.py": "how a run ended",
}
# Part of an act: whoever calls these has to stand in the block of one, or here as well.
INSIDE_ACTS = {
    "accounts/services/groups.py:save_changes": "inside the act that changes a group",
    "accounts/services/lost_rights.py": "inside the act that takes a right away",
    "accounts/services/sessions.py:keep_only": "inside the act that changes a password",
    "accounts/services/users.py:end_sessions": "inside the act that takes a right away",
    "accounts/services/users.py:insert_user": "inside the act that makes an account",
    "accounts/services/users.py:save_details": "inside the act that changes an account",
    "accounts/services/users.py:save_password": "inside the act that changes a password",
    "artifacts/copied_rows.py": "statements inside a copy",
    "artifacts/facts.py": "statements inside a manifest push",
    "artifacts/links.py": "statements inside the blob commit, a mount or a delete",
    "artifacts/manifests.py:remove": "statements inside a delete or a purge",
    "artifacts/recording.py:record": "inside a manifest push",
    "artifacts/references.py:lock": "inside a manifest push",
    "artifacts/repositories.py:make_visible": "inside a manifest push",
    "artifacts/tags.py:point": "inside a copy, or the act that makes a tag",
    "artifacts/tags.py:record_deleted": "inside an act",
    "jobs/events.py:publish": "a row in the transaction of the act it tells of",
    "jobs/schedule_rows.py": "statements inside the acts of jobs/schedules.py",
    "jobs/services.py:insert": "as start",
    "jobs/services.py:start": "a row in the transaction of the act that starts it, or of a schedule's",
}


def _sources() -> dict[str, str]:
    return {str(path.relative_to(ROOT)): path.read_text() for path in product_files()}


@pytest.fixture(scope="module")
def product() -> Product:
    return Product(_sources())


def test_every_write_is_an_act_or_has_a_reason_not_to_be(product: Product) -> None:
    assert product.unrecorded(NOT_ACTS, INSIDE_ACTS) == set()


def test_every_reason_still_has_its_write(product: Product) -> None:
    unneeded = [
        name for name in NOT_ACTS | INSIDE_ACTS
        if not product.unrecorded(NOT_ACTS.keys() - {name}, INSIDE_ACTS.keys() - {name})
    ]  # fmt: skip
    assert unneeded == []


# Writes without an act, each in a way of its own: where, and what is added there.
STRAYS = {
    "by the writer of another module": (
        "accounts/services/own_account.py",
        "def stray(user):\n    save_password(user, 'x', None)",
    ),
    "by a module's attribute": (
        "accounts/services/own_account.py",
        "def stray(user):\n    from accounts.services import users\n    users.end_sessions(user.pk)",
    ),
    "by another method of Django's": (
        "accounts/services/own_account.py",
        "def stray(user):\n    User.objects.bulk_update([user], ['email'])",
    ),
    "by making it where it lacks": (
        "accounts/services/own_account.py",
        "def stray(user):\n    User.objects.get_or_create(username='x')",
    ),
    "by a raw delete": (
        "accounts/services/own_account.py",
        "def stray(user):\n    User.objects.filter(pk=1)._raw_delete('default')",
    ),
    "in a method": (
        "accounts/services/own_account.py",
        "class Strays:\n    def stray(self, user):\n        user.delete()",
    ),
    "by a private method": (
        "accounts/services/own_account.py",
        "class Strays:\n    def stray(self):\n        self._go()\n    def _go(self):\n        self.row.save()",
    ),
    "where nobody writes": (
        "projects/queries.py",
        "def stray(id):\n    sql.execute('DELETE FROM project WHERE id = %s', [id])",
    ),
    "in the settings": (
        "config/current.py",
        "def stray():\n    sql.execute(\"UPDATE setting SET value = 'x'\")",
    ),
    "in a view": ("registry_api/rest/schedules.py", "def stray(row):\n    row.save(update_fields=['name'])"),
    "beside an act": (
        "artifacts/tags.py",
        "def stray(actor):\n    row.delete()\n    with action(actor, P.TAG_DELETE, name='tag.delete'):\n        pass",
    ),
    "after an act": (
        "artifacts/tags.py",
        "def stray(actor, row):\n    with action(actor, P.TAG_DELETE, name='tag.delete'):\n        pass\n    row.delete()",
    ),
    "in small letters": ("artifacts/tags.py", "def stray():\n    sql.execute('delete\\n from tag')"),
    "by a constant of another module": (
        "projects/queries.py",
        "from artifacts import tags\ndef stray():\n    sql.execute(tags.STRAY)",
    ),
    "by a constant that is made of one": (
        "projects/queries.py",
        "from artifacts import tags\nMADE = f'WITH x AS ({tags.STRAY}) SELECT 1'\ndef stray():\n    sql.execute(MADE)",
    ),
    "handed on as a function": (
        "wharf/subscriptions.py",
        "def _stray(row):\n    row.delete()\n",
    ),
}


# A write that is in an act, by another function.
IN_AN_ACT = """

def deed(actor, row):
    with action(actor, P.TAG_DELETE, name='tag.delete'):
        _gone(row)


def _gone(row):
    row.delete()


STRAY = 'DELETE FROM tag'
"""


def test_every_way_to_write_without_an_act_is_found_and_an_act_is_not() -> None:
    sources = _sources()
    sources["artifacts/tags.py"] += IN_AN_ACT
    for number, (path, added) in enumerate(STRAYS.values()):
        sources[path] += (
            "\n\n" + added.replace("Strays", f"Strays{number}").replace("stray(", f"stray_{number}(") + "\n"
        )
    found = Product(sources).unrecorded(NOT_ACTS, INSIDE_ACTS)
    numbers = {int(name.rpartition("_")[2]) for name in found if "stray_" in name}
    assert {how for number, how in enumerate(STRAYS) if number not in numbers} == set()
    assert {name for name in found if "stray_" not in name} == set()


def test_few_acts_need_no_right():
    """To make oneself an account, where people may; to take along what one may read of the log: scope_of says how much; and to
    stop what is made for oneself alone."""
    sources = (path for package in ("accounts", "artifacts", "config", "jobs", "projects", "registry_api", "frontend", "wharf")
               for path in (ROOT / package).rglob("*.py"))  # fmt: skip
    open_to_all = [path for path in sources if re.search(r"\banyone=", path.read_text())]
    allowed = (
        "accounts/services/own_account.py",
        "config/audit_export.py",
        "jobs/services.py",
        "wharf/audit_export.py",
    )
    assert open_to_all == [ROOT / path for path in allowed]

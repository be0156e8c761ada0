"""Rows of what follows the directory, and of the keys tokens are signed with: for administrators; a robot may be given most."""

from __future__ import annotations

from typing import Any

from access.principal import Principal
from accounts import signing_keys
from accounts.services import group_sync
from accounts.sync import job
from core.errors import Conflict
from tests.arch.callers import Scene
from tests.arch.services.row import ADMINS, Rows, look, system
from tests.groups import Entry, make_directory_group


def directory_group(scene: Scene, _actor: Principal) -> Any:
    return make_directory_group(scene.user)


def outside_group(_scene: Scene, _actor: Principal) -> Any:
    return make_directory_group()


S = "accounts/services/group_sync.py:"
ROWS: Rows = {
    f"{S}replace_people": system(
        lambda _s, actor, group: group_sync.replace_people(actor, group, []),
        "group.sync",
        given=directory_group,
        confirmed=True,
    ),
    f"{S}change_people": system(
        lambda s, actor, group: group_sync.change_people(actor, group, joined={}, left=[s.user.pk]),
        "group.sync",
        given=directory_group,
        confirmed=True,
    ),
    f"{S}replace_groups_of": system(
        lambda s, actor, group: group_sync.replace_groups_of(actor, s.user, [group.pk]),
        "user.groups",
        given=outside_group,
        confirmed=True,
    ),
    f"{S}refresh_group": system(
        lambda _s, actor, group: group_sync.refresh_group(
            actor, group, Entry(group.name, group.subject, "cn=moved,dc=example,dc=org")
        ),
        "group.refresh",
        given=directory_group,
        confirmed=True,
    ),
    f"{S}group_is_gone": system(
        lambda _s, actor, group: group_sync.group_is_gone(actor, group),
        "group.gone",
        given=directory_group,
        confirmed=True,
    ),
    # No directory is configured: who may start it gets as far as being told so.
    "accounts/sync/job.py:start": system(
        lambda _s, actor, _: job.start(actor), "directory.sync", ends=Conflict
    ),
    "accounts/sync/job.py:preview": look(lambda _s, actor, _: job.preview(actor), ends=Conflict),
    # Never a robot: what tokens are signed with is a setting of sign-in.
    "accounts/signing_keys.py:rotate": system(
        lambda _s, actor, _: signing_keys.rotate(actor), "signing-key.rotate", ADMINS, confirmed=True
    ),
}

"""Rows of what clients look for by id or part of a name, and of what is asked of the directory and the provider.

There is neither: who is let in is told so.
"""

from __future__ import annotations

from access.principal import Principal
from accounts import finding, finding_groups
from accounts.services import users
from accounts.sync import requested
from artifacts import room
from core.errors import DirectoryUnused
from tests.arch.callers import Scene
from tests.arch.services.people import local_group
from tests.arch.services.row import ADMINS, OPERATORS, Rows, look, system
from tests.people import unique

# Who adds members to a project finds people and groups; a robot, where it lists them.
ADDING = OPERATORS | {"project_admin", "admin_pat"}
DN = "cn=ops,dc=example,dc=org"


def _changed(scene: Scene, actor: Principal, _: object) -> object:
    user = finding.user_to_change(actor, scene.user.pk, "user.update")
    return users.change_user(actor, user, full_name=unique("Ann"))


F = "accounts/finding.py:"
G = "accounts/finding_groups.py:"
FOUND: Rows = {
    f"{F}user_by_id": look(lambda s, actor, _: finding.user_by_id(actor, s.user.pk)),
    # Part of an act: who is refused here is refused that.
    f"{F}user_to_change": system(_changed, "user.update", confirmed=True),
    f"{F}people_named": look(lambda _s, actor, _: list(finding.people_named(actor, "a")), ADDING),
    f"{G}group_by_id": look(
        lambda _s, actor, group: finding_groups.group_by_id(actor, group.pk), given=local_group
    ),
    f"{G}groups_named": look(lambda _s, actor, _: list(finding_groups.groups_named(actor, "a")), ADDING),
    "artifacts/room.py:of_the_store": look(lambda _s, actor, _: room.of_the_store(actor)),
}

R = "accounts/sync/requested.py:"
ASKED: Rows = {
    f"{R}import_group": look(
        lambda _s, actor, _: requested.import_group(actor, DN), ends=DirectoryUnused, confirmed=True
    ),
    f"{R}import_people": look(
        lambda _s, actor, _: requested.import_people(actor, ["ann"]), ends=DirectoryUnused, confirmed=True
    ),
    f"{R}search_people": look(lambda _s, actor, _: requested.search_people(actor, "a"), ends=DirectoryUnused),
    f"{R}search_groups": look(lambda _s, actor, _: requested.search_groups(actor, "a"), ends=DirectoryUnused),
    f"{R}try_directory": look(
        lambda _s, actor, _: requested.try_directory(actor, {}), ADMINS, confirmed=True
    ),
    f"{R}try_provider": look(lambda _s, actor, _: requested.try_provider(actor), ADMINS, confirmed=True),
}

ROWS: Rows = {**FOUND, **ASKED}

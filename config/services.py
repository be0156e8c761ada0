"""The only writer of settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models.functions import Now

from access.check import require
from access.principal import Principal
from access.table import P
from access.whole import require_whole
from audit.actions import Draft, action
from config import current, plans, proposals, stored
from config.catalogue import CATALOGUE
from config.models import StoredSetting
from config.plans import Change, Wish
from database import generations, sql
from database.transactions import retried


@retried
def change(actor: Principal, wanted: Mapping[str, Any]) -> list[str]:
    """Give settings the values of `wanted` (key -> JSON value), all of them or none; the keys that changed.

    One act, with what was and what is; secrets as ***. Raises SettingsInvalid, which holds every mistake: no such
    setting, no such value, fixed by the environment, at odds with another setting. Raises Denied, also for keys that
    would change who signs in.
    """
    with action(actor, P.CONFIGURATION_UPDATE, name="configuration.update") as draft:
        _require_others(actor, wanted)
        sql.value("SELECT pg_advisory_xact_lock(hashtext('wharf.setting'))")
        planned = plans.changes(wanted, proposals.state())
        if not planned:
            draft.discard()
            return []
        _tell(draft, planned)
        _write(actor, planned)
        generations.bump_on_commit(current.GENERATION)
    return [each.setting.key for each in planned]


def reset(actor: Principal, keys: Iterable[str]) -> list[str]:
    """Bring settings back to their defaults; as `change`."""
    return change(actor, dict.fromkeys(keys, Wish.RESET))


@retried
def reseal(actor: Principal) -> list[str]:
    """Seal every stored secret with the newest key; the keys of the settings. Raises SealBroken, SealMisplaced, Denied.

    After it, keys that are only listed for reading (WHARF_SECRET_KEY_FALLBACKS) are needed for settings no more.
    """
    with action(actor, P.CONFIGURATION_UPDATE, name="configuration.reseal") as draft:
        sql.value("SELECT pg_advisory_xact_lock(hashtext('wharf.setting'))")
        secrets = [key for key, setting in CATALOGUE.items() if setting.secret]
        rows = list(StoredSetting.objects.filter(key__in=secrets).order_by("key"))
        for row in rows:
            row.value = {"sealed": stored.sealer().reseal(stored.context(row.key), row.value["sealed"])}
            row.save(update_fields=["value"])
        draft.resource("configuration", None, "secrets")
        draft.after({"resealed": [row.key for row in rows]})
        generations.bump_on_commit(current.GENERATION)
    return [row.key for row in rows]


def _require_others(actor: Principal, wanted: Mapping[str, Any]) -> None:
    needed = {CATALOGUE[key].permission for key in wanted if key in CATALOGUE}
    for permission in sorted(needed - {P.CONFIGURATION_UPDATE}):
        require(actor, permission, None)
    if any(CATALOGUE[key].decides_who_signs_in for key in wanted if key in CATALOGUE):
        require_whole(actor)


def _tell(draft: Draft, planned: list[Change]) -> None:
    draft.resource("configuration", None, ", ".join(each.setting.key for each in planned))
    draft.before({each.setting.key: plans.shown(each.setting, each.old) for each in planned})
    draft.after({each.setting.key: plans.shown(each.setting, each.result) for each in planned})


def _write(actor: Principal, planned: list[Change]) -> None:
    for each in planned:
        if each.new is None:
            StoredSetting.objects.filter(key=each.setting.key).delete()
            continue
        values = {
            "value": stored.encode(each.setting, each.new),
            "changed_by": actor.name,
            "changed_at": Now(),
        }
        StoredSetting.objects.update_or_create(key=each.setting.key, defaults=values)

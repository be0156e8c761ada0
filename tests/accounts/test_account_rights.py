"""Accounts are for administrators, and every other attempt is recorded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from access.principal import Principal
from accounts.ldap import Person
from accounts.models import User
from accounts.services import identities, users
from accounts.services.directory import onboard
from accounts.sync import job
from audit import denials
from audit.flood import Flood
from audit.models import AuditEvent
from core.errors import Denied
from tests.people import make_user, principal, unique

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse"


@pytest.mark.parametrize("is_auditor", [False, True])
def test_nobody_but_an_administrator_touches_accounts(is_auditor: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(denials, "_flood", Flood(per_key=10, in_all=100, seconds=60.0))
    actor: Principal = principal(make_user(is_auditor=is_auditor))
    victim, person = make_user(), Person("subject", "uid=ann,dc=x", unique("ann"))
    attempts: list[Callable[[], object]] = [
        lambda: users.create_user(actor, unique("x"), password=PASSWORD, is_admin=True),
        lambda: users.change_user(actor, victim, email="x@example.org"),
        lambda: users.set_password(actor, victim, PASSWORD),
        lambda: users.disable_user(actor, victim),
        lambda: users.enable_user(actor, victim),
        lambda: users.set_admin(actor, victim, True),
        lambda: users.set_auditor(actor, victim, True),
        lambda: users.remove_user(actor, victim),
        lambda: users.rename_user(actor, victim, unique("x")),
        lambda: identities.link_identity(actor, victim, person),
        lambda: identities.unlink_identity(actor, victim),
        lambda: identities.migrate_to_local(actor, victim, PASSWORD),
        lambda: identities.migrate_to_directory(actor, victim, person),
        lambda: onboard(actor, person),
        lambda: job.start(actor),
    ]
    for attempt in attempts:
        with pytest.raises(Denied):
            attempt()
    assert User.objects.filter(pk=victim.pk, auth_epoch=1, is_admin=False).exists()
    assert AuditEvent.objects.filter(actor_id=actor.id, result="denied").count() == len(attempts)

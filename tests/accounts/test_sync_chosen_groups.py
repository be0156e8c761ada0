"""The group that gives a right can be anywhere, and a member of projects too: the synchronisation finds it again."""

from __future__ import annotations

from pathlib import Path

import pytest

from accounts.models import Group, User
from accounts.sync import job
from tests.accounts.directories import (
    PASSWORD,
    Configure,
    forget_passwords,
    imported,
    names_in,
    signed_in,
    synchronised,
)
from tests.ldap.slapd import BASE, GROUPS, slapd
from tests.people import SYSTEM, make_user, unique

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("base", [GROUPS, ""])
@pytest.mark.parametrize("right", ["ldap_group_admin_dn", "ldap_group_auditor_dn"])
def test_an_imported_group_outside_of_the_base_stays(
    tmp_path: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch, base: str, right: str
):
    with slapd(tmp_path) as directory:
        forget_passwords(monkeypatch)
        make_user("admin", password="a local horse", is_admin=True)
        names = [unique("ann") for _ in range(2)]
        people = [directory.add_person(name, PASSWORD) for name in names]
        dn = directory.add_group(unique("chosen"), [people[0]], below=BASE)
        configure(**directory.settings, **{right: dn})
        configure(ldap_group_base_dn=base)
        group = imported(dn)
        for name in names:
            signed_in(name)
        assert job.preview(SYSTEM).steps == ()
        directory.add_members(dn, people[1])
        synchronised()
        found = Group.objects.get(pk=group.pk)
        assert (found.gone_at, names_in(found)) == (None, set(names))
        assert User.objects.filter(username__in=names, is_active=True).count() == 2
        assert job.preview(SYSTEM).steps == ()

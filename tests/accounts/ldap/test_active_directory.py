"""Active Directory, asked as it is: passwords over TLS alone, groups of groups by its own rule, members 1500 at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from accounts.ldap import Directory, DirectorySettings
from accounts.ldap.settings import Search
from config.directory import GroupMode
from core.errors import DirectoryUnavailable
from tests.ldap.samba import ADMINISTRATOR, BASE, GROUPS, PASSWORD, PEOPLE, Samba, samba

pytestmark = pytest.mark.services

ANN = "Corr3ct.horse"
MODES = [GroupMode.AUTO, GroupMode.MEMBEROF, GroupMode.REVERSE, GroupMode.NESTED]
# More than Active Directory gives of one attribute at once.
MANY = 1600


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samba]:
    with samba(tmp_path_factory.mktemp("samba")) as running:
        ann = running.add_person("ann", ANN, full_name="Smith\\, Ann")
        running.add_person("bob", "An0ther.password")
        running.add_person("kim", ANN, disabled=True)
        devs = running.add_group("devs", [ann])
        staff = running.add_group("staff", [devs])
        running.add_members(devs, staff)
        yield running


def asked(domain: Samba, **changes: Any) -> Directory:
    settings = DirectorySettings(
        urls=(domain.tls_url,),
        authorities=domain.certificates.authority_pem,
        search_dn=ADMINISTRATOR,
        search_password=SecretStr(PASSWORD),
        people=Search(PEOPLE, filter="(&(objectCategory=person)(objectClass=user))"),
        uid="sAMAccountName",
        groups=Search(GROUPS, filter="(objectClass=group)"),
    )
    return Directory.of(replace(settings, **changes))


def test_the_right_password_proves_the_person_with_groups_of_groups(domain: Samba) -> None:
    proven = asked(domain).prove("ann", ANN)
    assert proven is not None
    dn = f"CN=Smith\\, Ann,{PEOPLE}"
    assert (proven.person.subject, proven.person.dn) == (domain.guid(dn), dn.lower())
    assert (proven.person.email, proven.person.full_name) == ("ann@example.org", "Smith, Ann")
    assert [group.name for group in proven.groups] == ["devs", "staff"]
    assert proven.groups[0].subject == domain.guid(f"CN=devs,{GROUPS}")


def test_people_can_sign_in_by_their_principal_name(domain: Samba) -> None:
    assert asked(domain, uid="userPrincipalName").prove("ann@ad.example.org", ANN) is not None


def test_the_log_says_why_a_password_was_refused(domain: Samba) -> None:
    with capture_logs() as logs:
        assert asked(domain).prove("ann", "wrong") is None
    assert [line["reason"] for line in logs] == ["the password is another one"]


def test_a_closed_account_is_refused_and_known_as_closed(domain: Samba) -> None:
    with capture_logs() as logs:
        assert asked(domain).prove("kim", ANN) is None
    assert [line["reason"] for line in logs] == ["the account is disabled"]
    subject = domain.guid(f"CN=kim,{PEOPLE}")
    assert asked(domain).people([subject])[subject].is_disabled
    domain.enable(f"CN=kim,{PEOPLE}")
    assert asked(domain).prove("kim", ANN) is not None


@pytest.mark.parametrize("mode", MODES)
def test_both_sides_agree(domain: Samba, mode: GroupMode) -> None:
    directory = asked(domain, group_mode=mode)
    people = [person for person in map(directory.person, ("ann", "bob")) if person]
    groups = [
        group for group in (directory.group(f"cn={name},{GROUPS}") for name in ("devs", "staff")) if group
    ]
    assert (len(people), len(groups)) == (2, 2)
    for person, group in product(people, groups):
        assert (group in directory.groups_of(person)) == (person.dn in directory.members_of(group)), (
            person,
            group,
        )


def test_the_whole_domain_can_be_the_base(domain: Samba) -> None:
    """It answers with references to other parts of itself, which hold nobody."""
    directory = asked(domain, people=Search(BASE, filter="(objectClass=user)"), groups=Search(BASE))
    proven = directory.prove("ann", ANN)
    assert proven is not None
    assert {group.name for group in proven.groups} == {"devs", "staff"}


def test_the_administrators_group_counts_wherever_it_is(domain: Samba) -> None:
    admins = f"CN=Domain Admins,CN=Users,{BASE}"
    domain.add_members(admins, f"CN=staff,{GROUPS}")
    for mode, expected in ((GroupMode.AUTO, True), (GroupMode.REVERSE, False)):
        proven = asked(domain, admin_dn=admins, group_mode=mode).prove("ann", ANN)
        assert proven is not None
        assert (admins.lower() in {group.dn for group in proven.groups}) == expected


def test_passwords_go_over_tls_alone(domain: Samba) -> None:
    with pytest.raises(DirectoryUnavailable) as refused:
        asked(domain, urls=(domain.url,)).prove("ann", ANN)
    assert "encrypted" in refused.value.reason
    assert "ldaps://" in refused.value.hint
    assert asked(domain, urls=(domain.url,), start_tls=True).prove("ann", ANN) is not None


def test_it_does_not_answer_anonymous_searches(domain: Samba) -> None:
    with pytest.raises(DirectoryUnavailable) as refused:
        asked(domain, search_dn="").prove("ann", ANN)
    assert "ldap_search_dn" in refused.value.hint


@pytest.mark.parametrize(
    "name", ["*", "a*", "a)(sAMAccountName=*", "ann)(objectClass=*", "ann\0", "", "ad\\ann"]
)
def test_nothing_else_than_the_name_finds_a_person(domain: Samba, name: str) -> None:
    assert asked(domain).prove(name, ANN) is None


def test_more_members_than_one_answer_holds_are_read_to_the_last(domain: Samba) -> None:
    dns = [domain.add(f"CN=c{number},{PEOPLE}", {"objectClass": "contact"}) for number in range(MANY)]
    big = domain.add_group("big", dns)
    for changes in ({"group_mode": GroupMode.REVERSE}, {"people": Search(PEOPLE)}):
        directory = asked(domain, **changes)
        group = directory.group(big)
        assert group is not None
        assert directory.members_of(group) == {dn.lower() for dn in dns}

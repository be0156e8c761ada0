"""Groups a provider lists: they replace what was, take away what is lost, and make administrators."""

from __future__ import annotations

import pytest
import structlog.testing

from access.check import permissions_of
from access.models import Member
from access.principal import ProjectRef
from access.table import P, Role
from accounts.models import Group, GroupMember, Identity, Source, User
from accounts.services.groups import add_to_group, create_group, create_provided_group, rename_group
from accounts.services.users import set_admin
from core.errors import AlreadyExists, KeptByDirectory
from projects.models import Project
from tests.oidc.provider import Provider
from tests.oidc.visitor import Configure, Visitor
from tests.people import SYSTEM, make_project, make_user, principal, unique

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def listed(provider: Provider, configure: Configure) -> None:
    configure(oidc_auto_onboard=True, oidc_groups_claim="groups")


def groups_of(user: User) -> set[str]:
    return set(GroupMember.objects.filter(user=user).values_list("group__name", flat=True))


def a_group(role: Role | None = None) -> tuple[Group, Project]:
    """One of the provider, with that role in a project of its own."""
    group, project = create_provided_group(SYSTEM, unique("devs")), make_project()
    if role is not None:
        Member.objects.create(project=project, group=group, role_id=role)
    return group, project


def may_push(user: User, project: Project) -> bool:
    ref = ProjectRef(project.pk, project.name, project.public)
    return P.REPOSITORY_PUSH in permissions_of(principal(user), ref)


def test_a_group_gives_its_people_its_roles(provider: Provider, visitor: Visitor):
    group, project = a_group(Role.DEVELOPER)
    provider.person["groups"] = [group.subject, "not-here"]
    visitor.sign_in(provider)
    assert groups_of(visitor.user) == {group.name}
    assert may_push(visitor.user, project)
    assert not Group.objects.filter(name="not-here").exists()


def test_groups_are_replaced_at_every_sign_in_and_lost_rights_end_sessions(
    provider: Provider, visitor: Visitor
):
    (first, project), (second, _) = a_group(Role.DEVELOPER), a_group()
    provider.person["groups"] = [first.subject]
    visitor.sign_in(provider)
    user = visitor.user
    provider.person["groups"] = [second.subject]
    other = Visitor()
    other.sign_in(provider)
    assert groups_of(user) == {second.name}
    assert not may_push(user, project)
    assert visitor.session is None, "it began with the rights that are gone"
    assert other.user == user


def test_who_loses_nothing_goes_on(provider: Provider, visitor: Visitor):
    group, _ = a_group()
    provider.person["groups"] = [group.subject]
    visitor.sign_in(provider)
    provider.person["groups"] = []
    Visitor().sign_in(provider)
    assert groups_of(visitor.user) == set()


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({}, "the token has no claim groups"),
        ({"groups": None}, "the token has no claim groups"),
        ({"groups": {"a": 1}}, "the claim groups is no list of names"),
        ({"groups": 7}, "the claim groups is no list of names"),
        (
            {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {}}},
            "in too many groups for the token",
        ),
    ],
)
def test_a_claim_that_says_nothing_changes_nothing_and_is_logged(
    provider: Provider, visitor: Visitor, configure: Configure, claims: dict[str, object], why: str
):
    group, _ = a_group()
    configure(oidc_admin_group="admins")
    provider.person["groups"] = [group.subject, "admins"]
    visitor.sign_in(provider)
    del provider.person["groups"]
    provider.person |= claims
    with structlog.testing.capture_logs() as logged:
        Visitor().sign_in(provider)
    assert groups_of(visitor.user) == {group.name}
    assert visitor.user.is_admin
    assert [each for each in logged if why in str(each.get("reason"))]


def test_an_empty_list_takes_all_away(provider: Provider, visitor: Visitor, configure: Configure):
    group, project = a_group(Role.MAINTAINER)
    configure(oidc_admin_group="admins")
    provider.person["groups"] = [group.subject, "admins"]
    visitor.sign_in(provider)
    user = visitor.user
    assert user.is_admin
    provider.person["groups"] = []
    other = Visitor()
    other.sign_in(provider)
    assert (groups_of(user), other.user.is_admin, may_push(other.user, project)) == (set(), False, False)


def test_a_single_name_is_a_list_of_one(provider: Provider, visitor: Visitor):
    group, _ = a_group()
    provider.person["groups"] = group.subject
    visitor.sign_in(provider)
    assert groups_of(visitor.user) == {group.name}


@pytest.mark.parametrize("name", ["", "x" * 300, "a\x00b", "\ud800", 7, None, ["a"], {}])
def test_a_name_no_group_can_have_is_passed_over(provider: Provider, visitor: Visitor, name: object):
    group, _ = a_group()
    provider.person["groups"] = [name, group.subject]
    visitor.sign_in(provider)
    assert groups_of(visitor.user) == {group.name}


def test_only_groups_of_the_filter_count(provider: Provider, visitor: Visitor, configure: Configure):
    kept, other = (
        create_provided_group(SYSTEM, unique("wharf[a]")),
        create_provided_group(SYSTEM, unique("hr")),
    )
    configure(oidc_group_filter="wharf[a]-*")
    provider.person["groups"] = [kept.subject, other.subject]
    visitor.sign_in(provider)
    assert groups_of(visitor.user) == {kept.name}


def test_a_local_group_of_that_name_is_nobody_s_by_claim(provider: Provider, visitor: Visitor):
    local = create_group(SYSTEM, unique("local"))
    provider.person["groups"] = [local.name]
    visitor.sign_in(provider)
    assert groups_of(visitor.user) == set()
    add_to_group(SYSTEM, local, visitor.user)
    provider.person["groups"] = []
    Visitor().sign_in(provider)
    assert groups_of(visitor.user) == {local.name}


def test_a_group_renamed_here_stays_that_group(provider: Provider, visitor: Visitor):
    group, _ = a_group()
    renamed = rename_group(SYSTEM, group, unique("called"))
    provider.person["groups"] = [group.subject]
    visitor.sign_in(provider)
    assert groups_of(visitor.user) == {renamed.name}


def test_people_of_a_provided_group_are_not_changed_by_hand():
    group, _ = a_group()
    with pytest.raises(KeptByDirectory, match="from the OpenID provider"):
        add_to_group(SYSTEM, group, make_user())
    with pytest.raises(AlreadyExists):
        create_provided_group(SYSTEM, group.subject)


def test_the_admin_group_makes_administrators_and_takes_it_back(
    provider: Provider, visitor: Visitor, configure: Configure
):
    configure(oidc_admin_group="wharf admins", oidc_group_filter="something-else")
    provider.person["groups"] = ["wharf admins"]
    visitor.sign_in(provider)
    user = visitor.user
    assert (user.is_admin, user.admin_from_directory) == (True, True)
    provider.person["groups"] = ["others"]
    other = Visitor()
    other.sign_in(provider)
    assert (other.user.is_admin, other.user.admin_from_directory) == (False, False)
    assert visitor.session is None


def test_what_was_given_by_hand_stays(provider: Provider, visitor: Visitor, configure: Configure):
    configure(oidc_admin_group="admins")
    provider.person["groups"] = []
    visitor.sign_in(provider)
    set_admin(SYSTEM, visitor.user, True)
    Visitor().sign_in(provider)
    assert User.objects.get(identities__subject=provider.person["sub"]).is_admin


def test_the_last_administrator_stays_one(provider: Provider, visitor: Visitor, configure: Configure):
    configure(oidc_admin_group="admins")
    provider.person["groups"] = ["admins"]
    visitor.sign_in(provider)
    User.objects.exclude(pk=visitor.user.pk).update(is_admin=False)
    provider.person["groups"] = []
    other = Visitor()
    assert other.sign_in(provider).status_code == 303
    assert other.user.is_admin


def test_the_directory_s_word_on_administrators_goes_before_the_provider_s(
    provider: Provider, visitor: Visitor, configure: Configure
):
    """Who is a person of both would be made an administrator and unmade in turn."""
    configure(oidc_admin_group="admins")
    visitor.sign_in(provider)
    Identity.objects.create(user=visitor.user, source=Source.LDAP, subject=unique("uuid"))
    provider.person["groups"] = ["admins"]
    Visitor().sign_in(provider)
    assert not User.objects.get(identities__subject=provider.person["sub"]).is_admin


def test_groups_come_along_to_the_page_for_a_name(provider: Provider, visitor: Visitor, configure: Configure):
    configure(oidc_auto_onboard=False, oidc_admin_group="admins")
    group, _ = a_group()
    provider.person["groups"] = [group.subject, "admins"]
    visitor.sign_in(provider)
    visitor.onboard(unique("ann"))
    assert groups_of(visitor.user) == {group.name}
    assert visitor.user.is_admin

"""Who is in which group: asked from the person's side and from the group's, the answer is the same."""

from __future__ import annotations

import time
from itertools import product

import pytest

from accounts.ldap import Directory, membership
from accounts.ldap.session import Entry
from accounts.ldap.settings import Search
from config.directory import GroupMode
from core.errors import DirectoryUnavailable
from tests.accounts.ldap.conftest import Ask
from tests.ldap.slapd import BASE, GROUPS, PEOPLE, Slapd

MODES = [GroupMode.AUTO, GroupMode.MEMBEROF, GroupMode.REVERSE, GroupMode.NESTED]
MANY = 10_000


@pytest.fixture(scope="module")
def world(server: Slapd) -> dict[str, str]:
    """ann is in devs, devs is in staff, staff and devs' friend loop are in each other; bob is in ops; eve in none."""
    dns = {name: server.add_person(name, f"password of {name}") for name in ("ann", "bob", "eve")}
    dns["devs"] = server.add_group("devs", [dns["ann"]])
    dns["staff"] = server.add_group("staff", [dns["devs"]])
    dns["loop"] = server.add_group("loop", [dns["staff"]])
    server.add_members(dns["staff"], dns["loop"])
    server.add_members(dns["loop"], dns["loop"])
    dns["ops"] = server.add_group("Opérations, équipe (A)", [dns["bob"]])
    return dns


def groups_of(directory: Directory, name: str) -> set[str]:
    person = directory.person(name)
    assert person is not None
    return {group.name for group in directory.groups_of(person)}


@pytest.mark.parametrize("mode", MODES)
def test_direct_groups_are_found_in_every_mode(ask: Ask, world: dict[str, str], mode: GroupMode) -> None:
    assert "devs" in groups_of(ask(group_mode=mode), "ann")
    assert groups_of(ask(group_mode=mode), "bob") == {"Opérations, équipe (A)"}
    assert groups_of(ask(group_mode=mode), "eve") == set()


def test_groups_of_groups_count_in_the_nested_mode_alone_and_circles_end(
    ask: Ask, world: dict[str, str]
) -> None:
    assert groups_of(ask(group_mode=GroupMode.NESTED), "ann") == {"devs", "staff", "loop"}
    assert groups_of(ask(group_mode=GroupMode.REVERSE), "ann") == {"devs"}


@pytest.mark.parametrize("mode", MODES)
def test_both_sides_agree(ask: Ask, world: dict[str, str], mode: GroupMode) -> None:
    directory = ask(group_mode=mode)
    people = [person for person in map(directory.person, ("ann", "bob", "eve")) if person]
    groups = [
        group
        for group in map(directory.group, (world[name] for name in ("devs", "staff", "loop", "ops")))
        if group
    ]
    assert (len(people), len(groups)) == (3, 4)
    for person, group in product(people, groups):
        assert (group in directory.groups_of(person)) == (person.dn in directory.members_of(group)), (
            person,
            group,
        )


@pytest.mark.parametrize("mode", MODES)
def test_a_sign_in_tells_the_groups(ask: Ask, world: dict[str, str], mode: GroupMode) -> None:
    proven = ask(group_mode=mode).prove("ann", "password of ann")
    assert proven is not None
    assert proven.groups == ask(group_mode=mode).groups_of(proven.person)
    assert [group.dn for group in proven.groups if group.name == "devs"] == [f"cn=devs,{GROUPS}"]


def test_only_groups_below_the_base_that_match_the_filter_count(ask: Ask, world: dict[str, str]) -> None:
    for mode in MODES:
        assert groups_of(ask(group_mode=mode, groups=Search(GROUPS, filter="(cn=o*)")), "ann") == set()
        assert groups_of(ask(group_mode=mode, groups=Search(PEOPLE)), "ann") == set()
        assert groups_of(ask(group_mode=mode, groups=Search("")), "ann") == set()


@pytest.mark.parametrize("mode", MODES)
def test_the_administrators_group_counts_wherever_it_is(
    ask: Ask, server: Slapd, world: dict[str, str], mode: GroupMode
) -> None:
    name = f"admins-{mode}"
    dn = server.add_group(name, [world["ann"]], below=BASE)
    directory = ask(group_mode=mode, admin_dn=dn.replace("cn=", "CN = "))
    assert directory.admin_dn == dn
    assert name in groups_of(directory, "ann")
    assert groups_of(directory, "eve") == set()
    found = directory.group(dn)
    assert found is not None
    assert f"uid=ann,{PEOPLE}" in directory.members_of(found)
    assert ask(group_mode=mode).group(dn) is None


def test_the_administrators_group_is_found_again_wherever_it_is(ask: Ask, server: Slapd) -> None:
    dn, inside = server.add_group("Chosen", below=BASE), server.add_group("inside")
    subject, other = server.uuid(dn), server.uuid(inside)
    for chosen in ({"admin_dn": dn}, {"auditor_dn": dn}, {"admin_dn": dn, "auditor_dn": dn}):
        directory = ask(**chosen)
        assert {group.dn for group in directory.groups([subject, other]).values()} == {
            f"cn=chosen,{BASE}",
            inside,
        }
        assert set(directory.groups([other])) == {other}
        alone = ask(**chosen, groups=Search(""))
        assert alone.groups([subject, other]) == {subject: directory.group(dn)}
        assert [group.name for group in alone.search_groups("hose", limit=1)] == ["Chosen"]
        assert alone.search_groups("other") == ()
    assert ask().groups([subject]) == {}
    assert ask(groups=Search("")).search_groups("") == ()
    gone = ask(admin_dn=f"cn=gone,{BASE}", groups=Search(""))
    assert gone.groups([subject]) == {}
    assert gone.search_groups("") == ()


def test_posix_groups_name_people_by_what_they_sign_in_with(
    ask: Ask, server: Slapd, world: dict[str, str]
) -> None:
    server.add(
        f"cn=posix,{GROUPS}",
        {
            "objectClass": "posixGroup",
            "cn": "posix",
            "gidNumber": "7",
            "memberUid": ["ann", "nobody-known", "a*"],
        },
    )
    for mode in (GroupMode.REVERSE, GroupMode.NESTED):
        directory = ask(group_mode=mode, member="memberUid")
        assert groups_of(directory, "ann") == {"posix"}
        group = directory.group(f"cn=posix,{GROUPS}")
        assert group is not None
        assert directory.members_of(group) == {f"uid=ann,{PEOPLE}"}


@pytest.mark.parametrize("mode", [GroupMode.REVERSE, GroupMode.NESTED])
@pytest.mark.parametrize(
    ("name", "listed", "expected"),
    [("known by", "yin", True), ("another", "yang", False), ("other letters", "YIN", False)],
)
def test_of_several_names_the_one_a_person_is_known_by_counts_on_both_sides(
    ask: Ask, server: Slapd, mode: GroupMode, name: str, listed: str, *, expected: bool
) -> None:
    """Names in such groups differ by case (RFC 2307)."""
    name = f"{name} {mode}"
    if ask().person("yin") is None:
        server.modify(server.add_person("yin"), 0, "uid", ["yang"])
    dn = f"cn={name},{GROUPS}"
    server.add(
        dn, {"objectClass": "posixGroup", "cn": name, "gidNumber": "8", "memberUid": [listed, "nobody"]}
    )
    directory = ask(group_mode=mode, member="memberUid")
    group = directory.group(dn)
    assert group is not None
    assert (name in groups_of(directory, "yin")) == expected
    assert (f"uid=yin,{PEOPLE}" in directory.members_of(group)) == expected


def test_groups_of_unique_names_work_too(ask: Ask, server: Slapd, world: dict[str, str]) -> None:
    server.add(
        f"cn=uniq,{GROUPS}",
        {"objectClass": "groupOfUniqueNames", "cn": "uniq", "uniqueMember": [world["bob"]]},
    )
    assert groups_of(ask(member="uniqueMember"), "bob") == {"uniq"}


def test_people_and_groups_are_found_again_by_what_never_changes(ask: Ask, server: Slapd) -> None:
    dn, group = server.add_person("carl"), server.add_group("crew")
    subjects, group_subject = [server.uuid(dn), "no-such-subject", "*", ")("], server.uuid(group)
    assert {person.name for person in ask().people(subjects).values()} == {"carl"}
    dn, group = server.rename(dn, "charles"), server.rename(group, "team")
    assert ask().people(subjects)[subjects[0]].name == "charles"
    assert ask().groups([group_subject])[group_subject].name == "team"
    server.move(dn)
    server.delete(group)
    assert ask().people(subjects) == {}
    assert ask().groups([group_subject]) == {}
    assert ask().people([]) == {}


def test_searching_shows_a_part_and_no_more(ask: Ask, server: Slapd, world: dict[str, str]) -> None:
    assert [person.name for person in ask().search_people("NN")] == ["ann"]
    assert len(ask().search_people("", limit=2)) == 2
    assert [group.name for group in ask().search_groups("(A)")] == ["Opérations, équipe (A)"]
    assert ask().search_people("*") == ()


def test_an_attribute_in_parts_is_asked_for_to_the_end() -> None:
    def part(name: str, *values: bytes) -> tuple[list[str], str]:
        return membership._part(Entry("cn=a", {name: list(values)}), "memberOf", 2)

    assert part("memberof", b"a", b"b") == (["a", "b"], "")
    assert part("memberof;range=2-3", b"a", b"b") == (["a", "b"], "memberOf;range=4-*")
    assert part("memberof;range=2-*", b"a") == (["a"], "")
    assert part("other;range=0-1", b"a") == ([], "")
    with pytest.raises(DirectoryUnavailable):
        part("memberof;range=2-3")


@pytest.mark.services
def test_ten_thousand_members_are_read_to_the_last(ask: Ask, server: Slapd) -> None:
    dns = server.add_people(f"p{number}" for number in range(MANY))
    big = server.add_group("big", dns)
    tls = {"urls": (server.tls_url,), "authorities": server.certificates.authority_pem}
    for mode in MODES:
        directory = ask(group_mode=mode, **tls)
        group = directory.group(big)
        assert group is not None
        begun = time.monotonic()
        members = directory.members_of(group)
        assert set(dns) <= members
        assert time.monotonic() - begun < 10
        assert groups_of(directory, f"p{MANY - 1}") == {"big"}
    subjects = [person.subject for person in ask().search_people("p1", limit=500)]
    assert len(subjects) == 500
    assert set(ask().people(subjects)) == set(subjects)

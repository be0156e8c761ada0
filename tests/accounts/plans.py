"""The two sides of a synchronisation, for tests of its plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from accounts.ldap import FoundGroup, Person
from accounts.sync.shapes import Flag, Found, KnownGroup, KnownPerson, Plan


def known_person(number: int = 1, **other: Any) -> KnownPerson:
    name = f"p{number}"
    usual: dict[str, Any] = {
        "user_id": number,
        "username": name,
        "email": f"{name}@example.org",
        "full_name": name,
        "follows": True,
        "is_active": True,
        "disabled_by_directory": False,
        "admin": Flag(),
        "auditor": Flag(),
        "subject": f"s{number}",
        "name": name,
        "dn": f"uid={name},dc=x",
        "is_gone": False,
        "epoch": 1,
    }
    return KnownPerson(**(usual | other))


def person(number: int = 1, **other: Any) -> Person:
    name = f"p{number}"
    return replace(Person(f"s{number}", f"uid={name},dc=x", name, f"{name}@example.org", name), **other)


def known_group(number: int = 1, people: set[int] | None = None, **other: Any) -> KnownGroup:
    group = KnownGroup(
        number, f"g{number}", f"g{number}", f"gs{number}", f"cn=g{number}", False, frozenset(people or ())
    )
    return replace(group, **other)


def group(number: int = 1, **other: Any) -> FoundGroup:
    return replace(FoundGroup(f"gs{number}", f"cn=g{number}", f"g{number}"), **other)


def found(
    *people: Person, groups: tuple[FoundGroup, ...] = (), members: Any = None, admins: Any = ()
) -> Found:
    return Found(
        {each.subject: each for each in people},
        {each.subject: each for each in groups},
        members or {},
        frozenset(admins),
    )


def acts(planned: Plan) -> list[str]:
    return [step.key for step in planned.steps]

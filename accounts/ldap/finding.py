"""People and groups found within their base and filter."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from accounts.ldap import names, parsing
from accounts.ldap.people import FoundGroup, Person
from accounts.ldap.session import Entry, Session

BATCH: Final = 100
MAX_FOUND: Final = 500


def entries_of(session: Session, name: str) -> list[Entry]:
    """The people who sign in by that name: one, none, or two of too many."""
    where = session.settings.people
    wanted = parsing.person_attributes(session.settings)
    return session.some(where, by_name(session, name), wanted, limit=2)


def by_name(session: Session, name: str) -> str:
    """The filter that finds who signs in by that name."""
    return names.every(session.settings.people.filter, names.equals(session.settings.uid, name))


def person(session: Session, name: str) -> Person | None:
    found = entries_of(session, name)
    return parsing.person(found[0], session) if len(found) == 1 else None


def people(session: Session, subjects: Collection[str]) -> dict[str, Person]:
    where, settings = session.settings.people, session.settings
    known_by = session.kind.subject
    found: dict[str, Person] = {}
    for batch in _batches(subjects):
        wanted = names.every(where.filter, parsing.by_subjects(batch, known_by))
        entries = session.search(where, wanted, parsing.person_attributes(settings))
        found |= {each.subject: each for each in (parsing.person(entry, session) for entry in entries)}
    return found


def groups(session: Session, subjects: Collection[str]) -> dict[str, FoundGroup]:
    where, settings = session.settings.groups, session.settings
    known_by = session.kind.subject
    found = {each.subject: each for each in _chosen(session) if each.subject in subjects}
    for batch in _batches(subjects) if where.base else ():
        wanted = names.every(where.filter, parsing.by_subjects(batch, known_by))
        entries = session.search(where, wanted, parsing.group_attributes(settings))
        found |= {each.subject: each for each in (parsing.group(entry, session) for entry in entries)}
    return found


def group(session: Session, dn: str) -> FoundGroup | None:
    settings, wanted = session.settings, names.normal(dn)
    if wanted in names.chosen(settings):
        filter_ = ""
    elif settings.groups.base and names.is_in(wanted, settings.groups):
        filter_ = settings.groups.filter
    else:
        return None
    entry = session.read(wanted, parsing.group_attributes(settings), filter_)
    return None if entry is None else parsing.group(entry, session)


def search_people(session: Session, text: str, limit: int) -> tuple[Person, ...]:
    settings = session.settings
    attributes = dict.fromkeys((settings.uid, "cn", "displayName", "mail"))
    wanted = names.every(settings.people.filter, _holding(attributes, text))
    entries = session.some(
        settings.people, wanted, parsing.person_attributes(settings), limit=min(limit, MAX_FOUND)
    )
    return tuple(sorted((parsing.person(entry, session) for entry in entries), key=lambda each: each.name))


def search_groups(session: Session, text: str, limit: int) -> tuple[FoundGroup, ...]:
    """Without a base, of administrators' and auditors' group: nothing else counts then."""
    settings = session.settings
    if not settings.groups.base:
        holding = (each for each in _chosen(session) if text.strip().lower() in each.name.lower())
        return tuple(sorted(holding, key=lambda each: each.name))[:limit]
    wanted = names.every(settings.groups.filter, _holding([settings.group_name], text))
    entries = session.some(
        settings.groups, wanted, parsing.group_attributes(settings), limit=min(limit, MAX_FOUND)
    )
    return tuple(sorted((parsing.group(entry, session) for entry in entries), key=lambda each: each.name))


def _chosen(session: Session) -> list[FoundGroup]:
    """Administrators' and auditors' group, those that are there: wherever that is."""
    settings = session.settings
    dns = list(dict.fromkeys(names.chosen(settings)))
    entries = session.read_all(dns, parsing.group_attributes(settings))
    return [parsing.group(entry, session) for entry in entries if entry is not None]


def _holding(attributes: Collection[str], text: str) -> str:
    text = text.strip()
    return names.any_of(*(names.holds(each, text) if text else f"({each}=*)" for each in attributes))


def _batches(subjects: Collection[str]) -> Iterator[Sequence[str]]:
    ordered = sorted(subjects)
    for start in range(0, len(ordered), BATCH):
        yield ordered[start : start + BATCH]

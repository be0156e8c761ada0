"""A directory and a Wharf that uses it, for tests of sign-in and synchronisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from access.principal import Origin
from accounts.gate import credentials
from accounts.gate import sign_in as sign_in_module
from accounts.gate.credentials import VerifiedCredentials
from accounts.ldap import limits
from accounts.models import Group, Identity, User
from accounts.sync import job
from accounts.sync.people import import_group_at, the_directory
from audit.models import AuditEvent
from core.errors import CredentialsRefused
from tests.ldap.slapd import PEOPLE, Slapd
from tests.people import SYSTEM, unique

PASSWORD = "the directory's horse"
LOCAL = "a local horse"


def forget_passwords(monkeypatch: Any) -> None:
    """What this process remembers of passwords that were right and of servers that failed."""
    monkeypatch.setattr(credentials, "_verified", VerifiedCredentials())
    monkeypatch.setattr(limits, "circuits", limits.Circuits())


def sign_in(name: str, password: str, origin: Origin = sign_in_module.NOBODY) -> User | None:
    """Whom the credentials prove, None for nobody."""
    try:
        return sign_in_module.sign_in(name, password, origin).user
    except CredentialsRefused:
        return None


def by_directory(name: str, password: str) -> User | None:
    """Whom the directory proves, None for nobody."""
    try:
        return sign_in_module.by_directory(name, password).user
    except CredentialsRefused:
        return None


def signed_in(name: str, password: str = PASSWORD) -> User:
    user = sign_in(name, password)
    assert user is not None
    return user


def person(directory: Slapd) -> tuple[User, str]:
    """Somebody who has signed in once, and his DN."""
    name = unique("ann")
    dn = directory.add_person(name, PASSWORD)
    return signed_in(name), dn


def state(user: User) -> User:
    return User.objects.get(pk=user.pk)


def imported(dn: str) -> Group:
    return import_group_at(SYSTEM, the_directory(), dn)


def names_in(group: Group) -> set[str]:
    return set(group.people.values_list("user__username", flat=True))


def operations(user: User) -> list[str]:
    """The acts on the user, the oldest first."""
    rows = AuditEvent.objects.filter(resource_type="user", resource_id=str(user.pk)).order_by("id")
    return list(rows.values_list("operation", flat=True))


def identity(user: User) -> Identity:
    return Identity.objects.get(user=user)


def known_people(directory: Slapd, names: list[str]) -> list[User]:
    """Accounts of new people of the directory, as if each had signed in once."""
    directory.add_people(names)
    subjects = _subjects(directory)
    users = [
        User(username=name, email=f"{name}@example.org", full_name=name, source="ldap") for name in names
    ]
    made = User.objects.bulk_create(users, batch_size=1000)
    identities = (
        Identity(
            user=user,
            source="ldap",
            subject=subjects[user.username],
            name=user.username,
            dn=f"uid={user.username},{PEOPLE}",
        )
        for user in made
    )
    Identity.objects.bulk_create(identities, batch_size=1000)
    return made


def _subjects(directory: Slapd) -> dict[str, str]:
    """uid -> entryUUID of everybody."""
    import ldap
    from ldap.controls import SimplePagedResultsControl

    found: dict[str, str] = {}
    page = SimplePagedResultsControl(True, size=400, cookie=b"")
    while True:
        asked = directory.root.search_ext(
            PEOPLE, ldap.SCOPE_ONELEVEL, "(uid=*)", ["uid", "entryUUID"], serverctrls=[page]
        )
        _, rows, _, controls = directory.root.result3(asked)
        found |= {facts["uid"][0].decode(): facts["entryUUID"][0].decode() for _, facts in rows}
        page.cookie = controls[0].cookie
        if not page.cookie:
            return found


def synchronised(**arguments: Any) -> dict[str, Any]:
    """A run from its beginning to its end, as a worker carries it out; its result. Raises what its body raised."""
    from jobs.leases import Claimed, Lease
    from jobs.progress import Progress

    run = job.start(SYSTEM, **arguments)
    facts = (run.pk, run.kind, dict(run.arguments), 1, 3, False, 0, "system", 0, "tests", None)
    progress = Progress.of(Claimed(*facts), Lease(run.pk, "tests", 1))
    try:
        result = dict(job.sync(progress, **run.arguments))
        return result | {"failed": progress.tracked.failed}
    finally:
        run.state = "succeeded"
        run.save(update_fields=["state"])


Configure = Callable[..., None]

"""Every operation the audit log ever speaks of: its name, what it is called for people, and what Harbor calls it.

`action()`, `denials`, `sign_ins` and the spool write these names alone (tests/arch holds them to it), filters offer them, and
docs/audit-events.md is generated from here. A name that was once written stays: what is written is never renamed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What an operation is about. Any of them but pulls may be refused: then its event has the result "denied"."""

    CHANGE = "change"
    SIGN_IN = "sign-in"
    DENIAL = "denial"  # is only ever refused
    SYSTEM = "system"  # what Wharf tells of itself
    PULL = "pull"  # rows of the other stream, see docs/pulls.md


@dataclass(frozen=True, slots=True)
class HarborName:
    """Harbor's own name of a kind of events: `user`, `create`. Its event type is "create_user"."""

    resource_type: str
    operation: str

    @property
    def event_type(self) -> str:
        return f"{self.operation}_{self.resource_type}"


@dataclass(frozen=True, slots=True)
class Operation:
    """`name`: noun.verb, as stored. `label`: plain English, as a choice. `harbor`: None for what Harbor does not log."""

    name: str
    label: str
    kind: Kind = Kind.CHANGE
    harbor: HarborName | None = None

    @property
    def noun(self) -> str:
        return self.name.partition(".")[0]

    @property
    def verb(self) -> str:
        return self.name.partition(".")[2]

    @property
    def in_harbors_words(self) -> HarborName:
        """Always something to show in Harbor's shapes: our own words where Harbor has none."""
        return self.harbor or HarborName(self.noun, self.verb)


def _change(name: str, label: str, harbor: str = "") -> Operation:
    return Operation(name, label, Kind.CHANGE, _harbor(harbor))


def _harbor(event_type: str) -> HarborName | None:
    """ "create_user" taken apart."""
    operation, _, resource_type = event_type.partition("_")
    return HarborName(resource_type, operation) if resource_type else None


PULL: Final = Operation("artifact.pull", "Pull an artifact", Kind.PULL, _harbor("pull_artifact"))

_CONTENTS: Final = (
    _change("artifact.push", "Push an artifact", "create_artifact"),
    PULL,
    _change("artifact.copy", "Copy an artifact", "create_artifact"),
    _change("artifact.delete", "Delete an artifact", "delete_artifact"),
    _change("artifact.label", "Put a label on an artifact"),
    _change("artifact.unlabel", "Take a label off an artifact"),
    _change("tag.create", "Create or move a tag", "create_tag"),
    _change("tag.update", "Make a tag immutable, or mutable", "update_tag"),
    _change("tag.delete", "Delete a tag", "delete_tag"),
    _change("tag.delete-start", "Have all tags that a filter leaves deleted"),
    _change("tag.restore", "Point a tag at what it named before"),
    _change("blob.mount", "Mount a blob from another project"),
    _change("blob.delete", "Delete a blob from a repository"),
    _change("repository.update", "Describe a repository", "update_repository"),
    _change("repository.star", "Star a repository"),
    _change("repository.unstar", "Star a repository no longer"),
    _change("repository.delete", "Delete a repository", "delete_repository"),
)
_PROJECTS: Final = (
    _change("project.create", "Create a project", "create_project"),
    _change("project.update", "Change a project's settings", "update_project"),
    _change("project.delete", "Delete a project", "delete_project"),
    _change("quota.update", "Change a project's quota", "update_quota"),
    Operation("quota.warn", "Warn of a quota that is nearly used up", Kind.SYSTEM),
    _change("label.create", "Create a label", "create_label"),
    _change("label.update", "Change a label", "update_label"),
    _change("label.delete", "Delete a label", "delete_label"),
    _change("tag-rule.create", "Make a rule of immutable tags", "create_immutable"),
    _change("tag-rule.update", "Change a rule of immutable tags", "update_immutable"),
    _change("tag-rule.delete", "Delete a rule of immutable tags", "delete_immutable"),
    _change("member.create", "Add a member to a project", "create_member"),
    _change("member.update", "Change a member's role", "update_member"),
    _change("member.delete", "Remove a member from a project", "delete_member"),
)
_PEOPLE: Final = (
    Operation("user.sign-in", "Sign in", Kind.SIGN_IN, _harbor("login_user")),
    Operation("user.sign-out", "Sign out", Kind.SIGN_IN, _harbor("logout_user")),
    Operation("robot.sign-in", "Sign in as a robot", Kind.SIGN_IN),
    _change("session.revoke", "End sessions of a user"),
    _change("user.create", "Create a user", "create_user"),
    _change("user.register", "Register an account of one's own", "create_user"),
    _change("user.update", "Change a user's details", "update_user"),
    _change("user.rename", "Rename a user", "update_user"),
    _change("user.password", "Change a user's password", "update_user"),
    _change("user.admin", "Make a user an administrator, or no longer", "update_user"),
    _change("user.auditor", "Make a user an auditor, or no longer", "update_user"),
    _change("user.disable", "Disable a user", "update_user"),
    _change("user.enable", "Enable a user", "update_user"),
    _change("user.groups", "Follow the groups of a user", "update_user"),
    _change("user.migrate", "Move a user to another way of signing in", "update_user"),
    _change("saved-filter.create", "Keep a filter of a list"),
    _change("saved-filter.delete", "Delete a kept filter of a list"),
    _change("project-pin.create", "Pin a project"),
    _change("project-pin.delete", "Pin a project no longer"),
    _change("user.preferences", "Change how the pages look to a user"),
    _change("user.delete", "Remove a user", "delete_user"),
    _change("identity.link", "Link an account to another sign-in"),
    _change("identity.update", "Follow a renamed account of the directory"),
    _change("identity.unlink", "Unlink an account from another sign-in"),
    _change("group.create", "Create a group"),
    _change("group.import", "Import a group from the directory"),
    _change("group.rename", "Rename a group"),
    _change("group.add", "Add a user to a group"),
    _change("group.remove", "Remove a user from a group"),
    _change("group.sync", "Follow the people of a group in the directory"),
    _change("group.refresh", "Follow a changed group of the directory"),
    _change("group.gone", "Empty a group that the directory no longer has"),
    _change("group.delete", "Remove a group"),
    _change("directory.sync", "Start to follow the directory"),
)
_KEYS: Final = (
    _change("robot.create", "Create a robot", "create_robot"),
    _change("robot.update", "Change a robot", "update_robot"),
    _change("robot.disable", "Disable a robot", "update_robot"),
    _change("robot.enable", "Enable a robot", "update_robot"),
    _change("robot.rotate", "Renew a robot's secret", "update_robot"),
    _change("robot.delete", "Remove a robot", "delete_robot"),
    _change("access-token.create", "Create an access token"),
    _change("access-token.delete", "Revoke an access token"),
    _change("signing-key.rotate", "Rotate the key that signs tokens"),
)
_BACKGROUND: Final = (
    _change("job.stop", "Stop a job"),
    _change("job.stop-all", "Stop all running jobs"),
    _change("job.retry", "Run a job again"),
    _change("job.retry-failed", "Run a job's failed items again"),
    _change("queue.pause", "Pause a queue of jobs"),
    _change("queue.resume", "Resume a queue of jobs"),
    _change("queue.limit", "Change how many jobs of a queue run at once"),
    _change("queue.stop", "Stop the waiting jobs of a queue"),
    _change("schedule.create", "Create a schedule"),
    _change("schedule.update", "Change a schedule"),
    _change("schedule.enable", "Switch a schedule on"),
    _change("schedule.disable", "Switch a schedule off"),
    _change("schedule.run", "Run a schedule now"),
    _change("schedule.delete", "Delete a schedule"),
)
_SYSTEM: Final = (
    _change("configuration.update", "Change settings", "update_configuration"),
    _change("configuration.reseal", "Seal secret settings with the present key"),
    _change("backup.create", "Make a backup"),
    _change("backup.restore", "Restore a backup"),
    _change("audit.purge-start", "Start a purge of the audit log"),
    _change("audit.purge", "Drop a part of the audit log that is old enough"),
    _change("audit.export", "Export the audit log"),
    _change("audit.export-start", "Start a large export of the audit log"),
    _change("audit.export-download", "Download a large export of the audit log"),
    _change("audit.verify", "Verify the audit log"),
    _change("audit.rotate-key", "Rotate the key that seals the audit log"),
    _change("audit.accept-restore", "Accept a restored audit log"),
    _change("audit.forward-test", "Send a test message to the syslog server"),
    _change("audit.forward-from", "Forward the audit log again, or later, from another time on"),
    Operation("audit.gap", "Pulls were not logged", Kind.SYSTEM),
    Operation("audit.damage", "Damaged lines in the log of pulls", Kind.SYSTEM),
    Operation("request.limit", "Ask more often than is allowed", Kind.DENIAL),
)

SECTIONS: Final[Mapping[str, tuple[Operation, ...]]] = {
    "Contents": _CONTENTS,
    "Projects and members": _PROJECTS,
    "People and groups": _PEOPLE,
    "Keys": _KEYS,
    "Jobs": _BACKGROUND,
    "System": _SYSTEM,
}
"""Operations by what they are about, in the order in which pages and choices show them."""

OPERATIONS: Final[Mapping[str, Operation]] = {
    each.name: each for section in SECTIONS.values() for each in section
}
"""All of them by name."""


def find(name: str) -> Operation:
    """The operation of that name. One that an earlier or later version wrote is shown by its bare name."""
    return OPERATIONS.get(name) or Operation(name, name)


def matching(pattern: str) -> tuple[str, ...]:
    """Names that a filter means: one name, or `tag.*`. Nothing for what is no name of the catalogue."""
    if pattern.endswith(".*"):
        return tuple(name for name in OPERATIONS if name.startswith(pattern[:-1]))
    return (pattern,) if pattern in OPERATIONS else ()


def harbor_event_types() -> Iterator[str]:
    """Harbor's names of what Harbor logs too, each once, in the order of the catalogue."""
    yield from dict.fromkeys(each.harbor.event_type for each in OPERATIONS.values() if each.harbor)

"""Every error the domain raises: raised once where the rule lives, rendered once per face (OCI JSON, REST JSON, page)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.oci.digest import Digest


class WharfError(Exception):
    """A refusal a person can act on: `message` says what is wrong and what to do next, `detail` is for machines."""

    def __init__(self, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class InvalidInput(WharfError):
    """The request is malformed; repeating it unchanged can never succeed."""


class NameInvalid(InvalidInput):
    """A repository, project or user name outside its grammar."""


class ReferenceInvalid(InvalidInput):
    """A tag outside the grammar of the distribution specification."""


class DigestInvalid(InvalidInput):
    """A digest that is malformed, of an unknown algorithm, or not that of the bytes received."""


class DigestMismatch(DigestInvalid):
    """The bytes received hash to another digest than the one named."""


class ManifestInvalid(InvalidInput):
    """A manifest that fails strict parsing or contradicts its Content-Type."""


class ManifestTooLarge(ManifestInvalid):
    """A manifest above the size limit."""


class TooManyTags(InvalidInput):
    """More `tag=` parameters than one manifest PUT may carry."""


class SizeInvalid(InvalidInput):
    """Content-Length, Content-Range and the bytes received disagree."""


class RangeInvalid(InvalidInput):
    """A Content-Range that cannot be parsed."""


class PaginationInvalid(InvalidInput):
    """A page size that is not a plain decimal number."""


class SearchTooLong(InvalidInput):
    """A search that the database could not finish in the time it has: it needs a shorter time, or one more filter."""


class NotFound(WharfError):
    """The thing named does not exist, or the caller may not know that it does."""


class ProjectUnknown(NotFound):
    """No such project for this caller."""


class RepositoryUnknown(NotFound):
    """No such repository for this caller."""


class ManifestUnknown(NotFound):
    """No such tag or manifest digest in the repository."""


class BlobUnknown(NotFound):
    """The blob is not linked in this repository."""


class UploadUnknown(NotFound):
    """No such upload session for this caller in this repository, or it has expired."""


class UserUnknown(NotFound):
    """No such user."""


class GroupUnknown(NotFound):
    """No such group."""


class RobotUnknown(NotFound):
    """No such robot for this caller."""


class AccessTokenUnknown(NotFound):
    """No such access token."""


class MemberUnknown(NotFound):
    """The user or group is no member of the project."""


class MetadataUnknown(NotFound):
    """Projects have no metadata of that name."""


class LabelUnknown(NotFound):
    """No such label for this caller, or not one for artifacts of this project."""


class QuotaUnknown(NotFound):
    """No such quota."""


class TagRuleUnknown(NotFound):
    """No such rule of immutable tags in the project."""


class EventUnknown(NotFound):
    """No such entry of the audit log for this caller."""


class Conflict(WharfError):
    """The request is well formed but the present state forbids it."""


class AlreadyExists(Conflict):
    """The name is taken."""


class ProjectNotEmpty(Conflict):
    """The project still has repositories."""


class BlobReferenced(Conflict):
    """The blob is referenced by a manifest of the repository."""


class ChildOfIndex(Conflict):
    """The manifest is a child of a live index."""


class KeptByDirectory(Conflict):
    """What was to be changed comes from the directory, and is changed there."""


class ReadOnly(Conflict):
    """An administrator has switched the registry to read-only: what is stored stays as it is."""


class LastAdministrator(Conflict):
    """The change would leave a project or the system without an administrator."""


class PreconditionFailed(Conflict):
    """An If-Match or If-None-Match condition on a tag did not hold."""


class Denied(WharfError):
    """The caller is known and may know of the object, but may not do this to it."""


class QuotaExceeded(Denied):
    """The project's storage quota does not allow these bytes."""


class LossesRefused(Denied):
    """A synchronisation would take access from so many people that somebody must say first that this is meant."""


class TagImmutable(Denied):
    """The tag is immutable: it may not be moved or deleted."""


class ConfirmationNeeded(WharfError):
    """The session is one of somebody who may do this, and must prove himself once more first."""


class Unauthenticated(WharfError):
    """No credentials, or credentials that prove nothing."""


class CredentialsRefused(Unauthenticated):
    """A name and a password, secret or token that prove nobody. `message` is the same whatever is wrong.

    `reason` is for administrators. It never holds what was sent as a password.
    """

    def __init__(self, reason: str) -> None:
        super().__init__("user name or password is wrong")
        self.reason = reason


class ManifestBlobUnknown(WharfError):
    """A manifest names blobs or children that the repository does not hold (one error entry per digest)."""

    def __init__(self, missing: Sequence[Digest]) -> None:
        super().__init__("the manifest references blobs that are not in this repository: push them first")
        self.missing = tuple(missing)


class UploadOutOfOrder(WharfError):
    """The chunk does not start where the session ends, or another request is writing; the session survives."""

    def __init__(self, message: str, *, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class Unavailable(WharfError):
    """A known fault of ours that passes: the same request may be repeated after `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: int = 5, **detail: Any) -> None:
        super().__init__(message, **detail)
        self.retry_after = retry_after


class StorageFull(Unavailable):
    """The blob store has no room; staging was cut back and the session can be resumed."""


class StorageFailed(Unavailable):
    """The blob store failed (EIO, failed fsync); what was staged is not trusted any more."""


class TooManyRequests(Unavailable):
    """The caller is over a rate or session limit."""


class DirectoryUnavailable(Unavailable):
    """The LDAP directory did not answer as it must: nothing is known of the person asked about, good or bad.

    `message` is for whoever signs in and tells nothing. `reason` and `hint` are for administrators: what happened, and what to
    do about it. None of them ever holds a password.
    """

    def __init__(self, reason: str, *, hint: str = "") -> None:
        super().__init__("these credentials cannot be checked now: try again in a moment", retry_after=10)
        self.reason = reason
        self.hint = hint

    @property
    def told(self) -> str:
        """For administrators, in one line."""
        return f"{self.reason}: {self.hint}" if self.hint else self.reason


class DirectoryUnused(DirectoryUnavailable):
    """No directory is in use at all: what asks one waits for an administrator, and repeating it changes nothing."""

    def __init__(self) -> None:
        super().__init__("no directory is in use", hint="set auth_mode to ldap_auth")
        self.message = f"the directory could not be asked: {self.told}"
        self.args = (self.message,)


class ProviderUnavailable(Unavailable):
    """The OpenID provider did not answer as it must: nothing is known of the person, good or bad.

    `message` is for whoever signs in and tells nothing. `reason` and `hint` are for administrators, as of DirectoryUnavailable.
    """

    def __init__(self, reason: str, *, hint: str = "") -> None:
        super().__init__(
            "the sign-in service does not answer as it should: try again in a moment", retry_after=10
        )
        self.reason = reason
        self.hint = hint

    @property
    def told(self) -> str:
        """For administrators, in one line."""
        return f"{self.reason}: {self.hint}" if self.hint else self.reason


class SignInRefused(WharfError):
    """A sign-in at a provider that proves nothing. `message` is for whoever signs in, `reason` for administrators.

    Neither holds a secret. `is_malformed`: it was no sign-in begun here, rather than one with a wrong end.
    """

    def __init__(self, message: str, *, reason: str, is_malformed: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.is_malformed = is_malformed


class Stage(StrEnum):
    """How far an outgoing request had come when it failed."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    SEND = "send"
    ANSWER = "answer"


class OutgoingRefused(InvalidInput):
    """A request to another host that this installation does not make: its URL, address or credentials are not allowed."""


class OutgoingFailed(WharfError):
    """Another host did not answer as it should. The message never holds what that host sent."""

    def __init__(self, message: str, *, stage: Stage, **detail: Any) -> None:
        super().__init__(message, stage=str(stage), **detail)
        self.stage = stage


class OutgoingTimeout(OutgoingFailed):
    """Another host took too long."""


class AnswerTooLarge(OutgoingFailed):
    """Another host sent more than was asked for."""


class SettingUnreadable(Unavailable):
    """A stored setting without which the work cannot be done safely says what it cannot be."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"the stored {key} cannot be used, it {problem}: set it again", key=key)


class SettingsInvalid(InvalidInput):
    """A change of settings that cannot be made: every mistake of it, as (key, what is wrong). Nothing was changed."""

    def __init__(self, mistakes: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{key} {text}" for key, text in mistakes))
        self.mistakes = tuple(mistakes)

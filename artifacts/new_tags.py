"""A further tag for an artifact that is there, by hand: one that is new. A tag that exists is moved by a push."""

from __future__ import annotations

from access.principal import Principal
from access.table import P
from artifacts import read_only, tags
from artifacts.repositories import Target
from audit.actions import action
from core.errors import AlreadyExists
from core.oci.digest import Digest
from core.oci.reference import Tag
from database.transactions import retried


@retried
def create(actor: Principal, target: Target, tag: Tag, *, reference: Tag | Digest) -> Digest:
    """Point `tag` at what `reference` names in the same repository; returns its digest.

    Raises ManifestUnknown, RepositoryUnknown, AlreadyExists, TagImmutable, Denied.
    """
    with action(actor, P.TAG_CREATE, target.project, name="tag.create", repository=str(target.name)) as draft:
        read_only.refuse()
        repository_id, pointee = tags.pointee_of(target, reference)
        (change,) = tags.point(actor, repository_id, [tag], pointee)
        if change.old is not None:
            raise AlreadyExists(
                f"{target.name} has a tag {tag} already: push to it to move it", tag=tag.value
            )
        draft.resource("tag", None, f"{target.name}:{tag.value}")
        draft.before({"digest": change.before})
        draft.after({"digest": change.after})
    return pointee.digest

"""A tag set back to what it named before, by its history: the artifact has to be there still."""

from __future__ import annotations

from typing import Final

from access.principal import Principal
from access.table import P
from artifacts import read_only, tags
from artifacts.repositories import Target
from audit.actions import action
from core.errors import ManifestUnknown, PreconditionFailed
from core.oci.digest import Digest
from core.oci.reference import Tag
from database import sql
from database.transactions import retried

_NAMED_ONCE: Final = """
    SELECT true FROM tag_event WHERE repository_id = %(repository)s AND name = %(tag)s
      AND (new_digest = %(digest)s OR old_digest = %(digest)s) LIMIT 1
"""


@retried
def restore(actor: Principal, target: Target, tag: Tag, digest: Digest, *, now: Digest | None) -> None:
    """Point `tag` at `digest` again. `now`: what it points at, None for one that is gone: nobody overrides what he did not see.

    Raises ManifestUnknown for what it never named and for an artifact that is gone; PreconditionFailed where the tag points
    elsewhere than at `now`; RepositoryUnknown, TagImmutable, Denied.
    """
    with action(
        actor, P.TAG_RESTORE, target.project, name="tag.restore", repository=str(target.name)
    ) as draft:
        read_only.refuse()
        repository_id, pointee = tags.pointee_of(target, digest)
        if not sql.value(_NAMED_ONCE, {"repository": repository_id, "tag": tag.value, "digest": digest.raw}):
            raise ManifestUnknown(
                f"the tag {tag} of {target.name} never pointed at {digest}", reference=tag.value
            )
        (change,) = tags.point(actor, repository_id, [tag], pointee, restores=True)
        if change.old != now:
            raise PreconditionFailed("the tag has moved meanwhile")
        draft.resource("tag", None, f"{target.name}:{tag.value}")
        draft.before({"digest": change.before})
        draft.after({"digest": change.after})
        if change.old == change.new:
            draft.discard()

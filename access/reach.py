"""Where a principal holds a permission, as facts that any kind of list can filter by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from access.held import HELD
from access.principal import ActorKind, Principal
from access.table import TABLE, Permission, Role, Subject


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a permission is held: everywhere, in public projects, and where `user_id` holds one of `role_ids`."""

    everywhere: bool
    in_public: bool
    role_ids: tuple[int, ...]
    user_id: int

    @property
    def parameters(self) -> dict[str, object]:
        """Parameters of `CONDITION`."""
        return {
            "reach_everywhere": self.everywhere,
            "reach_public": self.in_public,
            "reach_roles": list(self.role_ids),
            "reach_user": self.user_id,
        }


CONDITION = f"""(
    %(reach_everywhere)s::boolean OR (%(reach_public)s::boolean AND p.public) OR EXISTS (
      SELECT FROM {HELD} held WHERE held.project_id = p.id AND held.user_id = %(reach_user)s::bigint
        AND held.role_id = ANY(%(reach_roles)s::smallint[])))"""
"""The reach as an SQL condition on a project row `p`, for hand-written statements."""


def reach(principal: Principal, permission: Permission) -> Reach:
    """Where the principal holds `permission` by the roles of this moment; a token's grants are not looked at."""
    return Reach(
        everywhere=any(permission in TABLE[subject] for subject in _everywhere(principal)),
        in_public=permission in TABLE[Subject.PUBLIC],
        role_ids=tuple(int(role) for role in Role if permission in TABLE[role]),
        user_id=principal.id if principal.kind is ActorKind.USER else 0,
    )


def _everywhere(principal: Principal) -> Iterator[Subject]:
    if principal.is_admin:
        yield Subject.SYSTEM_ADMIN
    if principal.is_auditor:
        yield Subject.AUDITOR_IN_PROJECT

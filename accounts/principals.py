"""People as actors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from access.principal import ActorKind, AuthMethod, Origin, Principal

if TYPE_CHECKING:
    from access.allowances import Allowances
    from accounts.models import User


def of_user(
    user: User,
    *,
    auth: AuthMethod = AuthMethod.NONE,
    origin: Origin | None = None,
    allowances: Allowances | None = None,
    key_id: int = 0,
) -> Principal:
    """The person of that row, as of when it was read. `allowances`, `key_id`: of the key he comes with."""
    return Principal(
        ActorKind.USER,
        user.pk,
        user.username,
        is_admin=user.is_admin,
        is_auditor=user.is_auditor,
        auth=auth,
        origin=origin or Origin(),
        epoch=user.auth_epoch,
        allowances=allowances,
        key_id=key_id,
    )

"""People who sign in, their groups, keys and sessions. Written by accounts/ alone."""

from accounts.models.keys import AccessToken, Robot, SigningKey, TokenKind
from accounts.models.people import (
    MAX_DN,
    MAX_EMAIL,
    MAX_NAME,
    DisabledBy,
    Group,
    GroupMember,
    Identity,
    Source,
    User,
    UserManager,
)
from accounts.models.saved import SavedFilter
from accounts.models.sessions import WebSession

__all__ = [
    "MAX_DN",
    "MAX_EMAIL",
    "MAX_NAME",
    "AccessToken",
    "DisabledBy",
    "Group",
    "GroupMember",
    "Identity",
    "Robot",
    "SavedFilter",
    "SigningKey",
    "Source",
    "TokenKind",
    "User",
    "UserManager",
    "WebSession",
]

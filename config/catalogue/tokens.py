"""Registry tokens, and the keys of robots and people."""

from __future__ import annotations

from typing import Final

from config import kinds, texts
from config.catalogue.setting import Section, Setting

LONGEST_TOKEN_MINUTES: Final = 30
TOKEN_EXPIRATION: Final[Setting[int]] = Setting(
    "token_expiration",
    Section.TOKENS,
    kinds.whole(1, LONGEST_TOKEN_MINUTES, "minutes"),
    5,
    "How long a registry token is valid. A right that is lost ends tokens at once, whatever this says.",
)

ROBOT_NAME_PREFIX: Final[Setting[str]] = Setting(
    "robot_name_prefix",
    Section.TOKENS,
    kinds.line("1 to 32 characters that end with $", texts.robot_prefix, required=True, limit=32),
    "robot$",
    "What robots' names are shown with. Programs that know a robot by an earlier prefix still sign in.",
)
ROBOT_TOKEN_DURATION: Final[Setting[int]] = Setting(
    "robot_token_duration",
    Section.TOKENS,
    kinds.whole(1, 3650, "days"),
    30,
    "How long a new robot lives unless its maker says otherwise.",
)
ROBOT_MAX_DURATION: Final[Setting[int]] = Setting(
    "robot_max_duration",
    Section.TOKENS,
    kinds.whole(-1, 3650, "days, -1 for no end"),
    -1,
    "How long a new robot may live at most. With -1 it may be made to live for ever.",
)
ACCESS_TOKEN_DURATION: Final[Setting[int]] = Setting(
    "access_token_duration",
    Section.TOKENS,
    kinds.whole(1, 3650, "days"),
    90,
    "How long a new personal access token or CLI secret lives unless its owner says otherwise.",
)
ACCESS_TOKEN_MAX_DURATION: Final[Setting[int]] = Setting(
    "access_token_max_duration",
    Section.TOKENS,
    kinds.whole(-1, 3650, "days, -1 for no end"),
    365,
    "How long a new personal access token or CLI secret may live at most. With -1 it may be made to live for ever.",
)

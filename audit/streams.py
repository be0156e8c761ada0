"""The two tables of the audit log that are read, kept and exported each for itself."""

from __future__ import annotations

from enum import StrEnum


class Stream(StrEnum):
    """Events: every change, sign-in and refusal. Pulls: rows of their own, see audit.spool."""

    EVENTS = "events"
    PULLS = "pulls"

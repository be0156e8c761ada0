"""What a directory says of a person, as an account can hold it; what does not fit is left out. Pure functions."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.names import UserName
from audit.detail import clean
from core.errors import NameInvalid

MAX_NAME = 255
MAX_EMAIL = 254


def fitting_username(name: str) -> str | None:
    """The user name, or None for one that nobody can have here (see accounts.names)."""
    try:
        return str(UserName.parse(name))
    except NameInvalid:
        return None


def fitting_email(email: str) -> str:
    """ "" for what is no e-mail address."""
    if len(email) > MAX_EMAIL:
        return ""
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email


def fitting_name(name: str) -> str:
    """On one line, printable, cut to what fits."""
    return clean(name.strip(), MAX_NAME)

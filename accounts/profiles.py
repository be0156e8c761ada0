"""What an account says of its person, and a new local one: parsed and checked where it enters."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import MAX_EMAIL, MAX_NAME, Source, User
from accounts.names import UserName
from accounts.passwords import check_acceptable
from core.errors import InvalidInput, KeptByDirectory


def new_user(username: str, *, password: str, email: str, full_name: str) -> User:
    """A local account that is not stored yet, checked, its password hashed. Raises NameInvalid, InvalidInput."""
    name = UserName.parse(username)
    user = User(username=str(name), email=parse_email(email), full_name=parse_full_name(full_name))
    check_acceptable(password, user)
    user.password = make_password(password)
    return user


def parse_details(email: str | None, full_name: str | None) -> dict[str, str]:
    """Those of the two that are given. Raises InvalidInput."""
    given = {} if email is None else {"email": parse_email(email)}
    return given if full_name is None else {**given, "full_name": parse_full_name(full_name)}


def parse_email(text: str) -> str:
    """The address, "" for none. Raises InvalidInput."""
    if len(text) > MAX_EMAIL:
        raise InvalidInput(f"an e-mail address has at most {MAX_EMAIL} characters")
    if text:
        try:
            validate_email(text)
        except ValidationError as error:
            raise InvalidInput("that is not an e-mail address") from error
    return text


def parse_full_name(text: str) -> str:
    """Raises InvalidInput."""
    if len(text) > MAX_NAME or not text.isprintable():
        raise InvalidInput(f"a full name has at most {MAX_NAME} characters and no control characters")
    return text


def kept_elsewhere(row: User) -> KeptByDirectory:
    """What to say to whoever would change by hand what another system owns."""
    home = "the directory" if row.source == Source.LDAP else "the OpenID Connect provider"
    return KeptByDirectory(
        f"the name and e-mail address of '{row.username}' come from {home}: change them there, "
        f"or make the account a local one (wharf user migrate {row.username} --to local)"
    )


def stated(user: User) -> dict[str, object]:
    """What the audit log says of a new account."""
    return {
        "username": user.username,
        "email": user.email,
        "full_name": user.full_name,
        "is_admin": user.is_admin,
        "is_auditor": user.is_auditor,
    }

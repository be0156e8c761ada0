"""What text of a setting may be: names, patterns, and what a provider of OpenID Connect is told. Raise Unacceptable."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from config.kinds import Unacceptable

_CLAIM = re.compile(r"[!-~]+", re.ASCII)
_SCOPE = re.compile(r"[!#-\[\]-~]+", re.ASCII)  # RFC 6749 §3.3
_ROBOT_PREFIX = re.compile(r"[A-Za-z0-9._+-]{0,31}\$", re.ASCII)
# What we say ourselves in an authorization request.
OUR_PARAMETERS = frozenset(
    {
        *("client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce"),
        *("code_challenge", "code_challenge_method", "request", "request_uri", "max_age"),
    }
)


def plain(text: str) -> str:
    """Any text in one line."""
    if not text.isprintable():
        raise Unacceptable("must not have control characters")
    return text


def robot_prefix(text: str) -> str:
    """`$` marks robots: no user's name has one."""
    if not _ROBOT_PREFIX.fullmatch(text):
        raise Unacceptable("must end with $, after letters, digits and . _ + - at most")
    return text


def issuer(text: str) -> str:
    """OpenID Connect Discovery 1.0 §2: https, no query, no fragment. http is for a provider on this very machine."""
    parts = urlsplit(text)
    is_local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not (parts.scheme == "https" or is_local) or not parts.hostname:
        raise Unacceptable("must be an https:// address; http:// only for one on this machine")
    if parts.query or parts.fragment or parts.username is not None or not text.isprintable() or " " in text:
        raise Unacceptable("must be an address without query, fragment, name and password")
    return text


def claim(text: str) -> str:
    """The name of a claim."""
    if not _CLAIM.fullmatch(text):
        raise Unacceptable("must be the name of a claim, without spaces")
    return text


def scopes(text: str) -> str:
    """As Harbor has them: with commas between; spaces do as well."""
    found = list(dict.fromkeys(part for part in re.split(r"[\s,]+", text) if part))
    if "openid" not in found or not all(_SCOPE.fullmatch(each) for each in found):
        raise Unacceptable("must be scopes with commas between, openid among them")
    return ",".join(found)


def parameters(text: str) -> str:
    """A JSON object of texts, none of which we say ourselves."""
    try:
        found = json.loads(text)
    except ValueError:
        raise Unacceptable('must be JSON such as {"prompt": "login"}') from None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Unacceptable('must be a JSON object of texts, such as {"prompt": "login"}')
    taken = sorted(OUR_PARAMETERS & set(found))
    if taken:
        raise Unacceptable(f"must not hold {', '.join(taken)}: that is said by the registry itself")
    return json.dumps(found)


def banner(text: str) -> str:
    """Harbor's clients send a JSON object with the message in it; whatever else begins with a brace is a mistake."""
    if not text.startswith("{"):
        return text
    try:
        found = json.loads(text)
    except ValueError:
        raise Unacceptable(
            'must be text, or JSON such as {"message": "back at noon", "type": "info"}'
        ) from None
    if not isinstance(found, dict) or not isinstance(found.get("message"), str):
        raise Unacceptable('must be text, or JSON with a "message" that is text')
    return text

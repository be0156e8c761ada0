"""Pulls as they are read: rows of audit_pull in the shape of events, and what a filter means for them."""

from __future__ import annotations

from typing import Final

from access.table import P
from audit.operations import PULL
from audit.parts import Result
from audit.reading.filter import Filter
from audit.reading.parameters import Parameters, like
from core.errors import DigestInvalid
from core.oci.digest import Digest

RESOURCE_TYPE: Final = "artifact"
_DIGEST: Final = (
    "(CASE length(r.digest) WHEN 32 THEN 'sha256:' ELSE 'sha512:' END || encode(r.digest, 'hex'))"
)
NAME: Final = f"(r.repository || CASE r.tag WHEN '' THEN '@' || {_DIGEST} ELSE ':' || r.tag END)"

COLUMNS: Final = f"""
    'pulls', r.id, r.ts, r.actor_kind, r.actor_id, r.actor_name, '', '', host(r.ip),
    (SELECT agent.agent FROM audit_agent agent WHERE agent.id = r.agent_id), '', '{PULL.name}', '{P.REPOSITORY_PULL}',
    '{RESOURCE_TYPE}', '', {NAME}, r.project_id, '{Result.OK}',
    json_build_object('n', r.n, 'repository', r.repository, 'repository_id', r.repository_id, 'tag', r.tag,
                      'digest', {_DIGEST})::text"""


def about(wanted: Filter, parameters: Parameters) -> list[str] | None:
    """Conditions on a pull `r`. None for a filter that no pull meets."""
    never = (
        wanted.request_id
        or wanted.not_ok
        or wanted.result not in (None, Result.OK)
        or wanted.resource_type not in ("", RESOURCE_TYPE)
    )
    if never:
        return None
    conditions: list[str] = []
    if wanted.resource_contains:
        conditions.append(f"{NAME} ILIKE {parameters.add(f'%{like(wanted.resource_contains)}%')}")
    for text, is_whole in ((wanted.resource, False), (wanted.resource_exact, True)):
        if text:
            found = _named(text, is_whole, parameters)
            if found is None:
                return None
            conditions += found
    return conditions


def _named(text: str, is_whole: bool, parameters: Parameters) -> list[str] | None:
    """A name is the repository, and then ":" and the tag or "@" and the digest; neither stands in a repository's name."""
    repository, at, digest = text.partition("@")
    if at:
        return _by_digest(repository, digest, is_whole, parameters)
    repository, colon, tag = text.partition(":")
    if colon:
        condition = (
            f"r.tag = {parameters.add(tag)}" if is_whole else f"r.tag LIKE {parameters.add(like(tag) + '%')}"
        )
        return [f"r.repository = {parameters.add(repository)}", condition, "r.tag <> ''"]
    return None if is_whole else [f"r.repository LIKE {parameters.add(like(repository) + '%')}"]


def _by_digest(repository: str, digest: str, is_whole: bool, parameters: Parameters) -> list[str] | None:
    conditions = [f"r.repository = {parameters.add(repository)}", "r.tag = ''"]
    if not is_whole:
        return [*conditions, f"{_DIGEST} LIKE {parameters.add(like(digest) + '%')}"]
    try:
        return [*conditions, f"r.digest = {parameters.add(Digest.parse(digest).raw)}::bytea"]
    except DigestInvalid:
        return None

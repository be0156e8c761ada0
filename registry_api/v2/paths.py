"""The parts of a /v2 path, parsed at the border: an error here is a 400 or 404 before any credentials are looked at."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from artifacts.sessions import unknown
from core.errors import ManifestUnknown, ReferenceInvalid, RepositoryUnknown
from core.oci.digest import Digest
from core.oci.names import RepositoryName
from core.oci.reference import Tag, parse_reference


def repository_name(text: str) -> RepositoryName:
    """Raises NameInvalid; RepositoryUnknown for a name of one component, which can lie in no project."""
    name = RepositoryName.parse(text)
    if name.is_bare:
        hint = f"'{name}' names no project: use <project>/{name}, for instance library/{name}"
        raise RepositoryUnknown(hint, name=str(name))
    return name


def upload_id(text: str) -> UUID:
    """A UUID in canonical form; any other spelling is no session. Raises UploadUnknown."""
    try:
        parsed = UUID(text)
    except ValueError:
        raise unknown() from None
    if str(parsed) != text:
        raise unknown()
    return parsed


def readable_reference(text: str) -> Tag | Digest:
    """The reference of a GET or HEAD: a tag outside the grammar names nothing. Raises ManifestUnknown, DigestInvalid.

    The released conformance suites ask for `.INVALID_MANIFEST_NAME` and want 404, as any tag that does not exist.
    """
    try:
        return parse_reference(text)
    except ReferenceInvalid as error:
        raise ManifestUnknown(error.message) from error


PARSERS: dict[str, Callable[[str], object]] = {
    "digest": Digest.parse,
    "reference": parse_reference,
    "upload": upload_id,
}


def parsed(path: dict[str, str], method: str) -> dict[str, object]:
    """The parts of a path below the repository's name. Raises what the parsers raise."""
    parsers = PARSERS | {"reference": readable_reference} if method in ("GET", "HEAD") else PARSERS
    return {name: parsers[name](text) for name, text in path.items()}

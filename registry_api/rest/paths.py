"""Names in paths: a repository's has slashes, which clients write as they are, as %2F or, as Harbor asks for it, as %252F."""

from __future__ import annotations

from urllib.parse import quote, unquote

from django.urls import register_converter


class RepositoryConverter:
    """The path of a repository below its project, `team/app`; whether it is one, its parser says.

    As long as it can be: of `a/artifacts/b/artifacts` it is all but the last part. Written with %252F it has no slash here,
    so that even a repository called `a/artifacts` can be named.
    """

    regex = ".+"

    def to_python(self, value: str) -> str:
        return unquote(value)

    def to_url(self, value: str) -> str:
        return quote(quote(value, safe=""))


register_converter(RepositoryConverter, "repository")


def artifacts_of(project: str, repository: str) -> str:
    """The path of a repository's artifacts, as `Location` and links name it."""
    return f"/api/v2.0/projects/{project}/repositories/{RepositoryConverter().to_url(repository)}/artifacts"

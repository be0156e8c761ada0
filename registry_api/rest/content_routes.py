"""Routes of repositories and what is in them. The longest stand first: a repository's path takes all it can."""

from __future__ import annotations

from registry_api.rest import artifact_parts, artifacts, icons, repositories
from registry_api.rest.endpoint import Endpoint

PROJECT = "projects/<str:project>"
REPOSITORY = f"{PROJECT}/repositories/<repository:repository>"
ARTIFACT = f"{REPOSITORY}/artifacts/<str:reference>"

ROUTES: tuple[tuple[str, type[Endpoint], str], ...] = (
    ("icons/<str:digest>", icons.Icons, "api_icon"),
    ("repositories", repositories.Repositories, "api_repositories"),
    (f"{PROJECT}/artifacts", artifacts.ProjectArtifacts, "api_project_artifacts"),
    (f"{PROJECT}/repositories", repositories.ProjectRepositories, "api_project_repositories"),
    (f"{ARTIFACT}/tags/<str:tag>", artifact_parts.OneTag, "api_artifact_tag"),
    (f"{ARTIFACT}/tags", artifact_parts.ArtifactTags, "api_artifact_tags"),
    (f"{ARTIFACT}/labels/<id:worn_id>", artifact_parts.OneArtifactLabel, "api_artifact_label"),
    (f"{ARTIFACT}/labels", artifact_parts.ArtifactLabels, "api_artifact_labels"),
    (f"{ARTIFACT}/accessories", artifact_parts.Accessories, "api_artifact_accessories"),
    (f"{ARTIFACT}/additions/build_history", artifact_parts.BuildHistory, "api_artifact_build_history"),
    (ARTIFACT, artifacts.OneArtifact, "api_artifact"),
    (f"{REPOSITORY}/artifacts", artifacts.Artifacts, "api_artifacts"),
)
# After all that begins with it, whoever's it is.
LAST: tuple[tuple[str, type[Endpoint], str], ...] = (
    (REPOSITORY, repositories.OneRepository, "api_repository"),
)

"""Routes of projects, their members and their metadata."""

from __future__ import annotations

from registry_api.rest import members, metadatas, project_figures, projects
from registry_api.rest.endpoint import Endpoint

PROJECT = "projects/<str:project>"

ROUTES: tuple[tuple[str, type[Endpoint], str], ...] = (
    ("projects", projects.Projects, "api_projects"),
    (PROJECT, projects.OneProject, "api_project"),
    (f"{PROJECT}/_deletable", projects.ProjectDeletable, "api_project_deletable"),
    (f"{PROJECT}/summary", project_figures.ProjectSummary, "api_project_summary"),
    (f"{PROJECT}/members", members.Members, "api_members"),
    (f"{PROJECT}/members/<id:member_id>", members.OneMember, "api_member"),
    (f"{PROJECT}/metadatas", metadatas.Metadatas, "api_metadatas"),
    (f"{PROJECT}/metadatas/<str:key>", metadatas.OneMetadata, "api_metadata"),
    ("statistics", project_figures.Statistics, "api_statistics"),
)

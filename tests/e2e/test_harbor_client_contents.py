"""Harbor's Go client against a live server: repositories, artifacts, tags, labels and rules of immutable tags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.conftest import Project
from tests.e2e.harbor_client import UNSET, HarborClient, RefusedError
from tests.e2e.registry import Registry
from tests.images import artifact, image, two_platforms

REPOSITORY = "deep/app"
LABELS = {**UNSET, "Scope": "", "ProjectID": 0}


@dataclass(frozen=True, slots=True)
class Shelf:
    """A repository with an index of two platforms under the tag 1 and a plain image under the tag 2."""

    harbor: HarborClient
    admin: Registry
    project: str

    @property
    def repository(self) -> str:
        return f"{self.project}/{REPOSITORY}"

    def call(self, operation: str, **params: Any) -> Any:
        """An operation on the repository, or on what is in it."""
        return self.harbor.call(operation, ProjectName=self.project, RepositoryName=REPOSITORY, **params)

    def tags(self) -> list[str]:
        """As a client of the registry sees them."""
        scope = f"repository:{self.repository}:pull"
        answer = self.admin.request("GET", f"/v2/{self.repository}/tags/list", scope=scope)
        listed: list[str] = answer.json()["tags"] if answer.status_code == 200 else []
        return listed


@pytest.fixture
def shelf(harbor: HarborClient, admin: Registry, project: Project) -> Shelf:
    made = Shelf(harbor, admin, project.name)
    admin.push(made.repository, "1", two_platforms())
    admin.push(made.repository, "2", image())
    return made


def test_a_repository_is_listed_described_and_deleted(shelf: Shelf) -> None:
    [listed] = shelf.harbor.call("Repository.ListRepositories", ProjectName=shelf.project, **UNSET)
    assert (listed["name"], listed["artifact_count"]) == (shelf.repository, 2)
    everywhere = shelf.harbor.call("Repository.ListAllRepositories", Q=f"name={shelf.repository}")
    assert [each["id"] for each in everywhere] == [listed["id"]]
    # The command line sends back all it has read, with the new words.
    shelf.call("Repository.UpdateRepository", Repository=listed | {"description": "What we ship."})
    assert shelf.call("Repository.GetRepository")["description"] == "What we ship."
    shelf.call("Repository.DeleteRepository")
    assert shelf.tags() == []
    with pytest.raises(RefusedError, match="GetRepositoryNotFound"):
        shelf.call("Repository.GetRepository")


def test_artifacts_are_listed_with_everything_and_read(shelf: Shelf) -> None:
    plain = shelf.call("Artifact.ListArtifacts", **UNSET)
    assert {each["digest"] for each in plain} == {two_platforms().digest, image().digest}
    asked = dict.fromkeys(
        ("WithTag", "WithLabel", "WithAccessory", "WithImmutableStatus", "WithScanOverview"), True
    )
    [found] = shelf.call("Artifact.ListArtifacts", Q="tags=1", **asked)
    assert [tag["name"] for tag in found["tags"]] == ["1"]
    platforms = {each["platform"]["architecture"] for each in found["references"]}
    assert (found["type"], platforms) == ("IMAGE", {"amd64", "arm64"})
    read = shelf.call("Artifact.GetArtifact", Reference="2")
    assert (read["digest"], read["extra_attrs"]["architecture"]) == (image().digest, "amd64")
    assert shelf.harbor.call("Icon.GetIcon", Digest=read["icon"])["content-type"].startswith("image/")
    whole = {"ProjectNameOrID": shelf.project, "LatestInRepository": True, **UNSET}
    [latest] = shelf.harbor.call("Project.ListArtifactsOfProject", **whole)
    assert latest["digest"] == image().digest


def test_accessories_of_an_artifact_are_listed(shelf: Shelf) -> None:
    note = artifact(subject=image().manifest)
    shelf.admin.push(shelf.repository, "note", note)
    [found] = shelf.call("Artifact.ListAccessories", Reference="2", **UNSET)
    assert (found["digest"], found["subject_artifact_digest"]) == (note.digest, image().digest)


def test_an_artifact_is_copied_and_deleted(shelf: Shelf, admin: Registry) -> None:
    made = shelf.harbor.answer(
        "Artifact.CopyArtifact",
        ProjectName=shelf.project,
        RepositoryName="copy",
        From=f"{shelf.repository}:1",
    )
    assert made["value"]["Location"].endswith(f"/repositories/copy/artifacts/{two_platforms().digest}")
    assert two_platforms().digest in admin.pull_whole(f"{shelf.project}/copy", "1")
    shelf.call("Artifact.DeleteArtifact", Reference="1")
    assert shelf.tags() == ["2"]
    with pytest.raises(RefusedError, match="DeleteArtifactNotFound"):
        shelf.call("Artifact.DeleteArtifact", Reference="1")
    assert admin.get_manifest(f"{shelf.project}/copy", "1").status_code == 200


def test_tags_are_made_listed_and_deleted(shelf: Shelf) -> None:
    shelf.call("Artifact.CreateTag", Reference="2", Tag={"name": "stable"})
    assert {tag["name"] for tag in shelf.call("Artifact.ListTags", Reference="2")} == {"2", "stable"}
    assert shelf.tags() == ["1", "2", "stable"]
    with pytest.raises(RefusedError, match="CreateTagConflict"):
        shelf.call("Artifact.CreateTag", Reference="1", Tag={"name": "stable"})
    shelf.call("Artifact.DeleteTag", Reference="2", TagName="stable")
    assert shelf.tags() == ["1", "2"]
    with pytest.raises(RefusedError, match="DeleteTagNotFound"):
        shelf.call("Artifact.DeleteTag", Reference="2", TagName="stable")


def test_a_label_is_made_put_on_an_artifact_changed_and_deleted(shelf: Shelf) -> None:
    number = shelf.harbor.call("Project.GetProject", ProjectNameOrID=shelf.project)["project_id"]
    wish = {
        "name": "ready",
        "color": "#48960C",
        "description": "May go out",
        "scope": "p",
        "project_id": number,
    }
    shelf.harbor.call("Label.CreateLabel", Label=wish)
    with pytest.raises(RefusedError, match="CreateLabelConflict"):
        shelf.harbor.call("Label.CreateLabel", Label=wish)
    [label] = shelf.harbor.call("Label.ListLabels", **LABELS | {"Scope": "p", "ProjectID": number})
    assert (label["name"], label["color"]) == ("ready", "#48960C")

    def carried() -> list[str]:
        read = shelf.call("Artifact.GetArtifact", Reference="2", WithLabel=True)
        return [each["name"] for each in read.get("labels") or []]

    shelf.call("Artifact.AddLabel", Reference="2", Label={"id": label["id"]})
    assert carried() == ["ready"]
    change = {"name": "done", "color": label["color"], "description": "", "scope": "p"}
    shelf.harbor.call("Label.UpdateLabel", LabelID=label["id"], Label=change)
    assert carried() == ["done"]
    shelf.call("Artifact.RemoveLabel", Reference="2", LabelID=label["id"])
    assert carried() == []
    shelf.call("Artifact.AddLabel", Reference="2", Label={"id": label["id"]})
    assert shelf.harbor.call("Label.GetLabelByID", LabelID=label["id"])["name"] == "done"
    shelf.harbor.call("Label.DeleteLabel", LabelID=label["id"])
    assert carried() == []
    with pytest.raises(RefusedError, match="GetLabelByIDNotFound"):
        shelf.harbor.call("Label.GetLabelByID", LabelID=label["id"])


def test_a_global_label_is_found_in_the_list_without_any_flag(harbor: HarborClient, project: Project) -> None:
    name = f"all-{project.name}"
    harbor.call("Label.CreateLabel", Label={"name": name, "color": "#FFFFFF", "scope": "g"})
    found = [
        each for each in harbor.call("Label.ListLabels", **LABELS | {"Scope": "g"}) if each["name"] == name
    ]
    assert len(found) == 1
    harbor.call("Label.DeleteLabel", LabelID=found[0]["id"])
    assert name not in {each["name"] for each in harbor.call("Label.ListLabels", **LABELS | {"Scope": "g"})}


def test_an_immutable_rule_protects_while_it_stands(
    shelf: Shelf, registry_of: Callable[..., Registry]
) -> None:
    place = {"ProjectNameOrID": shelf.project}
    selectors = {
        "tag_selectors": [{"decoration": "matches", "pattern": "2"}],
        "scope_selectors": {"repository": [{"decoration": "repoMatches", "pattern": "**"}]},
    }
    shelf.harbor.call("Immutable.CreateImmuRule", **place, ImmutableRule=selectors)
    [rule] = shelf.harbor.call("Immutable.ListImmuRules", **place)
    assert rule["tag_selectors"][0]["pattern"] == "2"
    other = image({"other": b"content"})
    with pytest.raises(AssertionError):
        shelf.admin.push(shelf.repository, "2", other)
    with pytest.raises(RefusedError, match=r"DeleteTagPreconditionFailed|status 412"):
        shelf.call("Artifact.DeleteTag", Reference="2", TagName="2")
    shelf.harbor.call(
        "Immutable.UpdateImmuRule",
        **place,
        ImmutableRuleID=rule["id"],
        ImmutableRule=rule | {"disabled": True},
    )
    [rule] = shelf.harbor.call("Immutable.ListImmuRules", **place)
    assert rule["disabled"] is True
    shelf.harbor.call("Immutable.DeleteImmuRule", **place, ImmutableRuleID=rule["id"])
    assert shelf.harbor.call("Immutable.ListImmuRules", **place) == []
    shelf.admin.push(shelf.repository, "2", other)
    assert (
        registry_of(shelf.admin.who).get_manifest(shelf.repository, "2").headers["docker-content-digest"]
        == other.digest
    )

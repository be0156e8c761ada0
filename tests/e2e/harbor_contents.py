"""The other half of the life with the registry: what was pushed, what is done to it, what is remembered of it, and its end."""

from __future__ import annotations

import pytest
from harborapi import models
from harborapi.exceptions import NotFound, PreconditionFailed
from harborapi.models.models import Type

from tests.e2e.clients import ClientError
from tests.e2e.harbor_chapters import APP, PROJECT, Story, made_id, until


async def contents(story: Story) -> None:
    client, digest = story.client, story.kept["pushed"]
    assert [each.name for each in await client.get_repositories(query="name=~team")] == [
        f"{PROJECT}/team/app"
    ]
    (repository,) = await client.get_repositories(PROJECT)
    await client.update_repository(*APP, repository=models.Repository(description="What it is"))
    assert (await client.get_repository(*APP)).description == "What it is"
    await client.add_artifact_label(*APP, reference="1.0", label=models.Label(id=story.kept["labels"][1]))
    await client.create_artifact_tag(*APP, reference=digest, tag=models.Tag(name="stable"))
    (artifact,) = await client.get_artifacts(
        *APP, with_tag=True, with_label=True, with_accessory=True, with_immutable_status=True
    )
    assert (artifact.digest, artifact.repository_id) == (digest, repository.id)
    assert {tag.name for tag in artifact.tags} == {"1.0", "stable"}
    assert [label.name for label in artifact.labels] == ["ours"]
    assert artifact.extra_attrs.model_dump()["architecture"] == "amd64"
    assert (await client.get_icon(artifact.icon)).content
    assert (await client.get_artifact(*APP, reference="stable")).id == artifact.id
    assert len(await client.get_artifact_tags(*APP, reference=digest)) == 2
    assert await client.get_artifact_accessories(*APP, reference=digest) == []
    steps = await client.get_artifact_build_history(*APP, reference="1.0")
    assert [step.created_by for step in steps] == ["COPY layer-0 /"]
    assert [each.id for each in await client.get_project_artifacts(PROJECT)] == [artifact.id]
    found = await client.search("team")
    assert [each.repository_name for each in found.repository] == [f"{PROJECT}/team/app"]


async def copies_and_rules(story: Story) -> None:
    client, digest = story.client, story.kept["pushed"]
    await client.copy_artifact(PROJECT, "promoted", f"{PROJECT}/team/app:1.0")
    assert (await client.get_artifact(PROJECT, "promoted", "1.0")).digest == digest
    selectors = [
        [models.ImmutableSelector(kind="doublestar", decoration=name, pattern="**")]
        for name in ("matches", "repoMatches")
    ]
    rule = models.ImmutableRule(tag_selectors=selectors[0], scope_selectors={"repository": selectors[1]})
    id_ = made_id(await client.create_project_immutable_tag_rule(PROJECT, rule))
    with pytest.raises(PreconditionFailed):
        await client.delete_artifact_tag(*APP, reference=digest, tag_name="stable")
    rule.disabled = True
    await client.update_project_immutable_tag_rule(PROJECT, id_, rule)
    assert [each.disabled for each in await client.get_project_immutable_tag_rules(PROJECT)] == [True]
    await client.delete_artifact_tag(*APP, reference=digest, tag_name="stable")
    await client.delete_project_immutable_tag_rule(PROJECT, id_)
    await client.delete_artifact_label(*APP, reference="1.0", label_id=story.kept["labels"][1])


async def quotas(story: Story) -> None:
    client = story.client
    found = await client.get_quotas(reference="project", reference_id=str(story.kept["project"]))
    (quota,) = found
    assert quota.used.root["storage"] > 0
    await client.update_quota(quota.id, models.QuotaUpdateReq(hard=models.ResourceList({"storage": 1})))
    assert (await client.get_quota(quota.id)).hard.root["storage"] == 1
    with pytest.raises(ClientError, match="quota"):
        story.push(story.place.wharf.admin, f"{PROJECT}/team/other:1", b"too much")
    await client.update_quota(quota.id, models.QuotaUpdateReq(hard=models.ResourceList({"storage": -1})))


async def the_log(story: Story) -> None:
    client = story.client
    logs = await client.get_audit_logs(sort="-op_time", page_size=5, limit=20)
    assert len({each.id for each in logs}) == len(logs) == 20
    (made,) = await client.get_project_logs(PROJECT, query="operation=create,resource_type=project")
    assert (made.resource, made.username) == (PROJECT, "admin")
    pushes = await client.get_project_logs(PROJECT, query="operation=create,resource_type=artifact")
    assert f"robot${PROJECT}+ci" in {each.username for each in pushes}


async def a_purge(story: Story) -> None:
    client = story.client
    wanted = {"audit_retention_hour": 720, "dry_run": True, "include_operations": "create,delete,pull"}
    by_hand = models.Schedule(parameters=wanted, schedule=models.ScheduleObj(type=Type.manual))
    id_ = made_id(await client.create_purge_job_schedule(by_hand))
    await until(lambda: client.get_purge_job(id_), lambda purge: purge.job_status == "Success")
    assert id_ in {each.id for each in await client.get_purge_job_history(query="status=Success")}
    assert isinstance(await client.get_purge_job_log(id_), str)
    await client.stop_purge_job(id_)
    weekly = models.ScheduleObj(type=Type.weekly, cron="0 0 0 * * 0")
    await client.update_purge_job_schedule(models.Schedule(parameters=wanted, schedule=weekly))
    assert (await client.get_purge_job_schedule()).schedule.type == Type.weekly


async def jobs(story: Story) -> None:
    """It has no methods for these, and models: the paths are asked as they are."""
    client = story.client
    expected = {
        "/jobservice/pools": models.WorkerPool,
        "/jobservice/pools/all/workers": models.Worker,
        "/jobservice/queues": models.JobQueue,
        "/schedules": models.ScheduleTask,
    }
    for path, model in expected.items():
        told = await until(lambda path=path: client.get(path), len)  # type: ignore[misc]
        assert all(model(**each) for each in told)
    assert models.SchedulerStatus(**await client.get("/schedules/all/paused")).paused is False
    kinds = await client.get("/auditlog-exts/events")
    assert {"event_type": "create_project"} in kinds
    (log, *_) = await client.get("/auditlog-exts", params={"q": f"resource={PROJECT}", "page_size": 1})
    assert log["operation_result"] is True


async def the_end(story: Story) -> None:
    """All of it is taken away again, and is gone."""
    client, kept = story.client, story.kept
    assert not (await client.get_project_deletable(PROJECT)).deletable
    with pytest.raises(PreconditionFailed):
        await client.delete_project(PROJECT)
    await client.delete_artifact(*APP, reference=kept["pushed"])
    with pytest.raises(NotFound):
        await client.get_artifact(*APP, reference="1.0")
    for repository in await client.get_repositories(PROJECT):
        await client.delete_repository(PROJECT, repository.name.removeprefix(f"{PROJECT}/"))
    for label in kept["labels"]:
        await client.delete_label(label)
    await client.delete_robot(kept["robot"])
    await client.delete_project(PROJECT)
    assert not await client.project_exists(PROJECT)
    await client.delete_usergroup(kept["group"])
    await client.delete_user(kept["ann"])
    with pytest.raises(NotFound):
        await client.get_user(kept["ann"])

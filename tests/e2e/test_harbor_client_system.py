"""Harbor's Go client against a live server: settings, figures, logs, jobs; and that no operation of it is forgotten."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.clients import Login
from tests.e2e.conftest import Project
from tests.e2e.harbor_client import UNSET, HarborClient, RefusedError, operations
from tests.e2e.harbor_client_absences import ABSENT
from tests.e2e.server import Wharf

JOB_SECONDS = 60
EVERY_DAY = {"type": "Daily", "cron": "0 0 0 * * *"}
PURGE = {"audit_retention_hour": 2160, "include_event_types": "pull_artifact", "dry_run": True}


def settings(harbor: HarborClient) -> dict[str, Any]:
    """Values by name."""
    return {name: item["value"] for name, item in harbor.call("Configure.GetConfigurations").items()}


@pytest.fixture
def kept(harbor: HarborClient) -> Iterator[dict[str, Any]]:
    """The settings as they are; as they were afterwards."""
    before = settings(harbor)
    yield before
    names = ("banner_message", "session_timeout", "storage_per_project")
    harbor.call("Configure.UpdateConfigurations", Configurations={name: before[name] for name in names})


def test_settings_are_read_and_changed_at_once(
    harbor: HarborClient, live: Wharf, kept: dict[str, Any]
) -> None:
    change = {"banner_message": "Closed on Sunday", "session_timeout": 77, "storage_per_project": 1 << 30}
    harbor.call("Configure.UpdateConfigurations", Configurations=change)
    assert settings(harbor) == kept | change
    told = httpx2.get(f"{live.url}/api/v2.0/systeminfo").json()  # nobody needs to be signed in for the banner
    assert "Closed on Sunday" in told["banner_message"]
    assert "Closed on Sunday" in harbor.call("Systeminfo.GetSystemInfo")["banner_message"]


def test_what_was_read_can_be_written_back_as_a_whole(harbor: HarborClient, kept: dict[str, Any]) -> None:
    """As `harbor config apply` does with a file of all settings."""
    harbor.call("Configure.UpdateConfigurations", Configurations=kept)
    assert settings(harbor) == kept


def test_a_setting_that_cannot_be_changes_nothing(harbor: HarborClient, kept: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match=r"BadRequest|status 400"):
        harbor.call(
            "Configure.UpdateConfigurations", Configurations={"banner_message": "x", "session_timeout": -5}
        )
    assert settings(harbor) == kept


def test_health_figures_and_versions(harbor: HarborClient) -> None:
    assert harbor.call("Ping.GetPing") == "Pong"
    health = harbor.call("Health.GetHealth")
    assert {"core", "database", "redis", "registry", "jobservice"} <= {
        each["name"] for each in health["components"]
    }
    info = harbor.call("Systeminfo.GetSystemInfo")
    assert info["harbor_version"].startswith("v2.")
    [volume] = harbor.call("Systeminfo.GetVolumes")["storage"]
    assert 0 < volume["free"] < volume["total"]
    figures = harbor.call("Statistic.GetStatistic")
    assert (
        figures["total_project_count"] == figures["public_project_count"] + figures["private_project_count"]
    )


def test_logs_tell_what_was_done(
    harbor: HarborClient, project: Project, harbor_of: Callable[[Login], HarborClient]
) -> None:
    label = {"name": "seen", "color": "#FFFFFF", "scope": "p"}
    number = harbor.call("Project.GetProject", ProjectNameOrID=project.name)["project_id"]
    harbor_of(project.maintainer).call("Label.CreateLabel", Label=label | {"project_id": number})
    asked = UNSET | {"Q": f"project_id={number},operation=create", "PageSize": 10}
    for operation in ("Auditlog.ListAuditLogs", "Auditlog.ListAuditLogExts"):
        entries = harbor.call(operation, **asked)
        assert {(each["username"], each["resource_type"]) for each in entries} >= {
            ("maintainer", "label"),
        }
        assert harbor.call(operation, **UNSET)
    kinds = {each["event_type"] for each in harbor.call("Auditlog.ListAuditLogEventTypes")}
    assert {"create_artifact", "pull_artifact", "create_project"} <= kinds


def test_queues_are_paused_and_go_on(harbor: HarborClient) -> None:
    def paused(kind: str) -> bool:
        queues = {each["job_type"]: each for each in harbor.call("Jobservice.ListJobQueues")}
        return bool(queues[kind]["paused"])

    assert paused("exports") is False
    harbor.call("Jobservice.ActionPendingJobs", JobType="exports", ActionRequest={"action": "pause"})
    try:
        assert paused("exports") is True
    finally:
        harbor.call("Jobservice.ActionPendingJobs", JobType="exports", ActionRequest={"action": "resume"})
    assert paused("exports") is False
    assert harbor.call("Schedule.GetSchedulePaused", JobType="all") == {"paused": False}


def test_workers_are_listed_by_their_pool(harbor: HarborClient) -> None:
    pools = sooner_or_later(lambda: harbor.call("Jobservice.GetWorkerPools"))
    workers = harbor.call("Jobservice.GetWorkers", PoolID=pools[0]["worker_pool_id"])
    assert len(workers) == pools[0]["concurrency"]
    for operation in ("Jobservice.StopRunningJob", "Jobservice.ActionGetJobLog"):
        with pytest.raises(RefusedError, match="NotFound"):
            harbor.call(operation, JobID="999999999")


def test_a_purge_is_scheduled_run_and_read(harbor: HarborClient) -> None:
    before = harbor.call("Purge.GetPurgeSchedule")
    harbor.call("Purge.UpdatePurgeSchedule", Schedule={"schedule": EVERY_DAY, "parameters": PURGE})
    assert harbor.call("Purge.GetPurgeSchedule")["schedule"]["type"] == "Daily"
    assert {each["vendor_type"] for each in harbor.call("Schedule.ListSchedules", Page=0, PageSize=0)}
    harbor.call("Purge.UpdatePurgeSchedule", Schedule={"schedule": before["schedule"], "parameters": PURGE})
    seen = {each["id"] for each in harbor.call("Purge.GetPurgeHistory", **UNSET)}
    harbor.call("Purge.CreatePurgeSchedule", Schedule={"schedule": {"type": "Manual"}, "parameters": PURGE})

    def done() -> Any:
        runs = harbor.call("Purge.GetPurgeHistory", **UNSET)
        return next((run for run in runs if run["id"] not in seen and run["job_status"] == "Success"), None)

    run = sooner_or_later(done)
    assert harbor.call("Purge.GetPurgeJob", PurgeID=run["id"])["job_status"] == "Success"
    assert isinstance(harbor.call("Purge.GetPurgeJobLog", PurgeID=run["id"]), str)
    with pytest.raises(RefusedError, match="StopPurgeNotFound"):
        harbor.call("Purge.StopPurge", PurgeID=999999999)


def sooner_or_later(ask: Callable[[], Any]) -> Any:
    """The first answer that holds something."""
    deadline = time.monotonic() + JOB_SECONDS
    while not (told := ask()):
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.5)
    return told


def test_no_operation_of_the_client_is_forgotten(harbor_program: Path) -> None:
    """Each is driven by a test of this folder, or stands in the list of what is not there, with the reason."""
    words = "\n".join(path.read_text() for path in Path(__file__).parent.glob("test_harbor_client*.py"))
    driven = set(re.findall(r'"([A-Z][A-Za-z0-9]+\.[A-Z][A-Za-z]+)"', words))
    all_ = operations(harbor_program)
    named = {each for each in all_ if each in ABSENT or each.partition(".")[0] in ABSENT}
    assert driven - all_ == set()
    assert named & driven == set()
    assert all_ - driven - named == set()
    assert {
        name for name in ABSENT if not any(each == name or each.startswith(f"{name}.") for each in all_)
    } == set()

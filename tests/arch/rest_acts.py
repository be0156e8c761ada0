"""The changing routes of the REST API: what comes first so that the request of the matrix of rights changes something, and the
operation of its event. Written by hand from the specification."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from artifacts import queries, stars, tags
from config import current
from config import services as settings
from core.oci.reference import Tag
from jobs import services
from jobs.models import Run, Schedule, Task
from projects.services.projects import Changes, change_project
from tests import images, schedules
from tests.arch.callers import target
from tests.people import SYSTEM
from tests.registry_api.rest.api import World
from tests.registry_api.rest.matrix import PLACES, contents, people, projects, rules
from tests.registry_api.rest.shelf import push

Route = tuple[str, str]
# A path in place of the one given, where the request of the matrix is one that nobody may make.
Prepare = Callable[[World, str], str | None]


def nothing(_world: World, _path: str) -> None:
    """What most routes need."""


def a_failed_item(_world: World, path: str) -> None:
    Task.objects.create(run_id=int(path.split("/")[2]), key="item", state="failed")


def a_queue_that_rests(_world: World, _path: str) -> None:
    services.pause_queue(SYSTEM, "maintenance")


def no_schedule(_world: World, _path: str) -> None:
    schedules.remove(Schedule.objects.filter(kind="audit.partitions"))


def a_running_job(_world: World, path: str) -> None:
    place = 3 if path.startswith(("/jobservice", "/system")) else 2
    Run.objects.filter(pk=int(path.split("/")[place])).update(state="running", stop_requested_at=None)


def a_public_project(world: World, _path: str) -> None:
    change_project(SYSTEM, world.project, Changes(public=True))


def his_star(world: World, _path: str) -> None:
    stars.star(world.admin.principal, target(world.project, "app"))


def a_tag_that_was_moved_and_back(world: World, path: str) -> str:
    """It names what the request says; the path asks for what it named meanwhile."""
    where, latest = target(world.project, "app"), Tag.parse("latest")
    kept = queries.manifest(where, latest).digest
    other = push(where, images.image({"x": b"other"}), "latest")
    tags.add(SYSTEM, where, latest, reference=kept)
    return path.replace("/artifacts/latest/", f"/artifacts/{other}/")


def a_session(world: World, _path: str) -> None:
    PLACES["<id:session_id>"](world)


def his_own_secret(world: World, _path: str) -> str:
    return f"/users/{world.admin.principal.id}/cli_secret"


def another_timeout(_world: World, _path: str) -> None:
    """Not the default, to which the request takes it back."""
    settings.change(SYSTEM, {"session_timeout": 61})
    current.forget()


Acts = dict[Route, tuple[Prepare, str]]
JOBS: Acts = {
    ("jobservice/jobs/<str:job_id>", "PUT"): (a_running_job, "job.stop"),
    ("jobservice/queues/<str:job_type>", "PUT"): (a_queue_that_rests, "queue.resume"),
    ("jobs/<id:run_id>/stop", "POST"): (a_running_job, "job.stop"),
    ("jobs/<id:run_id>/retry", "POST"): (nothing, "job.retry"),
    ("jobs/<id:run_id>/retry-failed", "POST"): (a_failed_item, "job.retry-failed"),
    ("schedules", "POST"): (no_schedule, "schedule.create"),
    ("schedules/<id:schedule_id>", "PUT"): (nothing, "schedule.update"),
    ("schedules/<id:schedule_id>", "DELETE"): (nothing, "schedule.delete"),
    ("schedules/<id:schedule_id>/run", "POST"): (nothing, "schedule.run"),
    ("export/audit-logs", "POST"): (nothing, "audit.export-start"),
    ("system/purgeaudit/schedule", "POST"): (nothing, "schedule.update"),
    ("system/purgeaudit/schedule", "PUT"): (nothing, "schedule.update"),
    ("system/purgeaudit/<id:purge_id>", "PUT"): (a_running_job, "job.stop"),
}
CONTENTS: Acts = {
    (contents.ONE, "PUT"): (nothing, "repository.update"),
    (contents.ONE, "DELETE"): (nothing, "repository.delete"),
    (contents.ARTIFACTS, "POST"): (nothing, "artifact.copy"),
    (contents.ARTIFACT, "DELETE"): (nothing, "artifact.delete"),
    (f"{contents.ARTIFACT}/tags", "POST"): (nothing, "tag.create"),
    (f"{contents.ARTIFACT}/tags/<str:tag>", "PUT"): (a_tag_that_was_moved_and_back, "tag.restore"),
    (f"{contents.ARTIFACT}/tags/<str:tag>", "DELETE"): (nothing, "tag.delete"),
    (f"{contents.ARTIFACT}/labels", "POST"): (nothing, "artifact.label"),
    (contents.WORN, "DELETE"): (nothing, "artifact.unlabel"),
    (rules.STAR, "PUT"): (nothing, "repository.star"),
    (rules.STAR, "DELETE"): (his_star, "repository.unstar"),
}
PROJECTS: Acts = {
    ("projects", "POST"): (nothing, "project.create"),
    (projects.ONE, "PUT"): (nothing, "project.update"),
    (projects.ONE, "DELETE"): (nothing, "project.delete"),
    (projects.MEMBERS, "POST"): (nothing, "member.create"),
    (projects.MEMBER, "PUT"): (nothing, "member.update"),
    (projects.MEMBER, "DELETE"): (nothing, "member.delete"),
    # Metadata are settings of the project.
    (projects.METADATAS, "POST"): (nothing, "project.update"),
    (projects.METADATA, "PUT"): (nothing, "project.update"),
    (projects.METADATA, "DELETE"): (a_public_project, "project.update"),
    ("labels", "POST"): (nothing, "label.create"),
    ("labels/<id:label_id>", "PUT"): (nothing, "label.update"),
    ("labels/<id:label_id>", "DELETE"): (nothing, "label.delete"),
    ("quotas/<id:quota_id>", "PUT"): (nothing, "quota.update"),
    (rules.RULES, "POST"): (nothing, "tag-rule.create"),
    (rules.ONE_RULE, "PUT"): (nothing, "tag-rule.update"),
    (rules.ONE_RULE, "DELETE"): (nothing, "tag-rule.delete"),
}
PEOPLE: Acts = {
    ("users", "POST"): (nothing, "user.create"),
    (people.USER, "PUT"): (nothing, "user.update"),
    (people.USER, "DELETE"): (nothing, "user.delete"),
    (f"{people.USER}/sysadmin", "PUT"): (nothing, "user.admin"),
    (f"{people.USER}/password", "PUT"): (nothing, "user.password"),
    (f"{people.USER}/cli_secret", "PUT"): (his_own_secret, "access-token.create"),
    (people.TOKENS, "POST"): (nothing, "access-token.create"),
    (f"{people.TOKENS}/<id:token_id>", "DELETE"): (nothing, "access-token.delete"),
    (people.SESSIONS, "DELETE"): (a_session, "session.revoke"),
    (f"{people.SESSIONS}/<id:session_id>", "DELETE"): (nothing, "session.revoke"),
    ("usergroups", "POST"): (nothing, "group.create"),
    (people.GROUP, "PUT"): (nothing, "group.rename"),
    (people.GROUP, "DELETE"): (nothing, "group.delete"),
    ("robots", "POST"): (nothing, "robot.create"),
    (people.ROBOT, "PUT"): (nothing, "robot.update"),
    (people.ROBOT, "PATCH"): (nothing, "robot.rotate"),
    (people.ROBOT, "DELETE"): (nothing, "robot.delete"),
    ("configurations", "PUT"): (another_timeout, "configuration.update"),
}
REST: Acts = {**JOBS, **CONTENTS, **PROJECTS, **PEOPLE}

# They try something, or would, were there a directory (tests/registry_api/rest/test_ldap.py has one): nothing changes.
TRIALS: Final[set[Route]] = {
    ("ldap/ping", "POST"),
    ("ldap/users/import", "POST"),
    ("system/oidc/ping", "POST"),
}

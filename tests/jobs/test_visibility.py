"""Who sees a run, and who may stop it."""

from __future__ import annotations

import pytest

from access.principal import Principal, ProjectRef
from core.errors import Denied, InvalidInput, ProjectUnknown
from jobs import queries, services
from jobs.models import Run
from jobs.queries import RunUnknown
from tests import people

pytestmark = pytest.mark.django_db


def outcome(actor: Principal, run: Run) -> str:
    try:
        services.stop(actor, run.pk)
    except RunUnknown:
        return "unknown"
    except (Denied, ProjectUnknown):
        return "denied"
    return "stopped"


def test_the_table_of_who_sees_and_stops_runs_holds() -> None:
    project = people.make_project()
    cast = people.people_of(project)
    ref = ProjectRef(project.pk, project.name, project.public)
    expected = {
        "admin": ("stopped", "stopped", "stopped"),
        "project_admin": ("stopped", "stopped", "unknown"),
        "maintainer": ("stopped", "stopped", "unknown"),
        "developer": ("unknown", "stopped", "unknown"),
        "guest": ("unknown", "stopped", "unknown"),
        "limited_guest": ("unknown", "stopped", "unknown"),
        # Who is no member any more sees nothing of the project, not even what he once started there.
        "outsider": ("unknown", "unknown", "unknown"),
        "auditor": ("unknown", "stopped", "unknown"),
        "anonymous": ("unknown", "unknown", "unknown"),
    }
    for name, actor in cast.all().items():
        others = services.start("demo.mark", actor=people.SYSTEM, project=ref)
        own = services.start("demo.mark", actor=actor, project=ref)
        systems = services.start("demo.mark", actor=people.SYSTEM)
        may_stop = [queries.may_stop(actor, run) for run in (others, own, systems)]
        seen = outcome(actor, others), outcome(actor, own), outcome(actor, systems)
        assert seen == expected[name], name
        assert not any(allowed and got == "denied" for allowed, got in zip(may_stop, seen, strict=True)), name
        assert all(allowed for allowed, got in zip(may_stop, seen, strict=True) if got == "stopped"), name
        for run in (others, own, systems):
            may_see = queries.visible_runs(actor).filter(pk=run.pk).exists()
            assert may_see is (outcome(actor, run) != "unknown"), name


def test_who_lost_his_role_may_stop_what_he_started_and_not_have_it_done_again() -> None:
    project = people.make_project()
    cast = people.people_of(project)
    ref = ProjectRef(project.pk, project.name, project.public)
    run = services.start("demo.mark", actor=cast.guest, project=ref)
    services.stop(cast.guest, run.pk)
    with pytest.raises(Denied):
        services.retry(cast.guest, run.pk)
    again = services.retry(cast.maintainer, run.pk)
    assert (again.state, again.actor_id, again.actor_name) == (
        "queued",
        cast.maintainer.id,
        cast.maintainer.name,
    )


@pytest.mark.parametrize(
    "arguments", [{"a": 10**30}, {"a": "nul \0"}, {"a": "half \ud800"}, {"a": float("nan")}]
)
def test_arguments_that_no_row_or_answer_can_hold_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        services.start("demo.mark", actor=people.SYSTEM, arguments=arguments)


def test_a_token_lists_no_runs() -> None:
    project = people.make_project()
    admin = people.people_of(project).admin
    services.start("demo.mark", actor=admin)
    token = Principal(admin.kind, admin.id, admin.name, is_admin=True, grants={})
    assert queries.visible_runs(admin).exists()
    assert not queries.visible_runs(token).exists()


def test_queues_and_workers_are_the_administrators() -> None:
    cast = people.people_of(people.make_project())
    for name, actor in cast.all().items():
        for listing in (queries.queues, queries.workers):
            if name == "admin":
                listing(actor)
            else:
                with pytest.raises(Denied):
                    listing(actor)

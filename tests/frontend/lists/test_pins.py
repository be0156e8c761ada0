"""Pinned projects: at hand for who pinned them, unseen by everybody else."""

from __future__ import annotations

from access.principal import ProjectRef
from audit.models import AuditEvent
from projects.models import ProjectPin
from projects.services import pins
from tests.frontend.visitor import Page, Visitor
from tests.people import make_project, make_user, principal, unique
from tests.registry_api.client import HOST

ORIGIN = {"Origin": f"http://{HOST}"}


def post(visitor: Visitor, **sent: str) -> tuple[int, str]:
    token = {"csrfmiddlewaretoken": visitor.token}
    answer = visitor.http.post("/projects/pin", data=token | sent, headers=ORIGIN)
    return answer.status_code, answer.headers.get("Location", "")


def pressed(page: Page) -> dict[str, str]:
    """Project -> whether its star is pressed in."""
    found = [each for tag, each in page.tags if each.get("id", "").startswith("pin-")]
    return {each["value"]: each["aria-pressed"] for each in found}


def test_a_pinned_project_stands_on_the_front_page_until_it_is_taken_off(ann: Visitor) -> None:
    project = make_project("pinned", public=True)
    assert pressed(ann.page(f"/p/{project.name}/")) == {project.name: "false"}
    assert post(ann, pin=project.name, next="/projects?q=x") == (303, "/projects?q=x")
    assert post(ann, pin=project.name) == (303, "/")
    assert pressed(ann.page("/"))[project.name] == "true"
    assert pressed(ann.page("/projects?pinned=yes")) == {project.name: "true"}
    assert pressed(ann.page(f"/p/{project.name}/")) == {project.name: "true"}
    assert post(ann, unpin=project.name)[0] == 303
    assert project.name not in ann.page("/projects?pinned=yes").text
    events = AuditEvent.objects.filter(actor_id=ann.user.pk, operation__startswith="project-pin")
    assert [(each.operation, each.project_id) for each in events.order_by("id")] == [
        ("project-pin.create", None),
        ("project-pin.delete", None),
    ]


def test_a_script_gets_the_button_as_it_is_now(ann: Visitor) -> None:
    project = make_project("pinned", public=True)
    ann.page("/projects")
    sent = {"csrfmiddlewaretoken": ann.token, "pin": project.name}
    answer = ann.http.post("/projects/pin", data=sent, headers=ORIGIN | {"HX-Request": "true"})
    assert answer.status_code == 200
    assert 'aria-pressed="true"' in answer.text
    assert "<html" not in answer.text


def test_a_hidden_project_is_not_pinned_and_one_that_was_shows_no_more(ann: Visitor) -> None:
    hidden, shown = make_project("hidden"), make_project("shown", public=True)
    ann.page("/projects")
    assert post(ann, pin=hidden.name)[0] == 404
    assert post(ann, pin=unique("none"))[0] == 404
    assert post(ann, pin=shown.name)[0] == 303
    type(shown).objects.filter(pk=shown.pk).update(public=False)
    assert shown.name not in ann.page("/").text
    assert shown.name not in ann.page("/projects?pinned=yes").text


def test_nobody_sees_the_pins_of_others_and_who_is_not_signed_in_has_none(
    ann: Visitor, application: object
) -> None:
    project, bob = make_project("pinned", public=True), make_user("bob")
    pins.pin(principal(bob), ProjectRef(project.pk, project.name, public=True))
    assert pressed(ann.page(f"/projects?q={project.name}")) == {project.name: "false"}
    stranger = Visitor(application)
    assert pressed(stranger.page(f"/projects?q={project.name}")) == {}
    assert pressed(stranger.page(f"/p/{project.name}/")) == {}


def test_there_is_an_end_to_pinning(ann: Visitor) -> None:
    first, more = make_project("pinned", public=True), make_project("more", public=True)
    ann.page("/projects")
    ProjectPin.objects.bulk_create(
        ProjectPin(user=ann.user, project=make_project("many", public=True)) for _ in range(pins.MOST - 1)
    )
    assert post(ann, pin=first.name)[0] == 303
    assert post(ann, pin=more.name)[0] == 409
    assert post(ann, pin=first.name)[0] == 303

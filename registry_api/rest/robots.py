"""/robots: accounts of programs, of the system and of projects, as Harbor's clients list, make, change and remove them."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from access.principal import Principal, ProjectRef
from access.table import P
from accounts.keys import permission_documents
from accounts.keys.durations import days_from_now
from accounts.keys.robots import name_of, robot_by_id, visible_robots
from accounts.models import Robot
from accounts.services import robots as services
from accounts.services.robots import RobotChanges
from core.errors import InvalidInput
from projects import queries
from registry_api.rest import answers, body, filters
from registry_api.rest import robot_shapes as shapes
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.filters import Flag, Match, Number, Text, Time
from registry_api.rest.listing import Listing
from registry_api.rest.named import id_of
from registry_api.rest.schema import DONE, LOCATION

# Harbor's own spellings of two names.
LEVEL, PROJECT_ID = "Level", "ProjectID"
ROBOTS = Listing(
    shapes.RobotEntry,
    fields={
        LEVEL: shapes.Level(),
        PROJECT_ID: Number("project_id"),
        "id": Number("id"),
        "name": Text("name"),
        "description": Text("description"),
        "disable": Flag("disabled"),
        "creation_time": Time("created_at"),
    },
    sorts={"id": "id", "name": "name", "creation_time": "created_at", "expires_at": "expires_at"},
    default="-creation_time",
)


class Robots(Endpoint):
    @ROBOTS.documented(
        "The robots of the system; those of projects with q=Level=project, of one with ProjectID=id besides"
    )
    def get(self, _request: Request) -> HttpResponse:
        found = _chosen(self.actor, self.query)
        return ROBOTS.answer(self.http_request, self.query, found, show=shapes.shown)

    @extend_schema(
        summary="Make a robot, of the system or of a project",
        request=shapes.NewRobot,
        parameters=[LOCATION],
        responses={201: shapes.RobotMade},
    )
    def post(self, _request: Request) -> HttpResponse:
        """A robot of a project has permissions in that project alone. It may do no more than who makes it."""
        wanted = body.read(self.http_request, shapes.NewRobot)
        robot, secret = services.create_robot(self.actor, _new(self.actor, wanted))
        response = answers.data(shapes.made(robot, secret), status=201)
        response["Location"] = f"/api/v2.0/robots/{robot.pk}"
        return response


class OneRobot(Endpoint):
    @extend_schema(summary="A robot", responses=shapes.RobotEntry)
    def get(self, _request: Request, robot_id: int) -> HttpResponse:
        return answers.data(shapes.shown([robot_by_id(self.actor, robot_id)])[0])

    @extend_schema(
        summary="Change description, lifetime and permissions, disable or enable",
        request=shapes.RobotChange,
        responses=DONE,
    )
    def put(self, _request: Request, robot_id: int) -> HttpResponse:
        wanted = body.read(self.http_request, shapes.RobotChange)
        robot = robot_by_id(self.actor, robot_id)
        robot = services.change_robot(self.actor, robot, _changes(self.actor, robot, wanted))
        if (disable := wanted.get("disable")) is not None:
            (services.disable_robot if disable else services.enable_robot)(self.actor, robot)
        return answers.done()

    @extend_schema(
        summary="Another secret, chosen or generated", request=shapes.NewSecret, responses=shapes.RobotSecret
    )
    def patch(self, _request: Request, robot_id: int) -> HttpResponse:
        """The former one ends at once."""
        chosen = body.read(self.http_request, shapes.NewSecret)["secret"]
        robot = robot_by_id(self.actor, robot_id)
        _, secret = services.rotate_secret(self.actor, robot, secret=chosen or None)
        return answers.data({"secret": "" if chosen else secret})

    @extend_schema(summary="Remove a robot, with those it has made", responses=DONE)
    def delete(self, _request: Request, robot_id: int) -> HttpResponse:
        services.remove_robot(self.actor, robot_by_id(self.actor, robot_id))
        return answers.done()


def _chosen(actor: Principal, query: QueryDict) -> QuerySet[Robot]:
    """As `q` says by its level and project: which right it takes depends on them."""
    terms = {term.name: term for term in filters.parse(query.get("q", "")) if term.match is Match.EXACT}
    if PROJECT_ID not in terms:
        found = visible_robots(actor, None)
        return found if LEVEL in terms else found.filter(project__isnull=True)
    project_id = id_of(terms[PROJECT_ID].values[0])
    if project_id is None:
        raise InvalidInput(f"q: {PROJECT_ID} is a whole number")
    project = queries.project_by_id(actor, project_id, P.ROBOT_LIST)
    return visible_robots(actor, queries.ref(project)).filter(Q(project_id=project.pk))


def _new(actor: Principal, wanted: dict[str, Any]) -> services.NewRobot:
    home = _home(actor, wanted["permissions"]) if wanted["level"] == shapes.PROJECT else None
    return services.NewRobot(
        wanted["name"],
        permission_documents.parsed(actor, wanted["permissions"]),
        home,
        wanted["description"],
        wanted["duration"],
        disabled=wanted["disable"],
        secret=wanted["secret"] or None,
    )


def _home(actor: Principal, permissions: list[dict[str, Any]]) -> ProjectRef:
    """The project that the permissions name: Harbor's clients say it nowhere else."""
    names = {each.get("namespace") for each in permissions if each.get("kind") == shapes.PROJECT}
    name = names.pop() if len(names) == 1 else None
    if not isinstance(name, str) or name == permission_documents.ALL:
        raise InvalidInput(
            "permissions: a robot of level project has them in one project, the namespace names it"
        )
    return queries.ref(queries.project_with(actor, name, P.ROBOT_CREATE))


def _changes(actor: Principal, robot: Robot, wanted: dict[str, Any]) -> RobotChanges:
    """Raises InvalidInput for what never changes; sent as it is, it changes nothing."""
    if wanted.get("name", name_of(robot)) not in (name_of(robot), robot.name):
        raise InvalidInput("name: a robot keeps its name: make another one")
    if wanted.get("level", shapes.level_of(robot)) != shapes.level_of(robot):
        raise InvalidInput("level: a robot stays one of its project or of the system: make another one")
    duration, permissions = wanted.get("duration"), wanted.get("permissions")
    return RobotChanges(
        description=wanted.get("description"),
        allowances=None if permissions is None else permission_documents.parsed(actor, permissions),
        days=None if duration is None else days_from_now(robot, duration),
    )

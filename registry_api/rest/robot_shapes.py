"""What /robots shows and takes: Harbor's names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from rest_framework import serializers

from access.allowances import from_json
from access.principal import ActorKind
from accounts.keys.durations import FOR_EVER, duration_of
from accounts.keys.permission_documents import written_each
from accounts.keys.robots import name_of
from accounts.models import Robot
from core.errors import InvalidInput
from registry_api.rest.filters import Match, Term
from registry_api.rest.lenient import Choice, Lenient

SYSTEM, PROJECT = "system", "project"
MAX_DAYS = 10**6


class Access(serializers.Serializer[dict[str, str]]):
    resource = serializers.CharField()
    action = serializers.CharField()
    effect = serializers.CharField(help_text="Always allow.")


class Permission(serializers.Serializer[dict[str, Any]]):
    kind = serializers.CharField(help_text="project or system.")
    namespace = serializers.CharField(help_text="A project's name, * for all projects, / for the system.")
    access = Access(many=True)
    repositories = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Globs over paths below the project."
    )


class RobotEntry(serializers.Serializer[Robot]):
    """No secret is ever among it."""

    id = serializers.IntegerField()
    name = serializers.CharField(help_text="What it signs in with.")
    description = serializers.CharField()
    level = serializers.CharField(help_text="system or project.")
    duration = serializers.IntegerField(help_text="Days from its making, -1 for ever.")
    editable = serializers.BooleanField()
    disable = serializers.BooleanField()
    expires_at = serializers.IntegerField(help_text="Seconds since 1970, -1 for never.")
    permissions = Permission(many=True)
    creator_type = serializers.CharField()
    creator_ref = serializers.IntegerField()
    creation_time = serializers.DateTimeField()


class RobotMade(serializers.Serializer[dict[str, Any]]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    secret = serializers.CharField(help_text="Shown this once.")
    creation_time = serializers.DateTimeField()
    expires_at = serializers.IntegerField()


class NewRobot(Lenient):
    name = serializers.CharField(trim_whitespace=False)
    level = Choice((SYSTEM, PROJECT))
    description = serializers.CharField(default="", allow_blank=True, trim_whitespace=False)
    duration = serializers.IntegerField(
        default=None, allow_null=True, min_value=FOR_EVER, max_value=MAX_DAYS, help_text="Days, -1 for ever."
    )
    disable = serializers.BooleanField(default=False)
    secret = serializers.CharField(
        default="", allow_blank=True, trim_whitespace=False, help_text="Empty or absent: one is generated."
    )
    permissions = serializers.ListField(child=serializers.DictField())


class RobotChange(Lenient):
    """What is absent stays as it is. Name and level do not change.

    A body with `level` is a whole robot, as Harbor asks for: there no description is an empty one, and no `disable` is false,
    which Harbor's Go client and Terraform's provider leave out.
    """

    name = serializers.CharField(required=False, trim_whitespace=False)
    level = serializers.CharField(required=False)
    description = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    duration = serializers.IntegerField(required=False, min_value=FOR_EVER, max_value=MAX_DAYS)
    disable = serializers.BooleanField(required=False)
    permissions = serializers.ListField(child=serializers.DictField(), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return ({"description": "", "disable": False} if "level" in attrs else {}) | attrs


class NewSecret(Lenient):
    secret = serializers.CharField(
        default="", allow_blank=True, trim_whitespace=False, help_text="Empty or absent: one is generated."
    )


class RobotSecret(serializers.Serializer[dict[str, Any]]):
    secret = serializers.CharField(help_text="Shown this once; empty where it was chosen.", allow_blank=True)


@dataclass(frozen=True, slots=True)
class Level:
    """system or project, as a field of `q`."""

    def condition(self, term: Term) -> Q:
        if term.match is not Match.EXACT or term.values[0] not in (SYSTEM, PROJECT):
            raise InvalidInput(f"q: {term.name} is {SYSTEM} or {PROJECT}")
        return Q(project__isnull=term.values[0] == SYSTEM)


def shown(robots: Sequence[Robot]) -> list[dict[str, Any]]:
    """Robots whose projects are loaded (one query)."""
    permissions = written_each([from_json(robot.allowances) for robot in robots])
    return [_shown(robot, each) for robot, each in zip(robots, permissions, strict=True)]


def level_of(robot: Robot) -> str:
    return SYSTEM if robot.project_id is None else PROJECT


def made(robot: Robot, secret: str) -> dict[str, Any]:
    """A new robot, with what is shown once."""
    facts = {"id": robot.pk, "name": name_of(robot), "secret": secret}
    return facts | {"creation_time": robot.created_at, "expires_at": _expires_at(robot)}


def _shown(robot: Robot, permissions: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": robot.pk,
        "name": name_of(robot),
        "description": robot.description,
        "level": level_of(robot),
        "duration": duration_of(robot),
        "editable": True,
        "disable": robot.disabled,
        "expires_at": _expires_at(robot),
        "permissions": permissions,
        # Harbor's word for people.
        "creator_type": "robot" if robot.created_by_kind == ActorKind.ROBOT else "local",
        "creator_ref": robot.created_by_id,
        "creation_time": robot.created_at,
    }


def _expires_at(robot: Robot) -> int:
    return FOR_EVER if robot.expires_at is None else int(robot.expires_at.timestamp())

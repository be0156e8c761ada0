"""`wharf access explain|who`: why somebody may do something in a project or may not, and who may."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput
from wharf import console

if TYPE_CHECKING:
    from access.explanation import Explanation
    from access.holders import Holder, Holders, RobotHolder
    from access.principal import Principal
    from access.steps import Step
    from accounts.models import AccessToken, Robot, User

ANONYMOUS = "anonymous"
ACTION = "pull, push, delete, or a permission such as tag:delete"


def register(nouns: console.SubParsers) -> None:
    verbs = nouns.add_parser("access", help="who may do what, and why").add_subparsers(
        required=True, metavar="VERB"
    )
    parser = console.verb(verbs, "explain", "why a user or robot may do something, or may not")
    parser.add_argument(
        "user",
        help=f"a user's name, a robot's (robot$ci), or '{ANONYMOUS}' for anybody who has not signed in",
    )
    parser.add_argument("action", help=ACTION)
    parser.add_argument("project", metavar="PROJECT[/REPOSITORY]")
    parser.add_argument("--token", metavar="NAME", help="the user comes with this access token of his")
    parser.set_defaults(run=explain)
    parser = console.verb(verbs, "who", "everybody who may do something in a project")
    parser.add_argument("action", help=ACTION)
    parser.add_argument("project")
    parser.set_defaults(run=who)


def explain(options: argparse.Namespace) -> int:
    from access.explanation import needed
    from core.oci.names import RepositoryName
    from projects import explanations
    from projects.queries import project_as_typed

    actor, wanted = console.actor(), needed(options.action)
    name, _, path = options.project.partition("/")
    repository = str(RepositoryName.parse(options.project)) if path else ""
    project = project_as_typed(actor, name)
    shown, subject, key = _subject(options, actor)
    found = explanations.explain(actor, subject, wanted, project, repository=repository, key=key)
    facts = {
        "user": shown,
        "action": options.action,
        "project": project.name,
        "repository": repository or None,
        **_explained(found),
    }
    return console.show(options, facts, _chain(facts, found))


def _subject(
    options: argparse.Namespace, actor: Principal
) -> tuple[str, User | Robot | None, AccessToken | None]:
    """Who is asked about, and how he is shown. Raises UserUnknown, RobotUnknown, AccessTokenUnknown."""
    from accounts.keys.robots import MARK, name_of
    from accounts.queries import user_by_name
    from accounts.services.access_tokens import access_token_by_name
    from wharf.robot_options import robot_named

    if MARK in options.user or options.user == ANONYMOUS:
        if options.token is not None:
            raise InvalidInput("only users have access tokens: leave --token out")
        if options.user == ANONYMOUS:
            return ANONYMOUS, None, None
        robot = robot_named(actor, options.user)
        return name_of(robot), robot, None
    user = user_by_name(actor, options.user)
    key = access_token_by_name(actor, user, options.token) if options.token is not None else None
    return user.username + (f" with token {key.name}" if key else ""), user, key


def who(options: argparse.Namespace) -> int:
    from access.explanation import needed
    from projects import explanations
    from projects.queries import project_as_typed

    actor, wanted = console.actor(), needed(options.action)
    project = project_as_typed(actor, options.project)
    found = explanations.who_may(actor, wanted, project)
    facts = {"action": options.action, "project": project.name, **_held(found)}
    return console.show(options, facts, _list(facts, found))


def _explained(found: Explanation) -> dict[str, Any]:
    return {
        "allowed": found.allowed,
        "needs": [str(permission) for permission in found.needed],
        "steps": [
            {
                "kind": str(step.kind),
                "text": step.text,
                "allows": step.allows,
                "decides": step.decides,
                "since": _time(step.since),
                "source": step.source or None,
                "read": _time(step.synced_at),
            }
            for step in found.steps
        ],
    }


def _chain(facts: dict[str, Any], found: Explanation) -> str:
    """The steps as lines, an arrow before who decides."""
    word = "may" if found.allowed else "may not"
    lines = [f"{facts['user']} {word} {facts['action']} in {facts['repository'] or facts['project']}"]
    width = max(len(step.kind) for step in found.steps)
    for step in found.steps:
        answer = {True: "yes", False: "no", None: "-"}[step.allows]
        lines.append(f"{'->' if step.decides else '  '} {step.kind:{width}}  {answer:3}  {_line(step)}")
    return "\n".join(lines)


def _line(step: Step) -> str:
    notes = [f"since {_time(step.since)}"] if step.since else []
    if step.source == "ldap":
        notes.append(f"people read from the directory {_time(step.synced_at) or 'never: wharf ldap sync'}")
    return f"{step.text} ({', '.join(notes)})" if notes else step.text


def _held(found: Holders) -> dict[str, Any]:
    return {
        "public": found.public,
        "number": found.number,
        "administrators": list(found.administrators),
        "auditors": list(found.auditors),
        "users": [{"name": each.name, "role": each.role, "since": _time(each.since)} for each in found.users],
        "groups": [_group(each) for each in found.groups],
        "robots": [_robot(each) for each in found.robots],
    }


def _group(each: Holder) -> dict[str, Any]:
    return {
        "name": each.name,
        "role": each.role,
        "people": each.people,
        "source": each.source,
        "since": _time(each.since),
        "read": _time(each.synced_at),
    }


def _robot(each: RobotHolder) -> dict[str, Any]:
    from accounts.keys.robots import full_name

    return {
        "name": full_name(each.name, each.project),
        "repositories": list(each.repositories),
        "ends": _time(each.expires_at),
        "last_used": _time(each.last_used_at),
    }


def _list(facts: dict[str, Any], found: Holders) -> str:
    lines = [f"{facts['action']} in {facts['project']}: {found.number} with an account"]
    lines.append(f"anybody, without signing in: {'yes' if found.public else 'no'}")
    for title, names in (
        ("system administrators", found.administrators),
        ("auditors", found.auditors),
        ("users", [f"{each.name} ({each.role})" for each in found.users]),
        ("groups", [f"{each.name} ({each.role}, {each.people} people)" for each in found.groups]),
        ("robots", [_robot_text(each) for each in facts["robots"]]),
    ):
        lines.append(f"{title}: {', '.join(names) or 'none'}")
    return "\n".join(lines)


def _robot_text(robot: dict[str, Any]) -> str:
    notes = [f"until {robot['ends']}" if robot["ends"] else "for ever"]
    notes += [f"in {', '.join(robot['repositories'])}"] if robot["repositories"] else []
    return f"{robot['name']} ({', '.join(notes)})"


def _time(moment: Any) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None

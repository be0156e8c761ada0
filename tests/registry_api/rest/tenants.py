"""Two tenants of one registry: each has something of every kind, all of it named with a word that is nobody else's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

from access.models import Member
from access.principal import AuthMethod, Origin
from access.robots import IN_PROJECT
from access.table import Role
from accounts.models import AccessToken, Group, Robot, User
from accounts.services import sessions
from jobs.models import LogLine, Task
from tests import images, keys, people
from tests.registry_api.client import PASSWORD, basic
from tests.registry_api.rest import exports
from tests.registry_api.rest.api import Caller, World
from tests.registry_api.rest.shelf import at, shelf

ROLES = ("project_admin", "developer", "guest")


@dataclass(frozen=True)
class Asker:
    """Somebody of a tenant, as he is known to a server. `basic` is None where he has no password or key to show."""

    headers: dict[str, str]
    basic: str | None = None


@dataclass
class Tenant:
    """`places`: what stands for a part of a route, by each of its names. `facts`: what may be asked for beside a path."""

    word: str
    project: Any
    askers: dict[str, Asker] = field(default_factory=dict)
    places: dict[str, tuple[str, ...]] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    def name(self, kind: str) -> str:
        return f"{self.word}-{kind}"


def make(http: httpx2.Client) -> Tenant:
    """A private project with people, a group, keys, contents, rules, jobs and a log."""
    word = f"zq{uuid4().hex[:10]}"
    tenant = Tenant(word, people.make_project(word))
    users = {role: _person(tenant, Role[role.upper()]) for role in ROLES}
    group = Group.objects.create(name=tenant.name("group"))
    grouped = Member.objects.create(project=tenant.project, group=group, role_id=Role.GUEST)
    world = World(http, tenant.project)
    boss = users["project_admin"]
    world.callers["boss"] = Caller(http, basic(boss.username, PASSWORD), people.principal(boss))
    robot = _keys(tenant, boss)
    tenant.facts |= {"user": users["guest"].username, "group": group.name, "project": tenant.project.name}
    tenant.facts |= {"project_id": str(tenant.project.pk), "robot": tenant.name("robot"), "word": word}
    member = Member.objects.get(project=tenant.project, user=users["guest"])
    tenant.places |= {
        "<str:project>": (tenant.project.name, str(tenant.project.pk)),
        "<id:quota_id>": (str(tenant.project.pk),),
        "<id:user_id>": (str(users["guest"].pk),),
        "<id:group_id>": (str(group.pk),),
        "<id:member_id>": (str(member.pk), str(grouped.pk)),
        "<id:robot_id>": (str(robot),),
        "<str:key>": ("public",),
        "<str:name>": ("pushed",),
        "<path:rest>": ("nothing",),
    }
    _contents(tenant, world)
    _work(tenant, world)
    return tenant


def _person(tenant: Tenant, role: Role) -> User:
    """With a password and a browser."""
    kind = role.name.lower()
    user = people.make_user(tenant.name(kind), password=PASSWORD)
    User.objects.filter(pk=user.pk).update(
        email=f"{tenant.word}@example.org", full_name=f"{tenant.word} {kind}"
    )
    Member.objects.create(project=tenant.project, user=user, role_id=role)
    origin = Origin(ip="192.0.2.7", agent=f"{tenant.word} browser", request_id="req-test")
    cookie = sessions.start(user, AuthMethod.BASIC, origin)
    shown = basic(user.username, PASSWORD)
    tenant.askers[kind] = Asker({"Authorization": shown}, shown)
    tenant.askers[f"{kind} in a browser"] = Asker({"Cookie": f"wharf_session={cookie}"})
    return user


def _keys(tenant: Tenant, boss: User) -> int:
    """A robot with every right in the project, and a token of its admin for all of his; the robot's id."""
    allowed = keys.in_project(tenant.project, IN_PROJECT)
    robot = keys.robot(
        allowed, project=tenant.project, name=tenant.name("robot"), description=tenant.name("said")
    )
    token = keys.personal(boss, allowed)
    AccessToken.objects.filter(pk=token.principal.key_id).update(name=tenant.name("token"))
    for kind, key in (("robot", robot), ("token", token)):
        shown = basic(key.username, key.secret)
        tenant.askers[kind] = Asker({"Authorization": shown}, shown)
    tenant.places["<id:token_id>"] = tenant.places["<int:token>"] = (str(token.principal.key_id),)
    return Robot.objects.get(pk=robot.principal.id).pk


def _contents(tenant: Tenant, world: World) -> None:
    """A repository with a tagged image that has a label, an accessory and a star; a rule of immutable tags; an upload."""
    path, tag = f"{tenant.word}/app", tenant.name("tag")
    made = images.image(
        {tenant.word: tenant.word.encode()},
        annotations={"note": tenant.name("note")},
        command=tenant.name("command"),
    )
    where = shelf(tenant.project, path, made, tag)
    shelf(
        tenant.project,
        path,
        images.artifact(b"signed", artifact_type=f"application/{tenant.word}", subject=made.manifest),
    )
    label = {"name": tenant.name("label"), "description": tenant.name("said"), "scope": "p"}
    label_id = _does(world, "POST", "/labels", label | {"project_id": tenant.project.pk})
    artifact = at(where, f"artifacts/{tag}")
    _does(world, "POST", f"{artifact}/labels", {"id": int(label_id)})
    _does(world, "POST", f"{artifact}/tags", {"name": tenant.name("further")})
    _does(world, "PUT", at(where), {"description": tenant.name("described")})
    _does(world, "PUT", at(where, "star"), None)
    matching = [{"kind": "doublestar", "decoration": "matches", "pattern": f"{tenant.word}-rule*"}]
    repositories = [{"kind": "doublestar", "decoration": "repoMatches", "pattern": f"{tenant.word}/**"}]
    rule = {"tag_selectors": matching, "scope_selectors": {"repository": repositories}}
    rule_id = _does(world, "POST", f"/projects/{tenant.project.name}/immutabletagrules", rule)
    name = f"{tenant.project.name}/{path}"
    tenant.facts |= {"path": path, "repository": name, "label": label["name"], "tag": tag}
    tenant.places |= {
        "<repository:repository>": (path.replace("/", "%252F"),),
        "<str:reference>": (tag, made.digest),
        "<path:repository>": (f"{tenant.project.name}/{path}",),
        "<str:tag>": (tag,),
        "<str:digest>": (made.digest,),
        "<id:label_id>": (label_id,),
        "<id:worn_id>": (label_id,),
        "<id:rule_id>": (rule_id,),
        "name": (name,),
        "reference": (tag, made.digest),
        "digest": (made.digest, made.config.digest, made.blobs[-1].digest),
        "upload": (_upload(world.http, tenant, name),),
    }


def bearer(http: httpx2.Client, shown: str, *scopes: str) -> str:
    """The header with a registry token for what of these scopes its holder may have."""
    asked: dict[str, Any] = {
        "params": [("scope", scope) for scope in scopes],
        "headers": {"Authorization": shown},
    }
    return f"Bearer {http.get('/service/token', **asked).json()['token']}"


def _upload(http: httpx2.Client, tenant: Tenant, name: str) -> str:
    """The id of a session that its developer has begun."""
    shown = tenant.askers["developer"].basic or ""
    token = bearer(http, shown, f"repository:{name}:pull,push")
    answer = http.post(f"/v2/{name}/blobs/uploads/", headers={"Authorization": token})
    assert answer.status_code == 202, answer.text
    return str(answer.headers["Location"]).partition("?")[0].rpartition("/")[2]


def _does(world: World, method: str, path: str, body: Any) -> str:
    """As the project's admin: the id of what was made."""
    answer = world.callers["boss"].call(method, path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return str(answer.headers.get("Location", "")).rpartition("/")[2]


def _work(tenant: Tenant, world: World) -> None:
    """A run with items and a log, its schedule, what was done in the project, an export of that, and a purge."""
    subject = {
        "subject_type": "repository",
        "subject_id": tenant.word,
        "subject_name": tenant.facts["repository"],
    }
    run = world.run("boss", state="failed", error=tenant.name("error"), log_lines=1, **subject)
    Task.objects.create(run=run, key=tenant.name("item"), state="failed", error=tenant.name("error"))
    LogLine.objects.create(run=run, n=1, level="info", message=tenant.name("line"))
    schedule = world.schedule(kind="test.kind", **subject)
    event = world.event(by=world.callers["boss"].principal, said=tenant.name("detail"))
    purge = world.run("boss", kind="audit.purge", project_id=None)
    tenant.places |= {
        "<id:run_id>": (str(run.pk),),
        "<int:run>": (str(run.pk),),
        "<str:job_id>": (str(run.pk),),
        "<id:schedule_id>": (str(schedule.pk),),
        "<id:event_id>": (str(event.pk),),
        "<id:execution_id>": (str(exports.made(world, "boss", project_ids=(tenant.project.pk,))),),
        "<id:purge_id>": (str(purge.pk),),
        "<str:job_type>": ("test.kind",),
        "<str:pool_id>": ("all",),
    }

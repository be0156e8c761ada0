"""Groups of the directory as members of a project, also those nobody has imported yet."""

from __future__ import annotations

from access.models import Member
from access.principal import Principal
from access.table import P, Role
from accounts import ldap
from accounts.models import Group, Source
from accounts.services.directory import directory_actor
from accounts.sync.people import import_group_at, the_directory
from audit.actions import action
from core.errors import DirectoryUnused, Unavailable
from projects.models import Project
from projects.queries import ref
from projects.services.members import add_member, check_given


def add_directory_group(
    actor: Principal, project: Project, dn: str, role: Role, *, name: str | None = None
) -> Member:
    """Give everybody in the directory's group of that DN a role. One that nobody knew here is imported, as `name` if given.

    The directory is asked outside of any transaction, and only for who may make members. Raises GroupUnknown, AlreadyExists,
    NameInvalid, Unavailable, ProjectUnknown, Denied.
    """
    with action(actor, P.MEMBER_CREATE, ref(project), name="member.create") as draft:
        check_given(actor, project, role)  # before anything is imported for it
        draft.discard()  # a refusal is recorded here; what is allowed is recorded when it is done
    return add_member(actor, project, _known(dn) or _imported(actor, dn, name), role)


def _known(dn: str) -> Group | None:
    if not ldap.available():
        return None
    from accounts.ldap.names import normal

    return Group.objects.filter(source=Source.LDAP, dn=normal(dn), gone_at__isnull=True).first()


def _imported(actor: Principal, dn: str, name: str | None) -> Group:
    """Made known by the system, as at a sign-in: who may make members need not be let manage groups."""
    try:
        return import_group_at(directory_actor(actor.origin), the_directory(), dn, name=name)
    except Unavailable as error:
        # That no directory is in use, systeminfo tells everybody.
        if actor.is_admin or isinstance(error, DirectoryUnused):
            raise
        raise Unavailable(
            "the directory could not be asked: try again, or ask an administrator to look at it"
        ) from error

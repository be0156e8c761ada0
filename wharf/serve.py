"""One role in the foreground, as a container or a service manager runs it: no supervisor, nothing embedded.

The process becomes gunicorn or Celery itself (exec), so that signals reach it directly: SIGTERM lets requests and tasks in
flight finish, SIGHUP renews gunicorn's workers one by one. Logs go to standard output.
"""

from __future__ import annotations

import os
from typing import NoReturn

from wharf import front, preflight
from wharf.environment import Environment, Role
from wharf.preflight import StartRefused

SERVERS = (Role.REGISTRY, Role.WEB)


def serve(environment: Environment) -> NoReturn:
    """Check what must be true, then become the process of `environment.role`. Raises StartRefused."""
    if environment.role is Role.ALL:
        raise StartRefused(
            "set WHARF_ROLE to registry, web, worker, beat or shipper; all of them at once is: wharf up"
        )
    preflight.external_services(environment)
    preflight.data_folder(environment.layout)
    preflight.storage_folder(environment)
    preflight.pages(environment)
    listener = preflight.reserve_port(environment).detach() if environment.role in SERVERS else -1
    # A registry's shipper is a role of its own here: one process, which signals reach directly.
    command = front.commands(environment, listener=listener)[0]
    if command.directory is not None:
        os.chdir(command.directory)
    os.execve(command.arguments[0], command.arguments, {**os.environ, **command.environment})  # noqa: S606 - a fixed list

"""The commands of the processes that serve and work: gunicorn, the Celery worker, Celery beat, the shipper of pulls."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from wharf.environment import Environment, Role
from wharf.layout import CHECKOUT
from wharf.processes import Command

# Long jobs leave one of them free for short ones (jobs.fairness), and two kinds of long jobs can be under way beside it.
TASK_PROCESSES = 4


def commands(environment: Environment, *, listener: int) -> list[Command]:
    """What `environment.role` runs, its own process first. `listener` is the descriptor of the reserved port.

    A host that serves pulls has a spool, and needs one shipper for it, however many registries it runs.
    """
    web, worker, beat = _gunicorn(environment, listener), _worker(environment), _beat(environment)
    shipper = _shipper(environment)
    return {
        Role.ALL: [web, worker, beat, shipper],
        Role.REGISTRY: [web, shipper],
        Role.SHIPPER: [shipper],
        Role.WEB: [web],
        Role.WORKER: [worker],
        Role.BEAT: [beat],
    }[environment.role]


def _gunicorn(environment: Environment, listener: int) -> Command:
    config = Path(__file__).with_name("gunicorn_config.py")
    return Command(
        "gunicorn",
        (
            sys.executable,
            "-m",
            "gunicorn",
            "-c",
            str(config),
            "-b",
            f"fd://{listener}",
            "wharf.wsgi:application",
        ),
        orphaned=signal.SIGQUIT,  # without a supervisor the database is going down too: no grace
        grace=environment.stop_seconds + 5.0,
        directory=CHECKOUT,
        environment={"DJANGO_SETTINGS_MODULE": "wharf.settings"},
        log=environment.layout.logs / "gunicorn.log",
    )


def _worker(environment: Environment) -> Command:
    flags = ("worker", "--pool", "prefork", "--concurrency", str(TASK_PROCESSES), "-Q", "wharf")
    quiet = ("--without-gossip", "--without-mingle", "--loglevel", environment.log_level)
    # A softer signal is not heard while Celery waits for a broker that is going down too; runs survive a kill.
    return _celery(environment, "worker", (*flags, *quiet), orphaned=signal.SIGKILL)


def _beat(environment: Environment) -> Command:
    flags = (
        "beat",
        "--scheduler",
        "wharf.beat:Scheduler",
        "--pidfile",
        "",
        "--loglevel",
        environment.log_level,
    )
    return _celery(environment, "beat", flags, orphaned=signal.SIGTERM)


def _shipper(environment: Environment) -> Command:
    return Command(
        "shipper",
        (sys.executable, "-m", "wharf.shipper"),
        grace=5.0,  # what is not shipped stays in the spool
        directory=CHECKOUT,
        log=environment.layout.logs / "shipper.log",
    )


def _celery(
    environment: Environment, name: str, flags: tuple[str, ...], *, orphaned: signal.Signals
) -> Command:
    return Command(
        name,
        # Django's checks are of the source, by bin/check: here they would load every page and route, a second of each start.
        (sys.executable, "-m", "celery", "-A", "wharf.celery", "--skip-checks", *flags),
        orphaned=orphaned,
        grace=15.0,  # tasks may run twice: killing a long one is safe
        directory=CHECKOUT,
        environment={"DJANGO_SETTINGS_MODULE": "wharf.settings"},
        log=environment.layout.logs / f"{name}.log",
    )

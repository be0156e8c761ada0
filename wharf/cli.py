"""`wharf <noun> <verb>`: finds the noun's module, starts Django when it is needed, turns errors into one
line."""

from __future__ import annotations

import argparse
import difflib
import importlib
import logging
import os
import pkgutil
import signal
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from types import ModuleType

from core.errors import SearchTooLong, WharfError
from core.oci.quoting import quoted
from wharf import commands


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wharf.settings")
    given = list(sys.argv[1:] if arguments is None else arguments)
    raise SystemExit(run(given))


def run(given: list[str]) -> int:
    """Exit status of the command `given`: 0 done, 1 refused by a rule, 2 wrong usage or environment."""
    names = command_names()
    if given == ["help"]:
        given = ["--help"]
    chosen = given[0] if given and given[0] in names else None
    if given and chosen is None and not given[0].startswith("-"):
        return _other_command(given, names)
    modules = [_load(chosen)] if chosen else [_load(name) for name in names]
    parser = _parser(modules)
    if not given:
        parser.print_help()
        return 2
    options = parser.parse_args(given)
    if chosen and getattr(modules[0], "NEEDS_DJANGO", True):
        _setup_django()
    action: Callable[[argparse.Namespace], int] = options.run
    return _one_line(lambda: action(options))


def command_names() -> list[str]:
    """The nouns: one module in wharf/commands each."""
    return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))


def _load(name: str) -> ModuleType:
    return importlib.import_module(f"wharf.commands.{name}")


def _parser(modules: list[ModuleType]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wharf", description="Wharf, a container registry.")
    parser.add_argument("--version", action="version", version=f"wharf {version('wharf')}")
    nouns = parser.add_subparsers(dest="noun", required=True, metavar="COMMAND")
    for module in modules:
        module.register(nouns)
    return parser


def _setup_django() -> None:
    import django

    django.setup()
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            # A command's standard output is its result, which programs read.
            handler.setStream(sys.stderr)
        if type(handler) is logging.StreamHandler:
            handler.setLevel(logging.ERROR)  # what was refused it tells in a sentence


def _other_command(given: list[str], names: list[str]) -> int:
    """manage.py's own commands (makemigrations, shell, …) remain reachable under their names."""
    from django.core.management import execute_from_command_line, get_commands

    if given[0] not in get_commands():
        near = difflib.get_close_matches(given[0], names, n=1)
        meant = f": did you mean '{near[0]}'?" if near else ""
        print(f"wharf: no command {quoted(given[0])}{meant} (wharf --help)", file=sys.stderr)
        return 2
    execute_from_command_line(["manage.py", *given])
    return 0


def _one_line(action: Callable[[], int]) -> int:
    try:
        status = action()
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        return _unread()
    except WharfError as error:
        print(f"wharf: {error.message}", file=sys.stderr)
        return 2 if isinstance(error, SearchTooLong) else 1  # that one must be asked otherwise
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if not _is_database_away(error):
            raise
        print(f"wharf: {_database_away(error)}", file=sys.stderr)
        return 1


def _database_away(error: Exception) -> str:
    from django.conf import settings

    # Its own server ends with it; that of others is looked for elsewhere.
    if settings.WHARF_EMBEDS_DATABASE:
        return f"no Wharf is running on {settings.WHARF_DATA} (WHARF_DATA): start it with bin/up, or set WHARF_DATA"
    return f"the database does not answer ({_first_line(error)}); is the server up? (WHARF_DATABASE_URL)"


def _unread() -> int:
    """Whoever read the output has seen enough (`| head`); the status is what a shell gives a program that SIGPIPE ended."""
    # What is left in the buffer is written at the end of the process: to where nobody minds.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + signal.SIGPIPE


def _is_database_away(error: Exception) -> bool:
    # Looked up, not imported: `wharf up` and `wharf --help` load no Django.
    database = sys.modules.get("django.db")
    return database is not None and isinstance(error, database.OperationalError | database.InterfaceError)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]

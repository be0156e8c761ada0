"""`wharf config list|get|set|reset|describe|reseal`: the settings administrators change while the registry runs."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput, NotFound
from wharf import console

if TYPE_CHECKING:
    from config.catalogue.setting import Setting
    from config.queries import Seen

HIDDEN = "***"
SHOWN_CHARACTERS = 60


class SettingUnknown(NotFound):
    """No setting has that key."""


def register(nouns: console.SubParsers) -> None:
    noun = nouns.add_parser("config", help="settings that need no restart")
    verbs = noun.add_subparsers(required=True, metavar="VERB")
    console.verb(verbs, "list", "list all settings with their values").set_defaults(run=list_)
    for name, help_, run in (
        ("get", "print the value of a setting; a secret is not shown", get),
        ("describe", "say what a setting means, which values it takes and who changed it", describe),
    ):
        parser = console.verb(verbs, name, help_)
        parser.add_argument("key")
        parser.set_defaults(run=run)
    _register_set(verbs)
    reset_ = console.verb(verbs, "reset", "bring settings back to their defaults")
    reset_.add_argument("keys", nargs="+", metavar="KEY")
    reset_.set_defaults(run=reset)
    console.verb(verbs, "reseal", "seal stored secrets with the newest secret key").set_defaults(run=reseal)


def _register_set(verbs: console.SubParsers) -> None:
    parser = console.verb(verbs, "set", "change settings: all of those given, or none of them")
    parser.add_argument(
        "pairs", nargs="*", metavar="KEY=VALUE", help="not for secrets: arguments show in `ps`"
    )
    parser.add_argument(
        "--from-file",
        action="append",
        default=[],
        metavar="KEY=PATH",
        help="the value is what the file holds",
    )
    parser.add_argument(
        "--stdin", metavar="KEY", help="the value is asked for, or read from standard input to its end"
    )
    parser.set_defaults(run=set_)


def list_(options: argparse.Namespace) -> int:
    rows = [_row(seen) for seen in _visible()]
    if not options.json:
        rows = [
            {name: row[name] for name in ("key", "source")}
            | {"value": _cut(row), "changed_by": row["changed_by"]}
            for row in rows
        ]
    return console.show(options, rows)


def get(options: argparse.Namespace) -> int:
    row = _row(_one(options.key))
    return console.show(options, row, _text(row))


def describe(options: argparse.Namespace) -> int:
    seen = _one(options.key)
    row = _row(seen)
    lines = [
        f"{seen.setting.key} ({seen.setting.section})",
        seen.setting.description,
        f"Takes:    {row['takes']}",
        f"Value:    {_text(row) or 'none'} ({_origin(seen)})",
        f"Default:  {_plain(row['default']) or 'none'}",
        f"Fixed by: {seen.setting.variable} in the environment, if set",
        *([f"Problem:  {seen.problem}"] if seen.problem else []),
    ]
    return console.show(options, row, "\n".join(lines))


def set_(options: argparse.Namespace) -> int:
    from config import services

    wanted = given(options)
    if not wanted:
        raise InvalidInput("nothing to change: give KEY=VALUE, --from-file KEY=PATH or --stdin KEY")
    return _changed(options, services.change(console.actor(), wanted))


def given(options: argparse.Namespace) -> dict[str, Any]:
    """The values named by `pairs`, `from_file` and `stdin`, as JSON, by key."""
    wanted: dict[str, Any] = {}
    for pair in options.pairs:
        key, text = _halves(pair, "KEY=VALUE")
        _add(wanted, key, _typed(key, text))
    for pair in options.from_file:
        key, path = _halves(pair, "KEY=PATH")
        _add(wanted, key, _read(key, _content(Path(path))))
    if options.stdin:
        _add(wanted, options.stdin, _read(options.stdin, _from_stdin(options.stdin)))
    return wanted


def reset(options: argparse.Namespace) -> int:
    from config import services

    return _changed(options, services.reset(console.actor(), options.keys))


def reseal(options: argparse.Namespace) -> int:
    from config import services

    keys = services.reseal(console.actor())
    return console.show(options, {"resealed": keys}, f"{len(keys)} secrets sealed with the newest key")


def _changed(options: argparse.Namespace, keys: list[str]) -> int:
    text = f"changed: {', '.join(keys)}" if keys else "nothing to change: all of it is so already"
    return console.show(options, {"changed": keys}, text)


def _visible() -> list[Seen]:
    from config.queries import visible_settings

    return visible_settings(console.actor())


def _one(key: str) -> Seen:
    found = next((seen for seen in _visible() if seen.setting.key == key), None)
    if found is None:
        raise _unknown(key)
    return found


def _unknown(key: str) -> SettingUnknown:
    # What was typed in the wrong place may be a secret.
    name = f"'{key}'" if key.isidentifier() else "of that name"
    return SettingUnknown(f"there is no setting {name}: wharf config list")


def _setting(key: str) -> Setting[Any] | None:
    """None for a key the service refuses, together with every other mistake."""
    from config.catalogue import CATALOGUE

    if key not in CATALOGUE and not key.isidentifier():
        raise _unknown(key)
    return CATALOGUE.get(key)


def _add(wanted: dict[str, Any], key: str, value: Any) -> None:
    if key in wanted:
        raise InvalidInput(f"{key} is given twice")
    wanted[key] = value


def _halves(pair: str, form: str) -> tuple[str, str]:
    key, equals, value = pair.partition("=")
    if not equals:
        raise InvalidInput(f"write {form}, or --stdin KEY for a secret")
    return key, value


def _typed(key: str, text: str) -> Any:
    setting = _setting(key)
    if setting is not None and setting.secret:
        raise InvalidInput(
            f"{key} is a secret, and arguments show in `ps`: give it with --stdin or --from-file"
        )
    return _read(key, text)


def _read(key: str, text: str) -> Any:
    from config.kinds import Unacceptable

    setting = _setting(key)
    if setting is None:
        return text
    try:
        return setting.kind.text(text)
    except Unacceptable:
        return text  # the service refuses it as well, together with every other mistake


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}"
        ) from None


def _from_stdin(key: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"{key}: ")
    return sys.stdin.read().rstrip("\r\n")


def _row(seen: Seen) -> dict[str, Any]:
    """What every form of output is made of; of a secret only whether there is one."""
    setting = seen.setting
    return {
        "key": setting.key,
        "section": str(setting.section),
        "value": seen.value,
        "is_set": seen.is_set,
        "secret": setting.secret,
        "source": str(seen.source),
        "editable": seen.editable,
        "default": None if setting.secret else setting.kind.write(setting.default),
        "takes": setting.kind.takes,
        "variable": setting.variable,
        "changed_by": seen.changed_by,
        "changed_at": seen.changed_at,
        "problem": seen.problem,
    }


def _text(row: dict[str, Any]) -> str:
    if row["secret"]:
        return HIDDEN if row["is_set"] else ""
    return _plain(row["value"])


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return (
        ", ".join(map(str, value))
        if isinstance(value, list)
        else str("" if value is None else value).rstrip()
    )


def _cut(row: dict[str, Any]) -> str:
    text = _text(row).partition("\n")[0]
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def _origin(seen: Seen) -> str:
    if seen.changed_at is None:
        return str(seen.source)
    return f"set by {seen.changed_by} at {seen.changed_at:%Y-%m-%d %H:%M:%SZ}"

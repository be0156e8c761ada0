"""`wharf session list|end`: the browsers a person is signed in with."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput
from wharf import console, job_texts

if TYPE_CHECKING:
    from accounts.services.sessions import Listed

ROBOTS = "it has no sessions (wharf robot show NAME says when and from where it was last used)"


def register(nouns: console.SubParsers) -> None:
    verbs = nouns.add_parser("session", help="browsers that people are signed in with").add_subparsers(
        required=True, metavar="VERB"
    )
    list_parser = console.verb(verbs, "list", "list the browser sessions of a user")
    list_parser.add_argument("name")
    list_parser.set_defaults(run=list_)
    end_parser = console.verb(verbs, "end", "end a browser session of a user, or all of them")
    end_parser.add_argument("name")
    end_parser.add_argument(
        "id", nargs="?", type=job_texts.number, help="the number in the first column of `wharf session list`"
    )
    end_parser.add_argument("--all", action="store_true", help="end all sessions of the user")
    end_parser.set_defaults(run=end)


def list_(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name
    from accounts.services.sessions import sessions_of

    actor = console.actor()
    found = sessions_of(actor, user_by_name(actor, console.no_robot(options.name, ROBOTS)))
    return console.show(options, [_facts(each) for each in found])


def end(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name
    from accounts.services import sessions

    if (options.id is None) is not options.all:
        raise InvalidInput(f"which one? give its number (wharf session list {options.name}), or --all")
    actor = console.actor()
    user = user_by_name(actor, console.no_robot(options.name, ROBOTS))
    if options.all:
        ended = sessions.end_all(actor, user)
    else:
        sessions.end_one(actor, user, options.id)
        ended = 1
    number = f"{ended} session{'' if ended == 1 else 's'}"
    text = f"{number} of {user.username} ended" if ended else f"{user.username} has no session"
    return console.show(options, {"name": user.username, "ended": ended}, text)


def _facts(session: Listed) -> dict[str, Any]:
    return {
        "id": session.id,
        "method": str(session.auth),
        "ip": session.ip,
        "signed_in": session.created_at.isoformat(timespec="seconds"),
        "last_used": session.seen_at.isoformat(timespec="seconds"),
        "agent": session.agent,
    }

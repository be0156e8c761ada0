"""What must be true before anything starts; each failure is one line that says what to do."""

from __future__ import annotations

import errno
import os
import secrets
import socket
import stat
from pathlib import Path

from frontend import assets
from wharf.environment import Environment, Role
from wharf.layout import DataLayout

KEY_BYTES = 48


class StartRefused(Exception):
    """The reason, one line."""


def write_probe(root: Path) -> None:
    """Write, flush and remove a few bytes below `root`; raises OSError when any of it fails."""
    name = root / f".probe-{os.getpid()}-{secrets.token_hex(4)}"
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, b"wharf")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
        name.unlink(missing_ok=True)


def data_folder(layout: DataLayout) -> None:
    """Make the data folder and prove that it takes a write. Raises StartRefused."""
    root = layout.root
    try:
        # For root the search bit lets the servers' own user reach its folder; the files inside are closed
        # to it.
        root.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        write_probe(root)
        for folder in (layout.storage, layout.spool, layout.logs):
            folder.mkdir(mode=0o750, exist_ok=True)
    except FileExistsError as error:
        raise StartRefused(f"{error.filename} is not a folder; set WHARF_DATA to another path") from None
    except NotADirectoryError:
        raise StartRefused(
            f"{root} cannot be made: a part of its path is a file; set WHARF_DATA to another path"
        ) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StartRefused(
            f"the data folder {root} cannot be written ({reason}); set WHARF_DATA to a writable folder"
        ) from None


def storage_folder(environment: Environment) -> None:
    """Prove that a WHARF_STORAGE outside the data folder takes a write. Raises StartRefused."""
    root = Path(environment.storage_url.removeprefix("file://"))
    try:
        root.mkdir(mode=0o750, parents=True, exist_ok=True)
        write_probe(root)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StartRefused(f"WHARF_STORAGE: {root} cannot be written ({reason})") from None


def pages(environment: Environment) -> None:
    """Prove that what pages load is there, where pages are served. Raises StartRefused."""
    if environment.role in (Role.ALL, Role.WEB) and (missing := assets.missing()):
        raise StartRefused(
            f"{missing[0]} is not there, without which no page can be shown: bin/up fetches what pages load"
        )


def reserve_port(environment: Environment) -> socket.socket:
    """A bound socket, not yet listening: the port is ours from here on, and no request waits on a
    half-made start.

    Raises StartRefused.
    """
    if environment.socket is not None:
        return _unix_listener(environment.socket)
    family = socket.AF_INET6 if ":" in environment.bind else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((environment.bind, environment.port))
        # Two sockets may both be bound with SO_REUSEADDR as long as none listens: listening is the real
        # claim.
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise StartRefused(_why_no_port(environment, error)) from None
    listener.set_inheritable(True)
    return listener


def _unix_listener(path: Path) -> socket.socket:
    """A listening socket with the name `path`, open to our user and group; a name left by a dead server is taken over."""
    if _somebody_answers(path):
        raise StartRefused(f"another server listens on {path}; stop it or set WHARF_BIND")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket():
            path.unlink()
        listener.bind(str(path))
        # Whoever may connect is believed as our proxy.
        path.chmod(0o660)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise StartRefused(f"WHARF_BIND: {path}: {(error.strerror or str(error)).lower()}") from None
    listener.set_inheritable(True)
    return listener


def _somebody_answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def external_services(environment: Environment) -> None:
    """All that replicas share is given: none of them may make up its own. Raises StartRefused."""
    needed = {
        "WHARF_SECRET_KEY": environment.secret_key,
        "WHARF_DATABASE_URL": environment.database_url,
        "WHARF_REDIS_URL": environment.redis_url,
    }
    missing = [name for name, value in needed.items() if value is None]
    if missing:
        raise StartRefused(f"{' and '.join(missing)} must be set, the same for every role and host")


def _why_no_port(environment: Environment, error: OSError) -> str:
    where = f"{environment.bind}:{environment.port}"
    if isinstance(error, PermissionError):
        return f"not allowed to listen on {where}; set WHARF_PORT to a port above 1023"
    reason = (
        "is in use"
        if error.errno == errno.EADDRINUSE
        else f"cannot be used ({(error.strerror or str(error)).lower()})"
    )
    return f"{where} {reason}; stop what listens there or set WHARF_PORT (and WHARF_BIND)"


def secret_key(environment: Environment) -> None:
    """A secret key exists: given, kept from an earlier start, or made now (0600). Raises StartRefused."""
    layout = environment.layout
    if environment.secret_key is not None:
        return
    if layout.secret_key.exists():
        _check_key_file(layout.secret_key)
        return
    if not environment.embedded_postgres:
        # Replicas must share it, so none of them may invent one.
        raise StartRefused("WHARF_SECRET_KEY is required with WHARF_DATABASE_URL (the same on every host)")
    _write_key(layout.secret_key)


def _check_key_file(path: Path) -> None:
    try:
        facts = path.stat()
        readable = bool(path.read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError):
        readable = False
    if not readable:
        raise StartRefused(
            f"{path} cannot be read or is empty; without it stored secrets are lost, restore it"
        )
    if stat.S_IMODE(facts.st_mode) & 0o077:
        raise StartRefused(f"{path} can be read by others; run: chmod 600 {path}")


def _write_key(path: Path) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(KEY_BYTES) + "\n")
        file.flush()
        os.fsync(descriptor)
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

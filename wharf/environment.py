"""Everything the environment may say, typed, checked once, all mistakes reported together.

`WHARF_*` variables are the only configuration of a process; `wharf.settings` is filled from here and
nowhere else.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import socket
import sys
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from config import locks
from wharf.layout import DataLayout, default_data_folder

MIN_SECRET_CHARACTERS = 32
# Values that stand in documents, examples and sample files: a server that starts with one has no secret at
# all.
EXAMPLE_SECRETS = (
    "changeme",
    "change-me",
    "change_me",
    "example",
    "secret",
    "django-insecure",
    "insecure",
    "password",
)
DISTINCT_CHARACTERS = 8
# As clients do: a URL with its scheme's own port names the same host as one without.
DEFAULT_PORTS = {"http": ":80", "https": ":443"}

UNIX = "unix:"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


class Role(StrEnum):
    REGISTRY = "registry"
    WEB = "web"
    WORKER = "worker"
    BEAT = "beat"
    SHIPPER = "shipper"
    ALL = "all"


class Environment(BaseSettings):
    """One process's configuration. Raises pydantic's ValidationError; `load()` turns that into one line
    per mistake."""

    model_config = SettingsConfigDict(env_prefix="WHARF_", extra="ignore", frozen=True, env_ignore_empty=True)

    role: Role = Role.ALL
    data: Path = Field(default_factory=default_data_folder)
    bind: str = "127.0.0.1"
    port: int = Field(default=5000, ge=1, le=65535)
    external_urls: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    secret_key: SecretStr | None = None
    secret_key_fallbacks: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    database_url: SecretStr | None = None
    migrate_database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    storage: str = ""
    audit_key_file: Path | None = None
    audit_heads: Path | None = None
    audit_archive: Path | None = None
    lease_hours: int = Field(default=24, ge=1, le=24 * 30)
    test_gc_floor: float | None = Field(default=None, ge=0)
    failpoints: str = ""
    test_gallery: bool = False
    workers: int = Field(default=2, ge=1, le=64)
    threads: int = Field(default=640, ge=8, le=4096)
    stop_seconds: int = Field(default=20, ge=1, le=3600)
    x_accel: str = Field(default="", pattern="^(/[A-Za-z0-9._-]+)*/?$")
    request_log: bool = True
    fast_lane: bool = True
    idle_seconds: int = Field(default=60, ge=1, le=3600)
    metrics_networks: Annotated[tuple[Network, ...], NoDecode] = LOOPBACK
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @field_validator(
        "external_urls", "trusted_proxies", "metrics_networks", "secret_key_fallbacks", mode="before"
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        if value == "none":
            return ()
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("external_urls")
    @classmethod
    def _whole_urls(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_origin(url) for url in urls)

    @field_validator("bind")
    @classmethod
    def _whole_socket_path(cls, bind: str) -> str:
        if bind.startswith(UNIX) and not bind.startswith(f"{UNIX}/"):
            raise ValueError("must be an address, or unix:/absolute/path of a socket")
        return bind

    @field_validator("data", "audit_key_file", "audit_heads", "audit_archive")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        if path is None:
            return None
        return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - resolve() would follow links out of the name

    @field_validator("secret_key")
    @classmethod
    def _real_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None:
            _check_secret(secret.get_secret_value())
        return secret

    @field_validator("secret_key_fallbacks")
    @classmethod
    def _real_secrets(cls, found: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for secret in found:
            _check_secret(secret.get_secret_value())
        return found

    @field_validator("database_url", "migrate_database_url")
    @classmethod
    def _postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        return _scheme(url, "postgresql", "postgres")

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, url: SecretStr | None) -> SecretStr | None:
        return _scheme(url, "redis", "rediss", "unix")

    @field_validator("storage")
    @classmethod
    def _known_store(cls, url: str) -> str:
        if url and not (url.startswith("file:///") and len(url) > len("file:///")):
            raise ValueError("must be file:///absolute/folder")
        return url

    @property
    def layout(self) -> DataLayout:
        return DataLayout(self.data)

    @property
    def socket(self) -> Path | None:
        """The unix socket WHARF_BIND names, None when it is an address."""
        return Path(self.bind.removeprefix(UNIX)) if self.bind.startswith(UNIX) else None

    @property
    def embedded_postgres(self) -> bool:
        return self.database_url is None

    @property
    def embedded_valkey(self) -> bool:
        return self.redis_url is None

    @property
    def database(self) -> str:
        """The libpq URL run-time processes connect with: role wharf_app of the embedded server, or the one
        given."""
        return (
            self.database_url.get_secret_value()
            if self.database_url
            else self.layout.database_url("wharf_app")
        )

    @property
    def migrate_database(self) -> str:
        """The URL that owns the tables. With an external server it defaults to the run-time URL."""
        if self.migrate_database_url:
            return self.migrate_database_url.get_secret_value()
        return self.database if self.database_url else self.layout.database_url("wharf_owner")

    @property
    def redis(self) -> str:
        return self.redis_url.get_secret_value() if self.redis_url else self.layout.redis_url

    @property
    def storage_url(self) -> str:
        return self.storage or f"file://{self.layout.storage}"

    @property
    def audit_keys(self) -> Path:
        """The keys of the audit log's seal."""
        return self.audit_key_file or self.layout.audit_keys

    @property
    def audit_heads_file(self) -> Path:
        """Where signed heads of the audit log are appended."""
        return self.audit_heads or self.layout.audit_heads

    @property
    def audit_archive_folder(self) -> Path:
        """Where a purge writes what it drops, if it is told to."""
        return self.audit_archive or self.layout.audit_archive

    @property
    def lease(self) -> timedelta:
        return timedelta(hours=self.lease_hours)

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """Origins a request may name in its Host header: the listed ones, else loopback and this machine's
        name."""
        if self.external_urls:
            return self.external_urls
        names = dict.fromkeys(
            ("127.0.0.1", "localhost", "[::1]", socket.gethostname().lower(), _literal(self.bind))
        )
        return tuple(_origin(f"http://{name}:{self.port}") for name in names if name)

    @property
    def allowed_hosts(self) -> list[str]:
        """Names for Django's ALLOWED_HOSTS, which knows no ports."""
        names = {urlsplit(origin).hostname or "" for origin in self.allowed_origins}
        return sorted(f"[{name}]" if ":" in name else name for name in names)

    @property
    def former_secrets(self) -> list[str]:
        """Secret keys of earlier times: they open what they sealed and seal nothing."""
        return [secret.get_secret_value() for secret in self.secret_key_fallbacks]

    def secret(self) -> str:
        """The secret key: given, or the one `wharf up` generated in the data folder.

        Before there is one (`wharf --help`, `makemigrations`), a key derived from the folder name; nothing
        is ever
        sealed with it, because every serving process is started by `wharf up` or with WHARF_SECRET_KEY.
        """
        if self.secret_key:
            return self.secret_key.get_secret_value()
        if (saved := self.layout.read_secret()) is not None:
            return saved
        return hashlib.sha256(b"no key yet" + bytes(self.data)).hexdigest()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.path not in ("", "/")
        or parts.query
        or "@" in parts.netloc
    ):
        raise ValueError(f"{url!r} is not of the form https://registry.example.org[:port]")
    netloc = parts.netloc.lower()
    return f"{parts.scheme}://{netloc.removesuffix(DEFAULT_PORTS[parts.scheme])}"


def _literal(bind: str) -> str:
    if bind in ("0.0.0.0", "::", "") or bind.startswith(UNIX):  # noqa: S104 - compared, not bound
        return ""
    return f"[{bind}]" if ":" in bind else bind


def _scheme(url: SecretStr | None, *schemes: str) -> SecretStr | None:
    if url is not None and urlsplit(url.get_secret_value()).scheme not in schemes:
        raise ValueError(
            f"must begin with {schemes[0]}://"
        )  # the value is not repeated: it may hold a password
    return url


def _check_secret(secret: str) -> None:
    if any(word in secret.lower() for word in EXAMPLE_SECRETS):
        raise ValueError(
            "is an example value; make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    if len(secret) < MIN_SECRET_CHARACTERS or len(set(secret)) < DISTINCT_CHARACTERS:
        raise ValueError(f"is too weak: at least {MIN_SECRET_CHARACTERS} random characters are needed")


def mistakes(error: ValidationError) -> list[str]:
    """One line per wrong variable, never repeating a value that may be secret."""
    return [f"WHARF_{str(item['loc'][0]).upper()}: {_plain(item['msg'])}" for item in error.errors()]


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")


def refuse(lines: list[str]) -> NoReturn:
    for line in lines:
        sys.stderr.write(f"wharf: {line}\n")
    raise SystemExit(2)


@lru_cache(maxsize=1)
def load() -> Environment:
    """The environment of this process; exits with status 2 and one line per mistake when it is wrong."""
    wrong = list(locks.read(os.environ).mistakes)
    try:
        found = Environment()
    except ValidationError as error:
        refuse([*mistakes(error), *wrong])
    if wrong:
        refuse(wrong)
    return found


def locked_settings() -> Mapping[str, Any]:
    """Run-time settings that the environment fixes, by key, typed (config.catalogue)."""
    return locks.read(os.environ).values

"""An OpenID provider that does what a test tells it, good or bad: a thread that speaks HTTP, and keys of its own."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from joserfc import jws
from joserfc.jwk import RSAKey

CLIENT = "wharf"
SECRET = "a secret: with a colon & more"
ACCESS = "what userinfo is asked by"
Json = dict[str, Any]


@dataclass
class Answer:
    """What it answers to a request: by default 200 with JSON."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def new_key(kid: str | None = None) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid or uuid4().hex, "use": "sig"})


class Provider:
    """`person`: whom it proves, as claims; `claims`: what its ID token says otherwise; `answers`: what it says at a path."""

    def __init__(self, url: str) -> None:
        self.issuer = url
        self.key = new_key()
        self.public: list[Json] = [self.key.as_dict(private=False)]
        self.person: Json = {}
        self.claims: Json = {}
        self.userinfo: Json = {}
        self.sign: Callable[[Json], str] = self.signed
        self.metadata: Json = {}
        self.answers: dict[str, Callable[[], Answer]] = {}
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.authorizations: list[str] = []
        self._codes: dict[str, Json] = {}

    def signed(self, claims: Json, **header: Any) -> str:
        return jws.serialize_compact(
            {"alg": "RS256", "kid": self.key.kid, **header}, json.dumps(claims), self.key
        )

    def authorize(self, url: str, **said: str) -> dict[str, str]:
        """As a browser that is signed in there and goes to `url`: the parameters it comes back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = uuid4().hex
        self._codes[code] = asked
        return {"code": code, "state": asked["state"], **said}

    def document(self) -> Json:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/logout",
            "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
            **self.metadata,
        }

    def answer(self, path: str, form: dict[str, str], authorization: str) -> Answer:
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]()
        if path == "/token":
            self.forms.append(form)
            self.authorizations.append(authorization)
            return self._token(form)
        known: dict[str, Callable[[], Json]] = {
            "/.well-known/openid-configuration": self.document,
            "/keys": lambda: {"keys": self.public},
            "/userinfo": lambda: {"sub": self.person.get("sub"), **self.userinfo},
        }
        return Answer(known[path]()) if path in known else Answer({}, 404)

    def _token(self, form: dict[str, str]) -> Answer:
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None:
            return Answer({"error": "invalid_grant", "error_description": "no such code"}, 400)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return Answer({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **({"auth_time": now} if "max_age" in asked else {}),
            **self.person,
            **self.claims,
        }
        present = {name: value for name, value in claims.items() if value is not ...}
        return Answer({"id_token": self.sign(present), "access_token": ACCESS, "token_type": "Bearer"})


def _handler(provider: Callable[[], Provider]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _say(self, form: dict[str, str]) -> None:
            found = provider().answer(urlsplit(self.path).path, form, self.headers.get("Authorization", ""))
            content = found.encoded()
            self.send_response_only(found.status)
            usual = {"Content-Type": "application/json", "Date": self.date_time_string()}
            for name, value in {**usual, **found.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self._say({})

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._say({name: values[0] for name, values in parse_qs(sent).items()})

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # who asked has heard enough
                return

    return Handler


@contextmanager
def serving() -> Iterator[Provider]:
    """A provider on a port of this machine."""
    found: list[Provider] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(lambda: found[0]))
    server.daemon_threads = True
    found.append(Provider(f"http://127.0.0.1:{server.server_address[1]}"))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield found[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

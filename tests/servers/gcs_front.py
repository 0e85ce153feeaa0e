"""What fake-gcs-server lacks: tokens for service accounts, and rights. It stands in front of it.

It runs in threads of its own: Google's driver asks for tokens by blocking calls.
"""

import http.client
import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

AUDIENCE = "https://oauth2.googleapis.com/token"
"""google-auth signs this one, whatever the key file's token_uri says."""

KEY = rsa.generate_private_key(65537, 2048)
FORGED_KEY = rsa.generate_private_key(65537, 2048)


@dataclass
class GCSFront:
    """A running front. `rights` are those of an account's mail address: list, get, create."""

    upstream_port: int
    rights: Mapping[str, frozenset[str]]
    port: int = 0
    tokens: dict[str, str] = field(default_factory=dict)  # token -> mail address
    tokens_given: int = 0
    refusal: tuple[int, str] | None = None  # answered to every call: status and reason
    no_token: str = ""  # why none is given, in Google's words
    said: str = ""  # what a refusal says in place of its usual words

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def write_key_file(self, path: Path, mail: str, *, forged: bool = False) -> str:
        """Write a service account's key file, for GOOGLE_APPLICATION_CREDENTIALS."""
        pem = (FORGED_KEY if forged else KEY).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        account = {
            "type": "service_account",
            "project_id": "p",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": mail,
            "client_id": "1",
            "token_uri": f"{self.url}/token",
            "universe_domain": "googleapis.com",
        }
        path.write_text(json.dumps(account))
        return str(path)

    def give_token(self, assertion: str) -> tuple[int, dict[str, Any]]:
        """Answer a signed assertion as Google's token server does."""
        if self.no_token:
            return 400, {"error": "invalid_grant", "error_description": self.no_token}
        try:
            claims = jwt.decode(
                assertion, KEY.public_key(), algorithms=["RS256"], audience=AUDIENCE
            )
        except jwt.PyJWTError:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        token = secrets.token_hex(8)
        self.tokens[token] = claims["iss"]
        self.tokens_given += 1
        return 200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"}

    def refuse(self, method: str, path: str, token: str) -> tuple[int, dict[str, Any]] | None:
        """Return a refusal, or None where the call may pass."""
        if self.refusal:
            return _error(*self.refusal, self.said or "not now")
        mail = self.tokens.get(token)
        if mail is None:
            return _error(401, "authError", "Invalid Credentials")
        right = "create" if method == "POST" else "get" if "/o/" in path else "list"
        if right not in self.rights.get(mail, frozenset()):
            said = f"{mail} does not have storage.objects.{right} access"
            return _error(403, "forbidden", said)
        return None


def _error(status: int, reason: str, message: str) -> tuple[int, dict[str, Any]]:
    errors = [{"reason": reason, "message": message, "domain": "global"}]
    return status, {"error": {"code": status, "message": message, "errors": errors}}


@contextmanager
def gcs_front(upstream_port: int, rights: Mapping[str, frozenset[str]]) -> Iterator[GCSFront]:
    """Run a front on a free port until the block is left."""
    front = GCSFront(upstream_port, rights)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def _answer(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == "/token":
                assertion = parse_qs(body.decode())["assertion"][0]
                status, said = front.give_token(assertion)
                return self._send(status, {}, json.dumps(said).encode())
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            refusal = front.refuse(method, self.path, token)
            if refusal:
                return self._send(refusal[0], {}, json.dumps(refusal[1]).encode())
            upstream = http.client.HTTPConnection("127.0.0.1", front.upstream_port, timeout=10)
            passed = {k: v for k, v in self.headers.items() if k.lower() != "host"}
            upstream.request(method, self.path, body, passed)
            response = upstream.getresponse()
            kept = {k: v for k, v in response.getheaders() if k.lower().startswith("x-goog")}
            self._send(response.status, kept, response.read())
            return upstream.close()

        def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    front.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield front
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

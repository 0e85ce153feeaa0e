"""Who may ask, and what every answer says to browsers.

On loopback whoever has this machine may look: but only by a name of it, or a web page elsewhere
could have its visitors' browsers look for it (DNS rebinding).
"""

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from receiver.secret import Secret

OPEN_PATHS: Final = frozenset({"/healthz", "/readyz"})
"""Orchestrators ask for these and have no password; /readyz tells strangers no reason."""

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self';"
    " connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_CREDENTIALS_MAX: Final = 4096


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever asks has to show: nothing where neither is given."""

    user: str | None = None
    password: Secret | None = None
    token: Secret | None = None

    @property
    def guarded(self) -> bool:
        """Whether anything has to be shown."""
        return self.password is not None or self.token is not None

    @property
    def challenges(self) -> tuple[str, ...]:
        """What a 401 asks for."""
        basic = 'Basic realm="logpush-receiver", charset="UTF-8"'
        bearer = 'Bearer realm="logpush-receiver"'
        return (
            *([basic] if self.password is not None else []),
            *([bearer] if self.token is not None else []),
        )

    def allows(self, authorization: str) -> bool:
        """Judge an Authorization header; how long it takes tells nothing of what is right."""
        if not self.guarded:
            return True
        scheme, _, shown = authorization[:_CREDENTIALS_MAX].partition(" ")
        if scheme.lower() == "bearer" and self.token is not None:
            return _same(shown.strip(), self.token.reveal())
        if scheme.lower() != "basic" or self.password is None:
            return False
        try:
            plain = base64.b64decode(shown.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            return False
        user, _, password = plain.partition(":")
        right = _same(user, self.user or "")
        return _same(password, self.password.reveal()) and right


def guard(access: Access) -> Middleware:
    """Return what stands before every handler."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        allowed = access.allows(request.headers.get("Authorization", ""))
        request[ALLOWED] = allowed
        if request.method not in {"GET", "HEAD"}:
            raise web.HTTPMethodNotAllowed(request.method, ["GET", "HEAD"])
        if request.path in OPEN_PATHS:
            return await handler(request)
        if not access.guarded and not is_own_name(request.host):
            raise web.HTTPMisdirectedRequest(
                text="This name is none of this machine's: ask at localhost or 127.0.0.1. Where a"
                " proxy stands in front, set user and password, or token, in [status].\n"
            )
        if not allowed:
            raise _unauthorized(access)
        return await handler(request)

    return guarded


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Give every answer the headers, errors as well."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers.pop("Server", None)


ALLOWED: Final = web.RequestKey("allowed", bool)


def is_own_name(host: str) -> bool:
    """Whether a Host header names the loopback; of what port makes no difference."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    name = name.removeprefix("[").removesuffix("]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _same(shown: str, right: str) -> bool:
    return hmac.compare_digest(shown.encode(errors="replace"), right.encode(errors="replace"))


def _unauthorized(access: Access) -> web.HTTPUnauthorized:
    error = web.HTTPUnauthorized(text="Sign in as [status] of the configuration says.\n")
    for challenge in access.challenges:
        error.headers.add("WWW-Authenticate", challenge)
    return error

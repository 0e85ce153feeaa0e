"""The local Logpush API as a web application: sign-in first, and everything in the envelope."""

import logging
import traceback
from collections.abc import Iterable
from importlib import resources
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

from receiver.emulator.api.credentials import Credentials
from receiver.emulator.api.envelope import refused
from receiver.emulator.api.operations import Operations
from receiver.emulator.api.refusals import (
    BODY_TOO_LARGE,
    INTERNAL,
    METHOD,
    NO_ROUTE,
    REQUEST_INVALID,
    SIGN_IN,
    STATE_LOST,
    Refusal,
)
from receiver.emulator.api.routes import ACTOR, json_response, routes_of
from receiver.errors import ResultLost
from receiver.server_log import server_log

OPENAPI_PATH: Final = "/openapi.json"
BODY_BYTES_MAX: Final = 256 * 1024
"""A job's longest texts are 4096 characters each; field names make up the rest."""

_log = logging.getLogger(__name__)


def make_app(
    operations: Operations,
    credentials: Credentials,
    *,
    extra_routes: Iterable[web.AbstractRouteDef] = (),
) -> web.Application:
    """Return the application. Extra routes are behind the same sign-in, in the same envelope.

    Its log names paths by their pattern, so nothing that a client sends is in it; `make_runner`
    sees to it that aiohttp's own does not either.
    """
    app = web.Application(
        client_max_size=BODY_BYTES_MAX, middlewares=[_in_envelope, _signed_in(credentials)]
    )
    app.router.add_routes([web.get(OPENAPI_PATH, _openapi), *routes_of(operations), *extra_routes])
    return app


def make_runner(app: web.Application, *, shutdown_seconds: float = 5.0) -> web.AppRunner:
    """Return what serves the application, with nothing of a request in any log."""
    return web.AppRunner(
        app,
        access_log=None,
        logger=server_log(f"{__name__}.http"),
        shutdown_timeout=shutdown_seconds,
    )


def openapi() -> bytes:
    """Return the OpenAPI document of what is served."""
    return resources.files("receiver.emulator.api").joinpath("openapi.json").read_bytes()


async def _openapi(_: web.Request) -> web.Response:
    return web.Response(body=openapi(), content_type="application/json")


def _signed_in(credentials: Credentials) -> Middleware:
    @web.middleware
    async def signed_in(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == OPENAPI_PATH:
            return await handler(request)
        actor = credentials.actor(request.headers, request.remote or "")
        if actor is None:
            raise Refusal(
                SIGN_IN, "sign in with X-Auth-Email and X-Auth-Key, or with a bearer token"
            )
        request[ACTOR] = actor
        return await handler(request)

    return signed_in


@web.middleware
async def _in_envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Put what went wrong into the envelope; what we did not expect is logged, and not shown."""
    allow: dict[str, str] = {}
    try:
        response = await handler(request)
    except Refusal as refusal:
        found = refusal
    except web.HTTPMethodNotAllowed as error:
        allow = {"Allow": error.headers["Allow"]}
        found = Refusal(METHOD, f"this path takes {error.headers['Allow']} only")
    except web.HTTPNotFound:
        found = Refusal(NO_ROUTE)
    except web.HTTPRequestEntityTooLarge:
        found = Refusal(BODY_TOO_LARGE, f"the body is larger than {BODY_BYTES_MAX:,} bytes")
    except (web.HTTPClientError, web.RequestPayloadError, HttpProcessingError):
        found = Refusal(REQUEST_INVALID, "the request is not HTTP that can be read")
    except ResultLost as error:
        _log.error("%s", error)
        found = Refusal(STATE_LOST, str(error))
    except Exception as error:  # noqa: BLE001 (the last resort: no client sees a traceback)
        _log_unexpected(request, error)
        found = Refusal(INTERNAL, "an error of ours; the log says where")
    else:
        _log.info("%s %s: %d", request.method, _pattern(request), response.status)
        return response
    kind = found.kind
    _log.info("%s %s: %d, code %d", request.method, _pattern(request), kind.status, kind.code)
    return json_response(refused(found), status=kind.status, headers=allow)


def _log_unexpected(request: web.Request, error: Exception) -> None:
    """Say what and where, not in the error's own words: they may hold a secret."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    _log.error(
        "%s %s: %s in %s, line %s",
        request.method,
        _pattern(request),
        type(error).__name__,
        where.filename.rpartition("receiver/")[2],
        where.lineno,
    )


def _pattern(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "(no such path)"

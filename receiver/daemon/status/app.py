"""The status page as a web application, and the server it runs in until the daemon ends."""

import logging
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

from receiver.clock import Clock
from receiver.daemon.metrics import Metrics
from receiver.daemon.status import pages
from receiver.daemon.status.events import Pulse
from receiver.daemon.status.guard import Access, add_headers, guard
from receiver.daemon.status.routes import StatusRoutes
from receiver.daemon.status.scene import Scene
from receiver.errors import ConfigError
from receiver.server_log import server_log

SHUTDOWN_SECONDS: Final = 1.0
"""A page that is being drawn has so long when we are stopped; who only listens is let go."""

_HEADER_BYTES_MAX: Final = 8190
_log = logging.getLogger(__name__)


def make_status_app(
    scene: Scene,
    *,
    access: Access,
    pulse: Pulse,
    metrics: Metrics,
) -> web.Application:
    """Return the application; `pulse` is beaten by whoever knows that something changed."""
    scene = msgspec.structs.replace(
        scene, read_errors=metrics.place_errors, place_number=metrics.place_number
    )
    app = web.Application(client_max_size=1, middlewares=[_explained(scene.clock), guard(access)])
    app.router.add_routes(StatusRoutes(scene, pulse=pulse, metrics=metrics).routes())
    app.on_response_prepare.append(add_headers)

    async def let_go(_: web.Application) -> None:
        pulse.close()

    app.on_shutdown.append(let_go)
    return app


@asynccontextmanager
async def serve_status(app: web.Application, *, host: str, port: int) -> AsyncIterator[str]:
    """Answer until the block is left; yield the address with the port that it really has.

    Raises:
        ConfigError: it cannot be listened at.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=server_log(f"{__name__}.http"),
        shutdown_timeout=SHUTDOWN_SECONDS,
        handler_cancellation=True,
        max_line_size=_HEADER_BYTES_MAX,
        max_field_size=_HEADER_BYTES_MAX,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise ConfigError(
                f"[status] listen {host}:{port}: {error.strerror or error};"
                " name another address or port; port 0 is any that is free"
            ) from error
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _explained(clock: Clock) -> Middleware:
    """Return what draws a page for people where something is refused or went wrong."""

    @web.middleware
    async def explained(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            refused: web.HTTPException = error
        except HttpProcessingError:
            refused = web.HTTPBadRequest()
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 (the last resort: nobody is shown a traceback)
            _log_unexpected(error)
            refused = web.HTTPInternalServerError(text="An error of ours; the log says where.\n")
        if "text/html" not in request.headers.get("Accept", ""):
            raise refused
        said = (refused.text or refused.reason or "").strip()
        body = pages.problem_page(title=refused.reason, said=said, now=clock.now())
        response = web.Response(
            body=body, status=refused.status, content_type="text/html", charset="utf-8"
        )
        for name in ("WWW-Authenticate", "Allow", "Retry-After"):
            for value in refused.headers.getall(name, ()):
                response.headers.add(name, value)
        return response

    return explained


def _log_unexpected(error: Exception) -> None:
    """Say what and where, not in the error's own words: they may hold a secret."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    name = where.filename.rpartition("receiver/")[2]
    _log.error("status page: %s in %s, line %s", type(error).__name__, name, where.lineno)

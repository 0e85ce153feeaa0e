"""The paths of the status page. `.json` after a page's path is the same as JSON (of `/`:
`/status.json`), by the names of `verify`'s report.
"""

import json
import math
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime
from functools import cached_property
from importlib import resources
from typing import Final, Generic, TypeVar

import msgspec
from aiohttp import web

from receiver.daemon.metrics import Metrics
from receiver.daemon.status import pages
from receiver.daemon.status.batch_page import batch_page
from receiver.daemon.status.events import Pulse, events
from receiver.daemon.status.guard import ALLOWED
from receiver.daemon.status.health import unready
from receiver.daemon.status.job_page import Span, find_job, job_page
from receiver.daemon.status.overview import overview, parked_objects, queue
from receiver.daemon.status.recent import Recent
from receiver.daemon.status.scene import Scene
from receiver.daemon.status.views import BatchPage, JobPage, Overview, Parked
from receiver.errors import LedgerError
from receiver.limits import STATUS_CALL_SECONDS

V = TypeVar("V", bound=msgspec.Struct)

_ASSETS: Final = {
    "status.css": "text/css",
    "live.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_HTML: Final = "text/html"
_JSON: Final = "application/json"


class StatusRoutes:
    """A request cut into what its view wants, and the view drawn or written."""

    def __init__(self, scene: Scene, *, pulse: Pulse, metrics: Metrics) -> None:
        self._scene = scene
        self._pulse = pulse
        self._metrics = metrics
        self._recent = Recent(scene.clock)
        self._recalled: set[int] = set()
        self._assets = {
            name: resources.files("receiver.daemon.status").joinpath("assets", name).read_bytes()
            for name in _ASSETS
        }

    def routes(self) -> list[web.RouteDef]:
        """Return every path."""
        return [
            web.get("/", self.overview),
            web.get("/{file:status}{json:\\.json}", self.overview),
            web.get("/jobs/{job:[a-z0-9-]{1,20}}{json:(\\.json)?}", self.job),
            web.get("/batches/{batch:[0-9]{1,18}}{json:(\\.json)?}", self.batch),
            web.get("/parked{json:(\\.json)?}", self.parked),
            web.get("/events", self.events),
            web.get("/metrics", self.metrics),
            web.get("/healthz", self.healthz),
            web.get("/readyz", self.readyz),
            web.get("/assets/{name}", self.asset),
        ]

    async def overview(self, request: web.Request) -> web.Response:
        number = _number(request.query.get("page", "1"))

        async def make() -> Overview:
            return await overview(self._scene, page=number)

        return await self._show(request, ("overview", number), make, pages.overview_page)

    async def job(self, request: web.Request) -> web.Response:
        slug, query = request.match_info["job"], request.query
        try:
            span = Span(query.get("span", Span.DAY))
        except ValueError:
            spans = ", ".join(Span)
            raise web.HTTPBadRequest(text=f"span is one of {spans}.\n") from None
        before = _moment(query.get("before"))
        failed_only = query.get("verdict") == "fail"

        async def make() -> JobPage | None:
            known = await find_job(self._scene, slug)
            if known is None:
                return None
            return await job_page(
                self._scene, known, span=span, before=before, failed_only=failed_only
            )

        key, absent = (
            (slug, span, before, failed_only),
            "There is no such job, and no batch of one.",
        )
        return await self._show(request, key, make, pages.job_page, absent=absent)

    async def batch(self, request: web.Request) -> web.Response:
        number = int(request.match_info["batch"])

        async def make() -> BatchPage | None:
            return await batch_page(self._scene, number)

        absent = "There is no Report of this batch: it is not judged, or no longer kept."
        return await self._show(request, ("batch", number), make, pages.batch_page, absent=absent)

    async def parked(self, request: web.Request) -> web.Response:
        async def make() -> Parked:
            return await parked_objects(self._scene)

        return await self._show(request, "parked", make, pages.parked_page)

    async def events(self, request: web.Request) -> web.StreamResponse:
        return await events(request, self._pulse)

    async def metrics(self, _: web.Request) -> web.Response:
        self._metrics.places(self._scene.places())
        try:
            waiting, parked = await self._recent.get("queue", lambda: queue(self._scene))
            self._metrics.queue(waiting_seconds=waiting, parked=parked)
            await self._recent.get("arrivals", self._recall_arrivals)
        except (LedgerError, TimeoutError) as error:
            if isinstance(error, LedgerError):
                self._metrics.ledger_error(error)
            self._metrics.queue(waiting_seconds=math.nan, parked=math.nan)
        body, content_type = self._metrics.exposition()
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _recall_arrivals(self) -> None:
        """Look up once what each job's last arrival was; what comes later the intake tells."""
        for number in {job.id for job in self._scene.jobs() if job.id is not None}:
            if number not in self._recalled:
                async for entry in self._scene.ledger.entries(
                    job=number, newest_first=True, limit=1
                ):
                    self._metrics.remembered(number, entry.arrived_at)
                self._recalled.add(number)

    async def healthz(self, _: web.Request) -> web.Response:
        """Answer: that needs a living process and an event loop that turns."""
        return web.Response(text="ok\n")

    async def readyz(self, request: web.Request) -> web.Response:
        async def make() -> tuple[str, ...]:
            return await unready(self._scene)

        reasons = await self._recent.get("readyz", make)
        if not reasons:
            return web.Response(text="ready\n")
        told = reasons if request[ALLOWED] else ("not ready",)
        return web.Response(status=503, text="".join(f"{each}\n" for each in told))

    async def asset(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self._assets:
            raise web.HTTPNotFound(text="There is no such file.\n")
        return web.Response(body=self._assets[name], content_type=_ASSETS[name], charset="utf-8")

    async def _show(
        self,
        request: web.Request,
        key: Hashable,
        make: Callable[[], Awaitable[V | None]],
        draw: Callable[[V], bytes],
        *,
        absent: str = "",
    ) -> web.Response:
        """Answer with a view, or say that the ledger does not let us, or that it is `absent`."""

        async def drawn() -> _Drawn[V] | None:
            view = await make()
            return None if view is None else _Drawn(view, draw)

        try:
            found = await self._recent.get(key, drawn)
        except LedgerError as error:
            raise web.HTTPServiceUnavailable(text=f"{error}\n") from error
        except TimeoutError as error:
            text = f"The ledger has not answered within {STATUS_CALL_SECONDS:g} s.\n"
            raise web.HTTPServiceUnavailable(text=text) from error
        if found is None:
            raise web.HTTPNotFound(text=f"{absent}\n")
        if request.match_info.get("json"):
            return web.Response(body=found.json, status=found.status, content_type=_JSON)
        return web.Response(
            body=found.html, status=found.status, content_type=_HTML, charset="utf-8"
        )


class _Drawn(Generic[V]):
    """A view, drawn once: thirty live pages ask for it at the same moment."""

    def __init__(self, view: V, draw: Callable[[V], bytes]) -> None:
        self._view = view
        self._draw = draw

    @property
    def status(self) -> int:
        return 503 if getattr(self._view, "ledger_error", "") else 200

    @cached_property
    def html(self) -> bytes:
        return self._draw(self._view)

    @cached_property
    def json(self) -> bytes:
        return json.dumps(msgspec.to_builtins(self._view)).encode()  # half a character may be there


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 1


def _moment(text: str | None) -> datetime | None:
    """Read where a list goes on, as its own links have it."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise web.HTTPBadRequest(text="before is a time, as 2026-11-23T10:00:00Z.\n")
    return found

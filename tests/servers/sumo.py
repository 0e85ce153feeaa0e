"""A Sumo Logic of our own: an HTTP source, and the Search Job API that finds what came in.

Written from Sumo's documentation ("Search Job APIs", "Upload Logs to an HTTP Source",
"Troubleshooting HTTP Sources", "Collecting Multiline Logs") and sharing nothing with our client.
It runs in a thread with its own loop, so that a command under test can be a process.
"""

import asyncio
import base64
import contextlib
import itertools
import re
import secrets
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from tests.servers.sumo_query import Fields, ParseError, Test, parse_query

CODE = "ZaVnC4dhaV0_planted_source_code"
ACCESS_ID = "suPlantedId"
ACCESS_KEY = "PlantedKey0123456789"

JOBS = "/api/v1/search/jobs"
COOKIE = "AWSELB"
CALLER = web.RequestKey("access_id", str)

CALLS_PER_SECOND = 4
CALLS_AT_ONCE = 10
SESSION_SECONDS = 30.0
MESSAGE_BYTES = 64 << 10  # a longer message is stored as several
PAGE_MESSAGES = 10_000
PAGE_BYTES = 100 << 20

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Source:
    """An HTTP source as it was configured."""

    name: str = "cloudflare"
    category: str = "cloudflare/http"
    source_name: str = "Http Input"
    one_message_per_request: bool = False


@dataclass
class Fault:
    """An answer instead of the right one: to the next `times` calls that begin so."""

    status: int
    times: int = 1
    call: str = ""  # "POST /api/v1/search/jobs"
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, object] | None = None
    silent: bool = False  # no answer at all


@dataclass
class Job:
    """A search job, run when it is created and shown bit by bit."""

    id: str
    owner: str
    cookie: str
    found: list[Fields]
    asked_at: float
    polls: int = 0
    capped: bool = False
    cancelled: bool = False


@dataclass
class Sumo:
    """A running server, and what was asked of it. A test sets what it needs before it asks."""

    now: Callable[[], float]  # seconds since 1970
    port: int = 0
    sources: dict[str, Source] = field(default_factory=lambda: {CODE: Source()})
    keys: dict[str, str] = field(default_factory=lambda: {ACCESS_ID: ACCESS_KEY})
    capable: set[str] = field(default_factory=lambda: {ACCESS_ID})  # has the role capabilities
    ingest_seconds: float = 0.0  # until a message is found
    throttled: bool = False  # the source's quota is used up
    polls_needed: int = 2  # from NOT STARTED to DONE
    page_messages: int = PAGE_MESSAGES
    message_cap: int = 100_000
    jobs_max: int = 200
    cancel_at_poll: int = 0
    cancels_left: int = 1_000
    pending_errors: list[str] = field(default_factory=list)
    pending_warnings: list[str] = field(default_factory=list)
    moved_to: str = ""  # another deployment's address
    faults: list[Fault] = field(default_factory=list)
    messages: list[Fields] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    created: list[dict[str, object]] = field(default_factory=list)  # what the jobs asked for
    delete_count: int = 0
    too_fast_count: int = 0
    _times: dict[str, list[float]] = field(default_factory=dict)
    _open: dict[str, int] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(-9_223_372_036_854_773_763))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def jobs_left(self) -> int:
        """Jobs that nobody has deleted, whether or not they were cancelled meanwhile."""
        return len(self.jobs)

    def put(
        self, raw: str, *, code: str = CODE, name: str = "", at: float | None = None
    ) -> list[str]:
        """Take one message, as if it had been posted at that time; return the ids it got."""
        source = self.sources[code]
        received = self.now() if at is None else at
        said = raw.encode()
        ids = []
        for start in range(0, max(len(said), 1), MESSAGE_BYTES):
            part = said[start : start + MESSAGE_BYTES].decode(errors="replace")
            ids.append(str(next(self._ids)))
            self.messages.append(
                {
                    "_messageid": ids[-1],
                    "_receipttime": str(int(received * 1000)),
                    "_messagetime": str(int(received * 1000)),
                    "_raw": part,
                    "_size": str(len(part)),
                    "_source": source.name,
                    "_sourcename": name or source.source_name,
                    "_sourcecategory": source.category,
                    "_sourcehost": "127.0.0.1",
                    "_collector": "hosted",
                    "_format": "t:cache:o:-1:l:0:p:null",
                    "_messagecount": str(len(self.messages)),
                    "_blockid": "-9223372036854775669",
                }
            )
        return ids

    # --- the HTTP source ---

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Take a POST; aiohttp has inflated it. Lines belong together unless they are dated."""
        source = self.sources.get(request.match_info["code"])
        if source is None:
            return web.Response(status=401)
        if self.throttled:
            return web.Response(
                status=429,
                text="You have temporarily exceeded your Sumo Logic quota. "
                "Please try again at a later time",
            )
        try:
            text = (await request.read()).decode()
        except (UnicodeDecodeError, web.HTTPException):
            return web.Response(status=400)
        name = request.headers.get("X-Sumo-Name", "")
        category = request.headers.get("X-Sumo-Category", "")
        parts = [text]
        if not source.one_message_per_request:
            parts = re.split(r"\n(?=\d{4}-\d\d-\d\d)", text)
        for part in parts:
            for count in range(len(self.put(part, code=request.match_info["code"], name=name))):
                if category:
                    self.messages[-1 - count] = {
                        **self.messages[-1 - count],
                        "_sourcecategory": category,
                    }
        return web.Response()

    # --- the Search Job API ---

    async def create(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/json":
            return error(415, "contenttype.invalid", "Invalid content type.")
        try:
            asked = await request.json()
            test, since, until = _read_job(asked)
        except _Refused as refused:
            return error(400, f"searchjob.{refused.code}", refused.message)
        except ValueError:
            return error(400, "generic", "Generic error.")
        if sum(not job.cancelled for job in self.jobs.values()) >= self.jobs_max:
            return error(429, "rate.limit.exceeded", "Too many active search jobs.")
        when = "_receipttime" if asked.get("byReceiptTime") else "_messagetime"
        seen = self.now() - self.ingest_seconds
        found = [
            fields
            for fields in self.messages
            if since <= int(fields[when]) < until
            and int(fields["_receipttime"]) <= seen * 1000
            and test(fields)
        ]
        found.sort(key=lambda fields: int(fields["_messagetime"]), reverse=True)
        job = Job(
            id=secrets.token_hex(8).upper(),
            owner=request[CALLER],
            cookie=request.cookies.get(COOKIE) or secrets.token_hex(8),
            found=found[: self.message_cap],
            capped=len(found) > self.message_cap,
            asked_at=self.now(),
        )
        self.jobs[job.id] = job
        self.created.append(asked)
        location = {"Location": f"{self.url}{JOBS}/{job.id}"}
        answer = web.json_response({"id": job.id}, status=202, headers=location)
        answer.set_cookie(COOKIE, job.cookie, path="/")
        return answer

    async def status(self, request: web.Request) -> web.StreamResponse:
        job = self._job(request)
        if job is None:
            return error(404, "jobid.invalid", "Job ID is invalid.")
        job.polls += 1
        if job.polls == self.cancel_at_poll and self.cancels_left:
            self.cancels_left -= 1
            job.cancelled = True
        done = job.polls >= self.polls_needed
        state = "NOT STARTED" if job.polls == 1 else "GATHERING RESULTS"
        if job.cancelled:
            state = "CANCELLED"
        elif done:
            state = "FORCE PAUSED" if job.capped else "DONE GATHERING RESULTS"
        errors, self.pending_errors = self.pending_errors, []
        warnings, self.pending_warnings = self.pending_warnings, []
        return web.json_response(
            {
                "state": state,
                "messageCount": len(job.found) if done else len(job.found) // 2,
                "histogramBuckets": [],
                "pendingErrors": errors,
                "pendingWarnings": warnings,
                "recordCount": 0,
            }
        )

    async def page(self, request: web.Request) -> web.StreamResponse:
        job = self._job(request)
        if job is None:
            return error(400, "jobid.invalid", "Job ID is invalid.")
        numbers = {}
        for name in ("offset", "limit"):
            if name not in request.query:
                return error(400, f"{name}.missing", f"{name.title()} is missing.")
            numbers[name] = int(request.query[name])
            if numbers[name] < 0:
                return error(400, f"{name}.negative", f"{name.title()} cannot be negative.")
        if not numbers["limit"]:
            return error(400, "limit.zero", "Limit cannot be 0.")
        page: list[Fields] = []
        size = 0
        for fields in job.found[numbers["offset"] :]:
            size += len(fields["_raw"])
            if len(page) == min(numbers["limit"], self.page_messages) or size > PAGE_BYTES:
                break
            page.append(fields)
        names = [{"name": name, "fieldType": "string", "keyField": False} for name in FIELDS_SHOWN]
        return web.json_response(
            {"fields": names, "messages": [{"map": dict(fields)} for fields in page]}
        )

    async def delete(self, request: web.Request) -> web.StreamResponse:
        job = self._job(request)
        if job is None:
            return error(404, "jobid.invalid", "Job ID is invalid.")
        del self.jobs[job.id]
        self.delete_count += 1
        return web.json_response({"id": job.id})

    def _job(self, request: web.Request) -> Job | None:
        """Find a job of this caller's, by id and cookie, that was kept alive; keep it so."""
        job = self.jobs.get(request.match_info["id"])
        if job is None or job.owner != request[CALLER]:
            return None
        if request.cookies.get(COOKIE) != job.cookie:
            return None
        if self.now() - job.asked_at > SESSION_SECONDS:
            job.cancelled = True
            return None
        job.asked_at = self.now()
        return job

    # --- before every call of the API ---

    def refuse(self, request: web.Request) -> web.Response | None:
        """Return what stands before any answer: another deployment, the keys, the limits."""
        self.authorizations.append(request.headers.get("Authorization", ""))
        if self.moved_to:
            message = (
                "The requested resource SHOULD be accessed through returned URI in Location Header."
            )
            location = {"Location": f"{self.moved_to}{request.path_qs}"}
            return error(301, "moved", message, location)
        access_id = _caller(request, self.keys)
        if access_id is None:
            return error(401, "unauthorized", "Credential could not be verified.")
        request[CALLER] = access_id
        times = self._times.setdefault(access_id, [])
        times[:] = [at for at in times if self.now() - at < 1.0]
        if len(times) >= CALLS_PER_SECOND or self._open.get(access_id, 0) >= CALLS_AT_ONCE:
            self.too_fast_count += 1
            message = "The API request rate is higher than 4 request per second."
            return error(429, "rate.limit.exceeded", message)
        times.append(self.now())
        if access_id not in self.capable:
            message = "This operation is not allowed for your account type or the user doesn't "
            message += "have the role capability to perform this action."
            return error(403, "forbidden", message)
        return None

    def fault(self, call: str) -> Fault | None:
        """Return the fault that is planted for a call."""
        for each in self.faults:
            if each.times and call.startswith(each.call):
                each.times -= 1
                return each
        return None

    def app(self) -> web.Application:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            call = f"{request.method} {request.path}"
            self.calls.append(call)
            fault = self.fault(call)
            if fault:
                if fault.silent:
                    await asyncio.sleep(30)
                body = fault.body or {"status": fault.status, "code": "planted", "message": "no"}
                return web.json_response(body, status=fault.status, headers=fault.headers)
            if not request.path.startswith("/api/"):
                return await handler(request)
            refused = self.refuse(request)
            if refused:
                return refused
            access_id = request[CALLER]
            self._open[access_id] = self._open.get(access_id, 0) + 1
            try:
                return await handler(request)
            except web.HTTPMethodNotAllowed:
                return error(405, "method.unsupported", "Unsupported method for URL.")
            except web.HTTPNotFound:
                return error(404, "notfound", "Requested resource could not be found.")
            finally:
                self._open[access_id] -= 1

        app = web.Application(middlewares=[guard], client_max_size=32 << 20)
        app.add_routes(
            [
                web.post("/receiver/v1/http/{code}", self.receive),
                web.post(JOBS, self.create),
                web.get(JOBS + "/{id}", self.status),
                web.get(JOBS + "/{id}/messages", self.page),
                web.delete(JOBS + "/{id}", self.delete),
            ]
        )
        return app


FIELDS_SHOWN = ("_messageid", "_receipttime", "_messagetime", "_sourcename", "_raw")


class _Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def _read_job(asked: dict[str, object]) -> tuple[Test, int, int]:
    """Return what a job looks for, and its two times in milliseconds."""
    if not asked.get("query"):
        raise _Refused("no.query", "No 'query' parameter was provided.")
    name = asked.get("timeZone") or asked.get("timezone")
    if not name:
        raise _Refused("empty.timezone", "The 'timezone' cannot be blank.")
    try:
        zone = ZoneInfo(str(name))
    except (ValueError, OSError, KeyError):
        message = "The 'timezone' value is not a known time zone."
        raise _Refused("unknown.timezone", message) from None
    since, until = (_milliseconds(asked, name, zone) for name in ("from", "to"))
    if since > until:
        message = "The 'from' time cannot be larger than the 'to' time."
        raise _Refused("to.smaller.than.from", message)
    try:
        return parse_query(str(asked["query"])), since, until
    except ParseError as wrong:
        raise _Refused("parse.error", f"Unable to parse query: {wrong}") from None


def _milliseconds(asked: dict[str, object], name: str, zone: ZoneInfo) -> int:
    text = str(asked.get(name, ""))
    if text.isdigit():
        return int(text)
    try:
        local = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        message = f"The '{name}' field contains an invalid time."
        raise _Refused(f"invalid.timestamp.{name}", message) from None
    return int(local.replace(tzinfo=zone).timestamp() * 1000)


def _caller(request: web.Request, keys: dict[str, str]) -> str | None:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        access_id, _, key = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    known = keys.get(access_id)
    return access_id if scheme == "Basic" and known and known == key else None


def error(
    status: int, code: str, message: str, headers: dict[str, str] | None = None
) -> web.Response:
    """Answer as Sumo does: status, an id for its support, code and message."""
    body = {"status": status, "id": "IUUQI-DGH5I-TJ045", "code": code, "message": message}
    return web.json_response(body, status=status, headers=headers)


@contextmanager
def sumo_server(now: Callable[[], float] = time.time) -> Iterator[Sumo]:
    """Run a server on a free port, in a thread of its own, until the block is left."""
    sumo = Sumo(now)
    started = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        runner = web.AppRunner(sumo.app(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        sumo.port = runner.addresses[0][1]
        started.set()
        await stop.wait()
        await runner.cleanup()

    def run() -> None:
        with contextlib.closing(loop):
            loop.run_until_complete(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    if not started.wait(10):
        raise RuntimeError("the server has not started in 10 s")
    try:
        yield sumo
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)

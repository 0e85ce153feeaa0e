"""The Logpush API as it is documented, small: jobs in memory, challenges into local folders.

Answers can be scripted, for what a server does when it is not well. It runs in a thread with its
own loop, so that a command under test can be a process.
"""

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

ZONE = "023e105f4ecef8ad9ca31a8372d0c353"
ACCOUNT = "9a7806061c88ada191ed06f989cc3dac"
TOKEN = "an-api-token-of-forty-characters-PLANTED"
EMAIL = "somebody@example.com"
KEY = "an-api-key-of-37-characters-PLANTED"
CHALLENGE = "0123456789abcdefABCDEF/+.-_"
MAX_JOBS = "creating a new job is not allowed: exceeded max jobs allowed"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One scripted answer; `broken` ends the connection without it."""

    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    broken: bool = False
    after: bool = False  # what was asked is done all the same, and its answer lost


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


class _Refused(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass
class LogpushServer:
    """A running server."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    script: list[Answer] = field(default_factory=list)
    jobs: dict[int, dict[str, Any]] = field(default_factory=dict)
    writes: bool = True  # the challenge really
    refuses: str = ""  # the message for every destination
    _next_id: int = 146

    def add(self, **fields: Any) -> int:
        """Keep a job; return its id."""
        number, self._next_id = self._next_id, self._next_id + 1
        self.jobs[number] = {
            "id": number,
            "dataset": "http_requests",
            "name": None,
            "enabled": False,
            "logpull_options": None,
            "last_complete": None,
            "last_error": None,
            "error_message": None,
            **fields,
        }
        return number

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/client/v4/{path:.*}", self.answer)
        return app

    async def answer(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        body = json.loads(text) if text else None
        self.asked.append(
            Asked(method=request.method, path=request.path, headers=request.headers, body=body)
        )
        scripted = self.script.pop(0) if self.script else None
        if scripted is None or scripted.after:
            done = self._done(request, body)
        if scripted is None:
            return done
        if scripted.broken:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(
            status=scripted.status,
            headers=scripted.headers,
            text=scripted.body,
            content_type="application/json",
        )

    def _done(self, request: web.Request, body: Any) -> web.Response:
        try:
            _must_be_signed_in(request)
            status, result = self._operation(request, body)
        except _Refused as refused:
            error = {"code": refused.code, "message": str(refused)}
            said = {"success": False, "errors": [error], "messages": [], "result": None}
            return web.json_response(said, status=refused.status)
        said = {"success": True, "errors": None, "messages": None, "result": result}
        return web.json_response(said, status=status)

    def _operation(self, request: web.Request, body: Any) -> tuple[int, Any]:
        path = request.path.partition("/logpush/")[2]
        match request.method, path.split("/"):
            case "GET", ["jobs"]:
                return 200, list(self.jobs.values())
            case "POST", ["jobs"]:
                return 201, self._create(body)
            case "GET", ["jobs", number]:
                return 200, self._job(number)
            case "PUT", ["jobs", number]:
                self._job(number).update(self._proven(body))
                return 200, self._job(number)
            case "DELETE", ["jobs", number]:
                del self.jobs[self._job(number)["id"]]
                return 200, {}
            case "GET", ["datasets", dataset, "jobs"]:
                return 200, [job for job in self.jobs.values() if job["dataset"] == dataset]
            case "GET", ["datasets", _, "fields"]:
                return 200, {"ClientIP": "string; IP address of the client", "RayID": "string; Id"}
            case "GET", ["datasets", _, "fields", "default"]:
                return 200, {"RayID": "string; Id"}
            case "POST", ["validate", "destination", "exists"]:
                confs = [job["destination_conf"] for job in self.jobs.values()]
                return 200, {"exists": body["destination_conf"] in confs}
            case "POST", ["validate", "destination"]:
                return 200, {"valid": not self.refuses, "message": self.refuses}
            case "POST", ["validate", "origin"]:
                valid = "sample=7" not in (body["logpull_options"] or "")
                return 200, {"valid": valid, "message": "" if valid else "sample out of range"}
            case "POST", ["ownership"]:
                return 200, self._challenge(body["destination_conf"])
            case "POST", ["ownership", "validate"]:
                return 200, {"valid": body["ownership_challenge"] == CHALLENGE}
        raise _Refused(404, 7003, "No route for the URI")

    def _job(self, number: str) -> dict[str, Any]:
        if int(number) not in self.jobs:
            raise _Refused(404, 1000, "job not found")
        return self.jobs[int(number)]

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        if len(self.jobs) >= 4:
            raise _Refused(403, 1004, MAX_JOBS)
        return self.jobs[self.add(**self._proven(body))]

    def _proven(self, body: dict[str, Any]) -> dict[str, Any]:
        token = body.pop("ownership_challenge", None)
        if body.get("destination_conf", "").startswith("file:") and token != CHALLENGE:
            raise _Refused(400, 1002, "incorrect ownership challenge")
        return body

    def _challenge(self, conf: str) -> dict[str, Any]:
        if self.refuses:
            return {"valid": False, "message": self.refuses, "filename": ""}
        name = f"ownership-challenge-{len(self.asked):08x}.txt"
        if self.writes:
            folder = Path(conf.removeprefix("file://"))
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"{CHALLENGE}\n")
        return {"filename": name, "valid": True, "message": ""}


def _must_be_signed_in(request: web.Request) -> None:
    sent = request.headers
    by_key = (sent.get("X-Auth-Email"), sent.get("X-Auth-Key")) == (EMAIL, KEY)
    if not by_key and sent.get("Authorization") != f"Bearer {TOKEN}":
        raise _Refused(403, 10000, "Authentication error")


@contextmanager
def logpush_server() -> Iterator[LogpushServer]:
    """Run a server on a free port, in a thread of its own, until the block is left."""
    server = LogpushServer()

    def started(port: int) -> None:
        server.url = f"http://127.0.0.1:{port}/client/v4"

    with served(server.app, started):
        yield server


@contextmanager
def served(make: Callable[[], web.Application], started: Callable[[int], None]) -> Iterator[None]:
    """Serve an application, made in the thread that serves it, on a free port of the loopback."""
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        runner = web.AppRunner(make(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        started(runner.addresses[0][1])
        ready.set()
        await stop.wait()
        await runner.cleanup()

    def run() -> None:
        with contextlib.closing(loop):
            loop.run_until_complete(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    if not ready.wait(10):
        raise RuntimeError("the server has not started in 10 s")
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)

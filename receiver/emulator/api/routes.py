"""The paths of the Logpush API, under zones and accounts alike, each led to its operation."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal

import msgspec
from aiohttp import web

from receiver.emulator.api.audit import page_of, read_query
from receiver.emulator.api.envelope import answered
from receiver.emulator.api.operations import Operations
from receiver.emulator.api.refusals import BODY_INVALID, BODY_SLOW, Refusal
from receiver.emulator.api.rules import Actor
from receiver.emulator.cloud import Scope

ACTOR: Final = web.RequestKey("actor", Actor)

BODY_SECONDS: Final = 30.0
"""A body is here by then: it has 256 KiB at most, and who sends no more holds a connection."""

BASE: Final = "/client/v4"
_ID: Final = "{id:[0-9a-fA-F]{32}}"
_JOBS: Final = f"{BASE}/{{kind:zones|accounts}}/{_ID}/logpush/jobs"
_JOB: Final = _JOBS + "/{job:[0-9]{1,18}}"  # more digits fit no id
_DATASET: Final = f"{BASE}/{{kind:zones|accounts}}/{_ID}/logpush/datasets/{{dataset}}"
_OWNERSHIP: Final = f"{BASE}/{{kind:zones|accounts}}/{_ID}/logpush/ownership"
_VALIDATE: Final = f"{BASE}/{{kind:zones|accounts}}/{_ID}/logpush/validate"
_AUDIT: Final = f"{BASE}/{{kind:accounts}}/{_ID}/audit_logs"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes_of(operations: Operations) -> list[web.RouteDef]:
    """Return every route of the API."""
    paths = _Paths(operations)
    return [
        web.post(_JOBS, paths.create),
        _get(_JOBS, paths.jobs),
        _get(_JOB, paths.job),
        web.put(_JOB, paths.update),
        web.delete(_JOB, paths.delete),
        _get(_DATASET + "/jobs", paths.jobs),
        _get(_DATASET + "/fields", paths.fields),
        _get(_DATASET + "/fields/default", paths.default_fields),
        web.post(_OWNERSHIP, paths.challenge),
        web.post(_OWNERSHIP + "/validate", paths.validate_challenge),
        web.post(_VALIDATE + "/destination", paths.validate_destination),
        web.post(_VALIDATE + "/destination/exists", paths.exists),
        web.post(_VALIDATE + "/origin", paths.validate_origin),
        _get(_AUDIT, paths.audit),
    ]


def json_response(
    envelope: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return an answer in JSON."""
    return web.Response(
        body=msgspec.json.encode(envelope),
        status=status,
        headers=headers,
        content_type="application/json",
    )


async def read_body(request: web.Request) -> bytes:
    """Read a request's body, which has to come in time."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise Refusal(BODY_SLOW, f"the body was not here in {BODY_SECONDS:g} seconds") from None


class _Paths:
    """A request cut into what its operation wants, and the result put into its envelope."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def create(self, request: web.Request) -> web.Response:
        """Answer 201, as the documents' example has it; their specification says 200."""
        scope = self._scope(request)
        result = await self._operations.create(scope, request[ACTOR], await _body(request))
        return json_response(answered(result), status=201)

    async def jobs(self, request: web.Request) -> web.Response:
        dataset = request.match_info.get("dataset")
        return _answer(self._operations.jobs(self._scope(request), dataset))

    async def job(self, request: web.Request) -> web.Response:
        return _answer(self._operations.job(self._scope(request), _job_id(request)))

    async def update(self, request: web.Request) -> web.Response:
        scope, job_id = self._scope(request), _job_id(request)
        body = await _body(request)
        return _answer(await self._operations.update(scope, request[ACTOR], job_id, body))

    async def delete(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        return _answer(self._operations.delete(scope, request[ACTOR], _job_id(request)))

    async def fields(self, request: web.Request) -> web.Response:
        dataset = request.match_info["dataset"]
        return _answer(self._operations.fields(self._scope(request), dataset))

    async def default_fields(self, request: web.Request) -> web.Response:
        dataset = request.match_info["dataset"]
        return _answer(self._operations.default_fields(self._scope(request), dataset))

    async def challenge(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        return _answer(await self._operations.challenge(scope, await _body(request)))

    async def validate_challenge(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        return _answer(self._operations.validate_challenge(scope, await _body(request)))

    async def validate_destination(self, request: web.Request) -> web.Response:
        self._scope(request)
        return _answer(await self._operations.validate_destination(await _body(request)))

    async def exists(self, request: web.Request) -> web.Response:
        self._scope(request)
        return _answer(self._operations.exists(await _body(request)))

    async def validate_origin(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        return _answer(self._operations.validate_origin(scope, await _body(request)))

    async def audit(self, request: web.Request) -> web.Response:
        account, query = self._scope(request), read_query(request.query)
        records, info = page_of(self._operations.audit(), query, account)
        return json_response(answered(records, info=info))

    def _scope(self, request: web.Request) -> Scope:
        kind: Literal["zones", "accounts"] = (
            "zones" if request.match_info["kind"] == "zones" else "accounts"
        )
        scope = Scope(kind=kind, id=request.match_info["id"].lower())
        self._operations.rules.admit(scope)
        return scope


def _get(path: str, handler: Handler) -> web.RouteDef:
    return web.get(path, handler, allow_head=False)


def _answer(result: object) -> web.Response:
    return json_response(answered(result))


def _job_id(request: web.Request) -> int:
    return int(request.match_info["job"])


async def _body(request: web.Request) -> dict[str, Any]:
    """Read a JSON object, whatever the Content-Type says: curl -d says a form's."""
    plain = await read_body(request)
    try:
        body = msgspec.json.decode(plain)
    except (ValueError, RecursionError) as error:
        raise Refusal(BODY_INVALID, "the body is not JSON that can be read") from error
    if not isinstance(body, dict):
        raise Refusal(BODY_INVALID, "the body is not a JSON object")
    return body

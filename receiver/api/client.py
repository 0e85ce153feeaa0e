"""The Logpush API's operations, for a zone and for an account, at Cloudflare or an emulator.

Source: Logpush API, "Endpoints"; /validate/destination is younger than the twelve listed there.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from random import Random
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from receiver.api.answer import (
    ApiJob,
    Challenged,
    Existence,
    Validity,
    read_fields,
    read_job,
    read_jobs,
    read_result,
)
from receiver.api.calls import ApiCalls
from receiver.api.credentials import Credentials
from receiver.api.envelope import Envelope
from receiver.api.scope import Scope
from receiver.clock import Clock
from receiver.errors import ApiError, ApiRefused, ConfigError
from receiver.job.job import DATASET_NAME

CONNECT_SECONDS: Final = 10.0
"""A machine that has not answered by then is not there."""

_log = logging.getLogger(__name__)


class LogpushApi:
    """The operations. Every one raises ApiError's children, and ConfigError where a data set's
    name is none, and nothing else.

    What the API finds not valid is an answer (a Validity); what it refuses to do is ApiRefused.
    """

    def __init__(self, calls: ApiCalls) -> None:
        self._calls = calls

    async def create(self, scope: Scope, job: Mapping[str, object]) -> ApiJob:
        """Make a job; asked at most once, for every asking makes one."""
        answer = await self._calls.ask("POST", _jobs(scope), body=job, repeatable=False)
        return read_job(answer.result, name=self._calls.name)

    async def get(self, scope: Scope, job_id: int) -> ApiJob:
        """Return one job."""
        answer = await self._calls.ask("GET", f"{_jobs(scope)}/{job_id}")
        return read_job(answer.result, name=self._calls.name, job_id=job_id)

    async def list(self, scope: Scope, *, dataset: str | None = None) -> tuple[ApiJob, ...]:
        """Return all jobs, or those of one data set."""
        path = _jobs(scope) if dataset is None else f"{_dataset(scope, dataset)}/jobs"
        answer = await self._calls.ask("GET", path)
        if answer.left_out:
            _log.warning("%s: it has %d more jobs than it lists", scope, answer.left_out)
        return read_jobs(answer.result, name=self._calls.name)

    async def fields(self, scope: Scope, dataset: str, *, default: bool = False) -> dict[str, str]:
        """Return a data set's fields, or its default ones: name -> "type; description"."""
        path = f"{_dataset(scope, dataset)}/fields" + ("/default" if default else "")
        answer = await self._calls.ask("GET", path)
        return read_fields(answer.result, name=self._calls.name)

    async def update(self, scope: Scope, job_id: int, changes: Mapping[str, object]) -> ApiJob:
        """Change a job; what is not named in `changes` stays as it is."""
        answer = await self._calls.ask("PUT", f"{_jobs(scope)}/{job_id}", body=changes)
        return read_job(answer.result, name=self._calls.name, job_id=job_id)

    async def delete(self, scope: Scope, job_id: int) -> None:
        """Delete a job; the answer is {}, its id or null, and says nothing more."""
        await self._calls.ask("DELETE", f"{_jobs(scope)}/{job_id}")

    async def destination_exists(self, scope: Scope, conf: str) -> bool:
        """Tell whether a job writes to a destination."""
        body = {"destination_conf": conf}
        answer = await self._post(scope, "validate/destination/exists", body)
        return read_result(answer.result, Existence, name=self._calls.name).exists

    async def challenge(self, scope: Scope, conf: str) -> str:
        """Have a challenge written to a destination; return its filename.

        Repeated where the answer is lost: each asking writes one, and the last answer names one.

        Raises:
            ApiRefused: the destination is not valid.
        """
        body = {"destination_conf": conf}
        answer = await self._post(scope, "ownership", body)
        found = read_result(answer.result, Challenged, name=self._calls.name)
        if not found.valid:
            why = self._calls.hide(found.message or "", body) or "it does not say why"
            raise ApiRefused(f"{self._calls.name}: no challenge was written: {why}", status=200)
        if not found.filename:
            raise ApiError(f"{self._calls.name}: the answer does not name the challenge's file")
        return found.filename

    async def validate_challenge(self, scope: Scope, conf: str, token: str) -> Validity:
        """Let the API judge a token."""
        body = {"destination_conf": conf, "ownership_challenge": token}
        return await self._judged(scope, "ownership/validate", body)

    async def validate_origin(
        self, scope: Scope, logpull_options: str | None, *, dataset: str
    ) -> Validity:
        """Let the API judge `logpull_options`."""
        body = {"logpull_options": logpull_options, "dataset": dataset}
        return await self._judged(scope, "validate/origin", body)

    async def validate_destination(self, scope: Scope, conf: str) -> Validity:
        """Let the API judge a destination_conf."""
        return await self._judged(scope, "validate/destination", {"destination_conf": conf})

    async def _judged(self, scope: Scope, path: str, body: Mapping[str, object]) -> Validity:
        answer = await self._post(scope, path, body)
        found = read_result(answer.result, Validity, name=self._calls.name)
        return msgspec.structs.replace(found, message=self._calls.hide(found.message or "", body))

    async def _post(self, scope: Scope, path: str, body: Mapping[str, object]) -> Envelope:
        return await self._calls.ask("POST", f"{scope.path}/{path}", body=body)


@asynccontextmanager
async def open_api(
    credentials: Credentials, *, base_url: URL, clock: Clock, random: Random
) -> AsyncIterator[LogpushApi]:
    """Open the way to the API at an address (`find_base_url` finds and judges it).

    Raises:
        ConfigError: the environment names a proxy that cannot be used.
    """
    async with aiohttp.ClientSession(
        # A connection for each call: one that ended while a challenge was waited for would leave
        # it open whether the job was made.
        connector=aiohttp.TCPConnector(force_close=True),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        calls = ApiCalls(
            base_url=base_url, credentials=credentials, session=session, clock=clock, random=random
        )
        yield LogpushApi(calls)


def _jobs(scope: Scope) -> str:
    return f"{scope.path}/jobs"


def _dataset(scope: Scope, dataset: str) -> str:
    """Return the path of a data set; its name becomes a part of an address."""
    if not DATASET_NAME.fullmatch(dataset):
        raise ConfigError("a data set's name is letters, digits, `_` and `-`: http_requests")
    return f"{scope.path}/datasets/{dataset}"

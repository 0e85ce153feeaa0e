"""Sumo Logic's log messages, found by search jobs: create one, poll it, page through, delete it.

Sumo stores no objects, so this is no Store. Source: Sumo Logic, "Search Job APIs".
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from receiver.clock import Clock
from receiver.destination.destination import Destination
from receiver.errors import StoreDenied, StoreError, StoreUnavailable
from receiver.store.bounds import BOUNDS, Bounds
from receiver.store.sumo_access import find_api, find_keys
from receiver.store.sumo_calls import CONNECT_SECONDS, SumoCalls
from receiver.store.sumo_errors import JobGone, words_of_sumo
from receiver.store.sumo_wire import Created, Found, Message, Rows, SearchJob, State, Status

JOB_SECONDS_MAX: Final = 180.0
"""A search of a week ends in a minute or two; one that has not by then is better narrowed."""

POLL_SECONDS: Final = 1.0
"""The first wait for a job; it doubles."""

POLL_SECONDS_MAX: Final = 5.0
"""As in Sumo's own example; a job that nobody asks for in 20 to 30 seconds is cancelled."""

PAGE_MESSAGES: Final = 100
"""Messages per call: Sumo would give 10,000, but those that we look for are few."""

MESSAGES_MAX: Final = 1000
"""So many messages are read of one search, newest first; more are no answer to any question."""

DELETE_SECONDS: Final = 5.0
"""Deleting a job ends by then: without it Sumo cancels the job by itself, half a minute later."""

Answer = TypeVar("Answer", bound=msgspec.Struct)

_log = logging.getLogger(__name__)


@asynccontextmanager
async def open_sumo(
    destination: Destination,
    *,
    clock: Clock,
    endpoint_url: str | None = None,
    bounds: Bounds = BOUNDS,
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator["SumoSearchJobs"]:
    """Open the API of the deployment that a sumo:// destination names, with keys as `find_keys`.

    Raises:
        ConfigError: the deployment is not known.
        StoreDenied: there are no keys.
    """
    given = os.environ if environ is None else environ
    api = find_api(destination, endpoint_url=endpoint_url, environ=given)
    keys = find_keys(given, name=str(api.origin()))
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.CookieJar(unsafe=True),  # a job is found by its cookie, on any host
        timeout=aiohttp.ClientTimeout(
            total=bounds.call_seconds, sock_connect=min(CONNECT_SECONDS, bounds.call_seconds)
        ),
    ) as session:
        random = Random()  # noqa: S311 (spreads waits, guards nothing)
        calls = SumoCalls(
            api=api, keys=keys, session=session, clock=clock, random=random, bounds=bounds
        )
        yield SumoSearchJobs(calls=calls, clock=clock)


class SumoSearchJobs:
    """Searches of an account's log messages, each by a job of its own that is gone afterwards."""

    def __init__(self, *, calls: SumoCalls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock

    @property
    def name(self) -> str:
        """The API's address, as messages name it."""
        return self._calls.name

    async def messages(self, query: str, *, since: datetime, until: datetime) -> Found:
        """Return the messages that Sumo received between two times and that the query selects.

        A job that Sumo cancels is created anew, once.

        Raises:
            StoreError: it could not be searched.
        """
        deadline = self._clock.monotonic() + JOB_SECONDS_MAX
        job = SearchJob(
            query=query,
            from_=_local(since),
            to=_local(until + timedelta(seconds=1)),  # its seconds are whole, and cut off
            time_zone="UTC",
            by_receipt_time=True,
            requires_raw_messages=True,
        )
        try:
            return await self._search(job, deadline)
        except JobGone:
            _log.warning("%s: the search job was cancelled; creating it anew", self.name)
        try:
            return await self._search(job, deadline)
        except JobGone as error:
            raise StoreUnavailable(f"{self.name}: Sumo cancelled the search job twice") from error

    async def _search(self, job: SearchJob, deadline: float) -> Found:
        """Run one job to its end, and delete it whatever happens in between."""
        # Of a creation that is cut off the id is not known: Sumo cancels such a job by itself.
        said = await self._calls.ask("POST", "", need="search", body=msgspec.json.encode(job))
        path = f"/{quote(self._decode(Created, said).id, safe='')}"
        try:
            return await self._wait_and_read(path, deadline)
        finally:
            await self._delete(path)

    async def _wait_and_read(self, path: str, deadline: float) -> Found:
        """Poll a job until it is done, then read its messages.

        Raises:
            JobGone: Sumo has cancelled it.
            StoreError: it ends in errors, or has no end.
        """
        notes: list[str] = []
        wait_seconds = POLL_SECONDS
        while True:
            status = self._decode(Status, await self._calls.ask("GET", path, need="search"))
            if status.pending_errors:  # told once; what such a job finds is not all there is
                raise StoreDenied(f"{self.name}: the search failed: {self._say(status)}")
            if status.pending_warnings:
                notes.append(f"Sumo warns: {self._say(status)}")
            match status.state:
                case State.CANCELLED:
                    raise JobGone
                case State.DONE | State.FORCE_PAUSED:
                    break
            if self._clock.monotonic() + wait_seconds > deadline:
                raise StoreUnavailable(
                    f"{self.name}: the search has not ended in {JOB_SECONDS_MAX:g} s; "
                    "narrow it with --sumo-scope"
                )
            await self._clock.sleep(wait_seconds)
            wait_seconds = min(2 * wait_seconds, POLL_SECONDS_MAX)
        if status.state == State.FORCE_PAUSED:
            notes.append("Sumo ended the search early, at its limit of messages")
        messages = await self._read(path, status.message_count)
        if status.message_count > len(messages):
            notes.append(f"{len(messages):,} of {status.message_count:,} messages were read")
        return Found(messages=messages, notes=tuple(notes))

    async def _read(self, path: str, count: int) -> list[Message]:
        """Page through the messages; a page may be shorter than asked for, but not empty."""
        messages: list[Message] = []
        wanted = min(count, MESSAGES_MAX)
        while len(messages) < wanted:
            limit = min(PAGE_MESSAGES, wanted - len(messages))
            parameters = {"offset": str(len(messages)), "limit": str(limit)}
            said = await self._calls.ask(
                "GET", f"{path}/messages", need="read", parameters=parameters
            )
            page = self._decode(Rows, said).messages
            if not page:
                break
            messages.extend(row.to_message() for row in page)
        return messages[:wanted]

    async def _delete(self, path: str) -> None:
        """Delete a job, once and briefly: a job left over is a pity and hides no result."""
        try:
            async with asyncio.timeout(DELETE_SECONDS):
                await self._calls.once("DELETE", path, need="search")
        except JobGone:
            pass
        except (StoreError, TimeoutError) as error:
            why = str(error) or f"no answer in {DELETE_SECONDS:g} s"
            _log.warning("the search job was not deleted, Sumo will cancel it: %s", why)

    def _decode(self, shape: type[Answer], said: bytes) -> Answer:
        """Read an answer; its text may hold tokens and is never quoted."""
        try:
            return msgspec.json.decode(said, type=shape)
        except (ValueError, RecursionError):
            raise StoreUnavailable(
                f"{self.name}: what answers is not the Search Job API; is the address right?"
            ) from None

    def _say(self, status: Status) -> str:
        said = "; ".join(status.pending_errors or status.pending_warnings or ())
        return words_of_sumo(said, hide=self._calls.hide)


def _local(when: datetime) -> str:
    """Write a time as Sumo reads it: to the second, without its zone, which is sent apart."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")

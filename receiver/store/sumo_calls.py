"""One call to Sumo Logic's API: at its pace, asked again where that may help, in our errors."""

import asyncio
import logging
from collections.abc import Mapping
from random import Random
from typing import Final

import aiohttp
from yarl import URL

from receiver.clock import Clock
from receiver.errors import Reason, StoreDenied, StoreError, StoreUnavailable
from receiver.limits import MIB, STORE_ATTEMPTS_MAX
from receiver.store.bounds import Bounds
from receiver.store.sumo_access import API_PATH, Keys, may_follow
from receiver.store.sumo_errors import JobGone, Need, refusal
from receiver.store.web import lost, proxy_for, seconds_asked

CALL_EVERY_SECONDS: Final = 0.3
"""Sumo refuses a fifth call within a second; slightly fewer, for they do not arrive evenly."""

RETRY_AFTER_SECONDS_MAX: Final = 60.0
"""A wait that Sumo asks for is kept up to this; whoever must wait longer is told so instead."""

ANSWER_BYTES_MAX: Final = 64 * MIB
"""A longer answer is given up: a page of 100 messages of 64 KiB, the longest there are, is 7 MB."""

CONNECT_SECONDS: Final = 10.0
"""A machine that has not answered by then is not there."""

_MOVED: Final = frozenset({301, 302, 307, 308})

_log = logging.getLogger(__name__)


class SumoCalls:
    """Calls below the path of the search jobs, one after the other. Cookies are the session's."""

    def __init__(
        self,
        *,
        api: URL,
        keys: Keys,
        session: aiohttp.ClientSession,
        clock: Clock,
        random: Random,
        bounds: Bounds,
    ) -> None:
        self._api = api
        self._keys = keys
        self._session = session
        self._clock = clock
        self._random = random
        self._bounds = bounds
        self._moved = False
        self._next_at = clock.monotonic()
        self._turn = asyncio.Lock()

    @property
    def name(self) -> str:
        """The API's address, as errors name it."""
        return str(self._api.origin())

    def hide(self, text: str) -> str:
        """Return a text of Sumo's without the keys."""
        return self._keys.hide(text)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        need: Need,
        body: bytes | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> bytes:
        """Call, and wait and call again where Sumo is busy: as long as it asks for, else doubling.

        Raises:
            JobGone: the search job is no longer there.
            StoreError: any other refusal.
        """
        wait_seconds = self._bounds.retry_seconds
        attempts_left = STORE_ATTEMPTS_MAX
        while True:
            attempts_left -= 1
            answer, asked_seconds = await self._attempt(method, path, need, body, parameters)
            if isinstance(answer, bytes):
                return answer
            if not isinstance(answer, StoreUnavailable) or not attempts_left:
                raise answer
            if asked_seconds > RETRY_AFTER_SECONDS_MAX:
                raise StoreUnavailable(f"{answer}; it asks to wait {asked_seconds:g} s") from answer
            cut_seconds = wait_seconds * (0.5 + self._random.random() / 2)
            cut_seconds = max(cut_seconds, asked_seconds)
            _log.warning("%s; asking again in %.1f s", answer, cut_seconds)
            await self._clock.sleep(cut_seconds)
            wait_seconds *= 2

    async def once(self, method: str, path: str, *, need: Need) -> None:
        """Call once, at the same pace, for what is not worth more.

        Raises:
            JobGone: the search job is no longer there.
            StoreError: any other refusal.
        """
        answer, _ = await self._attempt(method, path, need, None, None)
        if not isinstance(answer, bytes):
            raise answer

    async def _attempt(
        self,
        method: str,
        path: str,
        need: Need,
        body: bytes | None,
        parameters: Mapping[str, str] | None,
    ) -> tuple[bytes | StoreError | JobGone, float]:
        """Call once, and once more where the account lives elsewhere; the seconds are its wish."""
        try:
            async with asyncio.timeout(self._bounds.call_seconds):
                response, said = await self._send(method, path, body, parameters)
                if response.status in _MOVED:
                    self._move(response)
                    response, said = await self._send(method, path, body, parameters)
        except TimeoutError:
            return StoreUnavailable(
                f"{self.name}: no answer in {self._bounds.call_seconds:g} s"
            ), 0.0
        except (aiohttp.ClientError, OSError) as error:
            return lost(self.name, error), 0.0
        if 200 <= response.status < 300:
            return said, 0.0
        if response.status in _MOVED:
            return self._elsewhere("again"), 0.0
        if response.status == 404 and path:  # whatever its body says: so a cancelled job is told
            return JobGone(), 0.0
        refused = refusal(response.status, said, name=self.name, need=need, hide=self.hide)
        return refused, seconds_asked(response.headers.get("Retry-After", ""), self._clock.now())

    async def _send(
        self, method: str, path: str, body: bytes | None, parameters: Mapping[str, str] | None
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        """Wait for our turn, send, and read the whole answer."""
        async with self._turn:
            now = self._clock.monotonic()
            if now < self._next_at:
                await self._clock.sleep(self._next_at - now)
            self._next_at = self._clock.monotonic() + CALL_EVERY_SECONDS
        headers = {"Accept": "application/json", "Authorization": self._keys.header()}
        if body is not None:
            headers["Content-Type"] = "application/json"
        url = URL(f"{self._api}".rstrip("/") + API_PATH + path, encoded=True)
        async with self._session.request(
            method,
            url.with_query(parameters) if parameters else url,
            data=body,
            headers=headers,
            proxy=proxy_for(self._api),
            allow_redirects=False,  # the keys go nowhere by themselves
        ) as response:
            said = bytearray()
            async for chunk in response.content.iter_any():
                said += chunk
                if len(said) > ANSWER_BYTES_MAX:
                    raise StoreDenied(
                        f"{self.name}: an answer of more than {ANSWER_BYTES_MAX // MIB} MiB; "
                        "narrow the search with --sumo-scope"
                    )
            return response, bytes(said)

    def _move(self, response: aiohttp.ClientResponse) -> None:
        """Go to the deployment that Sumo names, once.

        Raises:
            StoreDenied: it has moved us before, or names an address that is not Sumo's.
        """
        try:
            location = URL(response.headers.get("Location", ""))
            allowed = may_follow(self._api, location)
        except ValueError:
            allowed = False
        if self._moved or not allowed:
            raise self._elsewhere("again" if self._moved else "to an address that is not Sumo's")
        self._moved = True
        before, self._api = self.name, location.origin()
        _log.warning("%s: the account is at %s; give that to --endpoint-url", before, self.name)

    def _elsewhere(self, where: str) -> StoreDenied:
        return StoreDenied(
            f"{self.name}: the account is in another deployment, and we are sent {where}; "
            "give the API's address to --endpoint-url",
            reason=Reason.REGION_WRONG,
        )

"""A store that asks again: what was StoreUnavailable may not be so in a second."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import TypeVar

from receiver.clock import Clock
from receiver.errors import StoreUnavailable
from receiver.limits import STORE_ATTEMPTS_MAX
from receiver.store.bounds import BOUNDS, Bounds
from receiver.store.store import Object, Page, Properties, Store

Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)


class RetryingStore:
    """Asks the store inside again, and gives every call `bounds.call_seconds`.

    The waits double from `bounds.retry_seconds`, each cut at random by up to a half, so that many
    readers do not come back at once. Of a stream only the opening is tried again: a body that
    breaks is for the store inside to resume, which has tried often enough when it gives up.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        random: Random,
        attempts_max: int = STORE_ATTEMPTS_MAX,
        bounds: Bounds = BOUNDS,
    ) -> None:
        self._store = store
        self._clock = clock
        self._random = random
        self._attempts_max = attempts_max
        self._bounds = bounds

    @property
    def properties(self) -> Properties:
        return self._store.properties

    async def list(self, prefix: str, *, after: str = "", next: str | None = None) -> Page:
        return await self._ask(
            f"listing {prefix!r}", lambda: self._store.list(prefix, after=after, next=next)
        )

    async def find(self, key: str) -> Object:
        return await self._ask(f"finding {key!r}", lambda: self._store.find(key))

    async def read(self, key: str, *, bytes_max: int) -> bytes:
        return await self._ask(
            f"reading {key!r}", lambda: self._store.read(key, bytes_max=bytes_max)
        )

    async def put(self, key: str, body: bytes) -> Object:
        return await self._ask(f"writing {key!r}", lambda: self._store.put(key, body))

    @asynccontextmanager
    async def open(self, obj: Object) -> AsyncIterator[AsyncIterator[bytes]]:
        async with AsyncExitStack() as opened:

            async def begin() -> AsyncIterator[bytes]:
                await opened.aclose()  # what an attempt before has left
                return await opened.enter_async_context(self._store.open(obj))

            yield await self._ask(f"opening {obj.key!r}", begin)

    async def _ask(self, what: str, call: Callable[[], Awaitable[Answer]]) -> Answer:
        return await ask_again(
            call,
            what=f"{self.properties.name}: {what}",
            clock=self._clock,
            random=self._random,
            attempts_max=self._attempts_max,
            bounds=self._bounds,
        )


async def ask_again(
    call: Callable[[], Awaitable[Answer]],
    *,
    what: str,
    clock: Clock,
    random: Random,
    attempts_max: int = STORE_ATTEMPTS_MAX,
    bounds: Bounds = BOUNDS,
) -> Answer:
    """Make a call, and make it again while it is StoreUnavailable; `what` names it in an error.

    Raises:
        StoreUnavailable: the last call's, after `attempts_max` of them.
        StoreError: as the call says; never made again.
    """
    wait_seconds = bounds.retry_seconds
    for attempts_left in reversed(range(attempts_max)):
        try:
            return await _attempt(call, what, bounds)
        except StoreUnavailable as error:
            if not attempts_left:
                raise
            cut_seconds = wait_seconds * (0.5 + random.random() / 2)
            _log.warning("%s; asking again in %.1f s", error, cut_seconds)
        await clock.sleep(cut_seconds)
        wait_seconds *= 2
    raise AssertionError("attempts_max is at least 1")


async def _attempt(call: Callable[[], Awaitable[Answer]], what: str, bounds: Bounds) -> Answer:
    try:
        async with asyncio.timeout(bounds.call_seconds):
            return await call()
    except TimeoutError as error:
        raise StoreUnavailable(f"{what}: no answer in {bounds.call_seconds:g} s") from error

"""An object's bytes, whole or an error: counts what comes, and resumes where a connection broke.

Knows no driver: a store gives `start`, which opens the body from a byte on and has already
translated its driver's exceptions into ours.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Protocol

from receiver.errors import StoreUnavailable
from receiver.limits import STORE_ATTEMPTS_MAX
from receiver.store.bounds import BOUNDS, Bounds


class Start(Protocol):
    """How a store opens the body of one object, always of the same etag.

    Entering it and reading from it raise StoreError's children: StoreUnavailable where asking
    again may help (a broken connection, a 5xx), ObjectChanged where the etag is another one.
    Leaving it closes the connection, read to the end or not.
    """

    def __call__(self, offset: int, /) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open the body so that its first byte is the object's byte number `offset`."""
        ...


@asynccontextmanager
async def whole_body(
    start: Start, *, name: str, stored_bytes: int, bounds: Bounds = BOUNDS
) -> AsyncIterator[AsyncIterator[bytes]]:
    """Stream exactly `stored_bytes` bytes of the object that `start` opens, or raise.

    A body that breaks off, ends early or brings no byte for `bounds.stall_seconds` is opened again
    at the byte where it stopped; STORE_ATTEMPTS_MAX openings without a byte give up. That the very
    first opening fails is for the caller to try again: nothing has been read by then. `name` is
    how an error names the object: "s3://bucket/key".

    Raises:
        StoreUnavailable: it broke too often, or brought more bytes than the object has.
        ObjectChanged, ObjectMissing, StoreDenied: as `start` says; never tried again.
    """
    body = _Body(start, name, stored_bytes, bounds)
    async with body.connection:
        await body.begin()
        chunks = body.chunks()
        try:
            yield chunks
        finally:
            await chunks.aclose()


class _Body:
    """One reading of one object: the connection of the moment and how far it came."""

    def __init__(self, start: Start, name: str, stored_bytes: int, bounds: Bounds) -> None:
        self.connection = AsyncExitStack()
        self._start = start
        self._name = name
        self._stored_bytes = stored_bytes
        self._bounds = bounds
        self._offset = 0
        self._incoming: AsyncIterator[bytes] | None = None

    async def begin(self) -> None:
        """Open the body at the byte reached so far; the connection before is closed."""
        self._incoming = None
        await self.connection.aclose()
        async with self._patience():
            self._incoming = await self.connection.enter_async_context(self._start(self._offset))

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the body's chunks; every break is mended here or raised."""
        fruitless = 0
        while True:
            before = self._offset
            try:
                if self._incoming is None:
                    await self.begin()
                while chunk := await self._next():
                    self._offset += len(chunk)
                    if self._offset > self._stored_bytes:
                        break
                    yield chunk
                broken = StoreUnavailable(
                    f"{self._name}: the body ended after {self._offset:,} of "
                    f"{self._stored_bytes:,} bytes"
                )
            except StoreUnavailable as error:
                broken = error
            if self._offset == self._stored_bytes:
                return  # nothing is missing, however the connection ended
            if self._offset > self._stored_bytes:
                raise StoreUnavailable(
                    f"{self._name}: the store sent more than the {self._stored_bytes:,} bytes "
                    "that it says the object has"
                )
            self._incoming = None
            if self._offset > before:
                fruitless = 0
                continue
            fruitless += 1
            if fruitless >= STORE_ATTEMPTS_MAX:
                raise broken
            await asyncio.sleep(self._bounds.retry_seconds * 2 ** (fruitless - 1))

    async def _next(self) -> bytes | None:
        """Return the next chunk that is not empty; None at the end of this connection's body."""
        assert self._incoming is not None
        async with self._patience():
            async for chunk in self._incoming:
                if chunk:
                    return chunk
        return None

    @asynccontextmanager
    async def _patience(self) -> AsyncIterator[None]:
        """Turn a wait of `bounds.stall_seconds` into StoreUnavailable."""
        try:
            async with asyncio.timeout(self._bounds.stall_seconds):
                yield
        except TimeoutError as error:
            raise StoreUnavailable(
                f"{self._name}: the store sent nothing for {self._bounds.stall_seconds:g} s"
            ) from error

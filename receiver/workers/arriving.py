"""The bytes of one object as they arrive: summed up for a digest, and not waited for too long."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

from receiver.errors import StoreUnavailable
from receiver.limits import READ_BYTES_PER_SECOND_MIN, READ_WAIT_SECONDS
from receiver.store.store import Object


class Arriving:
    """The chunks of an open object, the same ones.

    A store ends a body that stalls; one that brings a byte a second would be read for days. Only
    the waiting counts: judging may take as long as it takes.
    """

    def __init__(
        self, chunks: AsyncIterator[bytes], obj: Object, *, digest: "hashlib._Hash | None"
    ) -> None:
        self._chunks = chunks
        self._obj = obj
        self._digest = digest
        self._seconds_left = READ_WAIT_SECONDS + obj.stored_bytes / READ_BYTES_PER_SECOND_MIN

    def __aiter__(self) -> "Arriving":
        return self

    async def __anext__(self) -> bytes:
        seconds = asyncio.get_running_loop().time
        began = seconds()
        try:
            async with asyncio.timeout(self._seconds_left):
                chunk = await anext(self._chunks)
        except TimeoutError as error:
            raise StoreUnavailable(
                f"{self._obj.key}: its {self._obj.stored_bytes:,} bytes come too slowly;"
                " is the network sound?"
            ) from error
        self._seconds_left -= seconds() - began
        if self._digest is not None:
            self._digest.update(chunk)
        return chunk

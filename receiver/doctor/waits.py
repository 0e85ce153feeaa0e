"""How long the doctor waits, layer by layer: a person sits before it."""

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

import msgspec

from receiver.errors import StoreUnavailable
from receiver.store.bounds import Bounds

Answer = TypeVar("Answer")


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """The waits of one examination; a test gives less."""

    lookup_seconds: float = 10.0  # a resolver gives up on its own after about so long
    connect_seconds: float = 10.0  # a machine that has not answered by then is not there
    handshake_seconds: float = 10.0  # a few round trips, on the slowest of lines
    answer_seconds: float = 30.0  # the batch behind a test takes longer to upload, not to answer
    bounds: Bounds = Bounds(call_seconds=15.0, stall_seconds=15.0)  # of each call to a store
    question_seconds: float = 20.0  # all calls to a store for one answer: four make a minute


WAITS: Final = Waits()


async def in_time(question: Awaitable[Answer], *, what: str, waits: Waits) -> Answer:
    """Wait for the answer to one question to a store.

    Raises:
        StoreUnavailable: it did not come in time.
    """
    try:
        async with asyncio.timeout(waits.question_seconds):
            return await question
    except TimeoutError as error:
        message = f"{what}: no answer in {waits.question_seconds:g} s"
        raise StoreUnavailable(message) from error

"""A worker from inside: one event loop, one open store per Assignment, Orders in, Replies out."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from threading import Thread
from typing import BinaryIO

from receiver.clock import SystemClock
from receiver.errors import ConfigError, StoreError
from receiver.store.open import open_store
from receiver.workers.reading import Answer, Assignment, Desks
from receiver.workers.wire import Order, Reply, frame, read_assignments, read_order, take_blocking


def main() -> None:
    """Answer orders until the parent closes the pipe, which it does by ending, too."""
    for number in (signal.SIGINT, signal.SIGTERM):  # for the parent to act on: its end is ours
        signal.signal(number, signal.SIG_IGN)
    logging.basicConfig(format="logpush-receiver: %(message)s")  # stderr, which is the parent's
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a driver may print must not come between the frames
    first = take_blocking(sys.stdin.buffer)
    if first is not None:
        asyncio.run(_serve(read_assignments(first), replies))


async def _serve(assignments: Sequence[Assignment], replies: BinaryIO) -> None:
    orders: asyncio.Queue[Order] = asyncio.Queue()  # the parent keeps it short
    loop = asyncio.get_running_loop()

    def read() -> None:
        while (body := take_blocking(sys.stdin.buffer)) is not None:
            loop.call_soon_threadsafe(orders.put_nowait, read_order(body))
        os._exit(0)  # nobody waits for an answer any more, and nothing here needs an end

    # A thread of its own sees the parent's end at once, whatever is being verified.
    Thread(target=read, name="orders", daemon=True).start()
    desks = Desks(assignments)
    async with AsyncExitStack() as opened, asyncio.TaskGroup() as tasks:
        while True:
            order = await orders.get()
            try:
                await _open(order.place, assignments, desks, opened)
            except (StoreError, ConfigError) as error:
                answer = Answer(etag=order.object.etag, error=str(error))
                _reply(replies, order, answer)
            else:
                tasks.create_task(_work(desks, order, replies))


async def _open(
    place: int, assignments: Sequence[Assignment], desks: Desks, opened: AsyncExitStack
) -> None:
    """Open the store of an Assignment, if it is not open yet."""
    if place in desks:
        return
    assignment = assignments[place]
    store = await opened.enter_async_context(
        open_store(
            assignment.destination, clock=SystemClock(), endpoint_url=assignment.endpoint_url
        )
    )
    desks.put(place, store)


async def _work(desks: Desks, order: Order, replies: BinaryIO) -> None:
    _reply(replies, order, await desks.answer(order.place, order.object))


def _reply(replies: BinaryIO, order: Order, answer: Answer) -> None:
    try:
        replies.write(frame(Reply(number=order.number, answer=answer)))
        replies.flush()
    except BrokenPipeError:
        os._exit(0)  # the parent is gone

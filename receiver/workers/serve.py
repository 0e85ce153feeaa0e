"""A worker from inside: one event loop, one open store per Assignment, Orders in, Replies out."""

import asyncio
import logging
import os
import signal
import sys
from collections import defaultdict, deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from threading import Lock, Thread
from typing import BinaryIO, Final

from receiver.clock import SystemClock
from receiver.errors import Reason, ReceiverError, StoreUnavailable
from receiver.limits import STORE_CALL_SECONDS
from receiver.store.open import open_store
from receiver.workers.reading import Assignment, Desks, unread
from receiver.workers.wire import (
    Order,
    Remark,
    Reply,
    frame,
    read_assignments,
    read_order,
    take_blocking,
)

_OF_KEYS: Final = frozenset(
    {
        Reason.KEYS_MISSING,
        Reason.KEYS_WRONG,
        Reason.KEYS_EXPIRED,
        Reason.SAS_EXPIRED,
        Reason.SAS_WRONG,
    }
)

_log = logging.getLogger(__name__)


def main() -> None:
    """Answer orders until the parent closes the pipe, which it does by ending, too."""
    for number in (signal.SIGINT, signal.SIGTERM):  # for the parent to act on: its end is ours
        signal.signal(number, signal.SIG_IGN)
    replies = _Replies(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # what a driver may print must not come between the frames
    logging.basicConfig(handlers=[_Remarks(replies)])
    first = take_blocking(sys.stdin.buffer)
    if first is not None:
        asyncio.run(_serve(read_assignments(first), replies))


class _Replies:
    """The way back to the parent, for frames that are sent whole.

    Whoever logs may be in any thread, and amid a frame: what Python collects then logs as well, of
    a task whose error nobody took. So nobody waits for his turn: who has it sends the others' too.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._frames: deque[bytes] = deque()
        self._turn = Lock()

    def send(self, content: Reply | Remark) -> None:
        """Send something, whole."""
        self._frames.append(frame(content))
        while self._frames and self._turn.acquire(blocking=False):
            try:
                while self._frames:
                    self._stream.write(self._frames.popleft())
                    self._stream.flush()
            except BrokenPipeError:
                os._exit(0)  # the parent is gone
            finally:
                self._turn.release()


class _Remarks(logging.Handler):
    """What is logged here is the parent's to log."""

    def __init__(self, replies: _Replies) -> None:
        super().__init__()
        self._replies = replies

    def emit(self, record: logging.LogRecord) -> None:
        try:
            said = self.format(record).encode(errors="backslashreplace").decode()
            self._replies.send(Remark(logger=record.name, level=record.levelno, message=said))
        except Exception:  # noqa: BLE001 (a driver's mistake; to log costs nobody his work)
            self.handleError(record)


async def _serve(assignments: Sequence[Assignment], replies: _Replies) -> None:
    orders: asyncio.Queue[Order] = asyncio.Queue()  # the parent keeps it short
    loop = asyncio.get_running_loop()

    def read() -> None:
        while (body := take_blocking(sys.stdin.buffer)) is not None:
            loop.call_soon_threadsafe(orders.put_nowait, read_order(body))
        os._exit(0)  # nobody waits for an answer any more, and nothing here needs an end

    # A thread of its own sees the parent's end at once, whatever is being verified.
    Thread(target=read, name="orders", daemon=True).start()
    async with asyncio.TaskGroup() as tasks:
        work = _Work(assignments, replies)
        while True:
            tasks.create_task(work.do(await orders.get()))


class _Door:
    """A place's store: opened by whoever comes first, and how many are using it."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.opened: AsyncExitStack | None = None
        self.users = 0


class _Work:
    """Orders done, many at once. A store that takes long to open holds up its own orders only.

    One that does not take its keys is closed, and opened anew for the next order: they may have
    been renewed, and a worker lives for months.
    """

    def __init__(self, assignments: Sequence[Assignment], replies: _Replies) -> None:
        self._assignments = assignments
        self._replies = replies
        self._desks = Desks(assignments)
        self._doors: defaultdict[int, _Door] = defaultdict(_Door)

    async def do(self, order: Order) -> None:
        """Do an order and reply."""
        door = self._doors[order.place]
        try:
            async with door.lock:
                if door.opened is None:
                    door.opened = await self._open(order.place)
                door.users += 1
        except ReceiverError as error:
            answer = unread(order.object, error, of_place=True)
        except Exception as error:  # noqa: BLE001 (ours; it must not cost the other places)
            _log.exception("a mistake of this program while a store was opened")
            answer = unread(order.object, error, of_place=True)
        else:
            answer = await self._desks.answer(order.place, order.object)
            door.users -= 1
        self._replies.send(Reply(number=order.number, answer=answer))
        if answer.reason in _OF_KEYS:
            await _close(door)

    async def _open(self, place: int) -> AsyncExitStack:
        assignment = self._assignments[place]
        opened = AsyncExitStack()
        try:
            async with asyncio.timeout(STORE_CALL_SECONDS):
                store = await opened.enter_async_context(
                    open_store(
                        assignment.destination,
                        clock=SystemClock(),
                        endpoint_url=assignment.endpoint_url,
                    )
                )
        except TimeoutError as error:
            raise StoreUnavailable(
                f"{assignment.destination}: it could not be opened in {STORE_CALL_SECONDS:g} s;"
                " do the credentials come from a server that does not answer?"
            ) from error
        self._desks.put(place, store)
        return opened


async def _close(door: _Door) -> None:
    """Close a store that nobody uses now."""
    async with door.lock:
        opened = door.opened
        if opened is None or door.users:
            return
        door.opened = None
        try:
            await opened.aclose()
        except Exception as error:  # noqa: BLE001 (a driver's mistake; another will be opened)
            _log.warning("a store could not be closed: %s", type(error).__name__)

"""A worker as its parent sees it: a process that answers Orders, until it is no longer needed."""

import asyncio
import logging
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from receiver.errors import WorkerLost
from receiver.limits import WORKER_END_SECONDS
from receiver.store.store import Object
from receiver.workers.reading import Answer, Assignment
from receiver.workers.wire import Order, Remark, frame, read_reply, take

# -P: the folder that we stand in may be full of anybody's files, and is no place for modules.
_COMMAND: Final = (
    "-P",
    "-c",
    "import sys; sys.path.append(sys.argv[2]); from receiver.workers.serve import main; main()",
    "logpush-receiver-worker",
    str(Path(__file__).parents[2]),
)


class Worker:
    """One process. `run` has to run as long as it is asked for answers."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.alive = True
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._number = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    async def run(self) -> None:
        """Take in answers until the process ends; it ends with this, however this ends."""
        assert self._process.stdout is not None
        try:
            while (body := await take(self._process.stdout)) is not None:
                reply = read_reply(body)
                if isinstance(reply, Remark):
                    logging.getLogger(reply.logger).log(reply.level, "%s", reply.message)
                    continue
                answered = self._waiting.pop(reply.number, None)
                if answered is not None and not answered.done():
                    answered.set_result(reply.answer)
            with suppress(TimeoutError):
                async with asyncio.timeout(WORKER_END_SECONDS):  # or its exit code would be ours
                    await self._process.wait()
        finally:
            self.alive = False
            with suppress(ProcessLookupError):
                self._process.kill()  # it has nothing that could be lost
            await self._process.wait()
            for answered in self._waiting.values():
                if not answered.done():
                    answered.set_exception(WorkerLost(self._how_it_ended()))

    async def answer(self, place: int, obj: Object) -> Answer:
        """Have one object of an Assignment verified.

        Raises:
            WorkerLost: the process ended before it answered.
        """
        assert self._process.stdin is not None
        self._number += 1
        number = self._number
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answered
        try:
            if not self.alive:
                raise WorkerLost(self._how_it_ended())
            # No drain: there are few orders at a time, and a dead reader is noticed by `run`.
            self._process.stdin.write(frame(Order(number=number, place=place, object=obj)))
            return await answered
        finally:
            self._waiting.pop(number, None)

    def _how_it_ended(self) -> str:
        code = self._process.returncode
        how = "" if code is None else f" (exit code {code})" if code >= 0 else _by_signal(-code)
        return (
            f"the worker process that read it ended{how} before it answered;"
            " if memory is short, use fewer of them (-j)"
        )


async def start_worker(assignments: Sequence[Assignment]) -> Worker:
    """Start a process; orders can be given at once, it takes them when it is ready.

    It has a process group of its own: Ctrl-C in a terminal is for us alone to act on.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, *_COMMAND, stdin=PIPE, stdout=PIPE, process_group=0
    )
    assert process.stdin is not None
    process.stdin.write(frame(tuple(assignments)))
    return Worker(process)


def _by_signal(number: int) -> str:
    try:
        return f" ({signal.Signals(number).name})"
    except ValueError:
        return f" (signal {number})"

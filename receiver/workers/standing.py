"""A standing crew: workers that are there for months, whatever comes and whenever.

Unlike a Crew it holds nobody back: whoever asks sees to it how much is in flight.
"""

import asyncio
from collections.abc import Sequence

from receiver.errors import WorkerLost
from receiver.limits import WORKER_LOSSES_MAX
from receiver.store.store import Object
from receiver.workers.reading import Answer, Assignment
from receiver.workers.worker import Worker, start_worker


class _Member:
    """A worker, the task that it runs in, and how much it has to do."""

    def __init__(self, worker: Worker, running: asyncio.Task[None]) -> None:
        self.worker = worker
        self.running = running
        self.objects = 0


class StandingCrew:
    """Verifies in worker processes only, so that the loop of this one never stalls.

    They are started as they are needed, `processes` of them at most, and again when they end. They
    are tasks of the group given, and end with it or when dismissed.
    """

    def __init__(
        self, assignments: Sequence[Assignment], *, tasks: asyncio.TaskGroup, processes: int
    ) -> None:
        self._assignments = assignments
        self._tasks = tasks
        self._processes = processes
        self._members: list[_Member] = []
        self._all: set[asyncio.Task[None]] = set()
        self._losses = 0
        self._starting = asyncio.Lock()
        self._alone = asyncio.Lock()

    async def answer(self, place: int, obj: Object) -> Answer:
        """Have one object verified.

        Of several in a worker that ends nobody knows which was too much for it: each is tried
        again by a worker of its own, one after the other. What ends that one too has its answer.

        Raises:
            WorkerLost: workers cannot be started, or end one after another: it is not the object.
        """
        member = await self._least_busy()
        member.objects += 1
        try:
            return self._heard(await member.worker.answer(place, obj))
        except WorkerLost:
            pass
        finally:
            member.objects -= 1
        async with self._alone:
            member = await self._start()
            try:
                return self._heard(await member.worker.answer(place, obj))
            except WorkerLost as error:
                self._lose()
                return Answer(etag=obj.etag, error=str(error))
            finally:
                member.running.cancel()

    def dismiss(self) -> None:
        """End the workers at once."""
        for running in self._all:
            running.cancel()

    async def _least_busy(self) -> _Member:
        async with self._starting:  # or all who come meanwhile would start one
            there = len(self._members)
            self._members = [each for each in self._members if each.worker.alive]
            for _ in range(there - len(self._members)):
                self._lose()
            idle = any(not each.objects for each in self._members)
            if len(self._members) < self._processes and not idle:
                self._members.append(await self._start())
            return min(self._members, key=lambda each: each.objects)

    async def _start(self) -> _Member:
        try:
            worker = await start_worker(self._assignments)
        except OSError as error:
            raise WorkerLost(
                f"a worker process cannot be started: {error.strerror}; is memory short?"
            ) from error
        running = self._tasks.create_task(worker.run(), name="worker")
        self._all.add(running)
        running.add_done_callback(self._all.discard)
        await asyncio.sleep(0)  # it has begun: cancelled before, it would not end its process
        return _Member(worker, running)

    def _heard(self, answer: Answer) -> Answer:
        self._losses = 0
        return answer

    def _lose(self) -> None:
        self._losses += 1
        if self._losses > WORKER_LOSSES_MAX:
            raise WorkerLost(
                f"{self._losses} worker processes ended one after another, without an answer;"
                " is memory short, or the installation damaged?"
            )

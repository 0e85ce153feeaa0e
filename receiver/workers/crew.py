"""A crew: objects are verified here or by several workers, as many at once as there is room for."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from receiver.errors import WorkerLost
from receiver.limits import (
    LOAD_BYTES_MAX,
    LOAD_OBJECTS_MAX,
    OBJECT_COST_BYTES,
    WORKER_LOSSES_MAX,
    WORKERS_WORTH_BYTES,
)
from receiver.store.store import Object, Store
from receiver.workers.reading import Answer, Assignment, Desks
from receiver.workers.worker import Worker, start_worker

_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")


class _Lane:
    """Someone who verifies, and what is in flight there."""

    def __init__(self, verifier: Worker | Desks) -> None:
        self.verifier = verifier
        self.objects = 0
        self.stored_bytes = 0

    @property
    def alive(self) -> bool:
        return not isinstance(self.verifier, Worker) or self.verifier.alive

    def has_room(self, stored_bytes: int) -> bool:
        """One object of any size, or several small ones: readings overlap, memory is bounded."""
        return not self.objects or (
            self.objects < LOAD_OBJECTS_MAX and self.stored_bytes + stored_bytes <= LOAD_BYTES_MAX
        )


class Crew:
    """Verifies here until so much is expected that worker processes pay; then it starts them.

    `processes` is how many; None is one per usable core, from where they pay. Workers are tasks
    of the group given, and end with it or when dismissed.
    """

    def __init__(
        self, assignments: Sequence[Assignment], *, tasks: asyncio.TaskGroup, processes: int | None
    ) -> None:
        self.processes_max = usable_cores() if processes is None else processes
        self._worth_bytes = WORKERS_WORTH_BYTES if processes is None else 0
        self._assignments = assignments
        self._tasks = tasks
        self._here = Desks(assignments)
        self._lane_here = _Lane(self._here)
        self._lanes: list[_Lane] = []
        self._running: list[asyncio.Task[None]] = []
        self._expected_objects = 0
        self._expected_bytes = 0
        self._losses = 0
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    @property
    def objects_max(self) -> int:
        """So many objects can be in flight, if they are small."""
        return self.processes_max * LOAD_OBJECTS_MAX

    def put(self, place: int, store: Store) -> None:
        """Take the store of an Assignment, open until the end, for what is verified here."""
        self._here.put(place, store)

    def expect(self, *, objects: int, stored_bytes: int) -> None:
        """Learn that so much more is to come; of every Assignment, before its objects come."""
        self._expected_objects += objects
        self._expected_bytes += stored_bytes + objects * OBJECT_COST_BYTES

    async def answer(self, place: int, obj: Object) -> Answer:
        """Have one object verified, as soon as there is room for it.

        Of several in flight in a worker that ends nobody knows which was too much for it, so each
        is tried again, alone. Twice: the next worker may have ended too, and not be known to yet.

        Raises:
            WorkerLost: workers end one after another: it is not the objects.
        """
        lost = ""
        for alone in (False, True, True):
            load_bytes = LOAD_BYTES_MAX if alone else min(obj.stored_bytes + 1, LOAD_BYTES_MAX)
            lane = await self._enter(load_bytes)
            try:
                answer = await lane.verifier.answer(place, obj)
            except WorkerLost as error:
                lost = str(error)
                continue
            finally:
                lane.objects -= 1
                lane.stored_bytes -= load_bytes
                self._freed.set()
            self._losses = 0
            return answer
        return Answer(etag=obj.etag, error=lost)

    def dismiss(self) -> None:
        """End the workers."""
        for task in self._running:
            task.cancel()

    async def _enter(self, load_bytes: int) -> _Lane:
        """Wait for room and take it. In turn: a large object is not overtaken for ever."""
        async with self._turn:
            while (lane := await self._lane_with_room(load_bytes)) is None:
                self._freed.clear()
                await self._freed.wait()
            lane.objects += 1
            lane.stored_bytes += load_bytes
            return lane

    async def _lane_with_room(self, load_bytes: int) -> _Lane | None:
        if not self._workers_pay():
            return self._lane_here if self._lane_here.has_room(load_bytes) else None
        self._bury()
        if len(self._lanes) < self.processes_max and all(lane.objects for lane in self._lanes):
            worker = await start_worker(self._assignments)
            self._running.append(self._tasks.create_task(worker.run(), name="worker"))
            self._lanes.append(_Lane(worker))
        free = [lane for lane in self._lanes if lane.has_room(load_bytes)]
        return min(free, key=lambda lane: (lane.stored_bytes, lane.objects), default=None)

    def _workers_pay(self) -> bool:
        return (
            self.processes_max > 1
            and self._expected_objects > 1
            and self._expected_bytes >= self._worth_bytes
        )

    def _bury(self) -> None:
        """Forget the workers that have ended; too many in a row without an answer is an error."""
        dead = [lane for lane in self._lanes if not lane.alive]
        self._lanes = [lane for lane in self._lanes if lane.alive]
        self._running = [task for task in self._running if not task.done()]
        self._losses += len(dead)
        if self._losses > WORKER_LOSSES_MAX:
            raise WorkerLost(
                f"{self._losses} worker processes ended one after another, without an answer;"
                " use -j 1 to verify in this process"
            )


def usable_cores() -> int:
    """Return how many cores we may use: of a container, no more than its quota pays for."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    try:
        quota, period = _QUOTA.read_text().split()
        return max(1, min(cores, -(-int(quota) // int(period))))
    except (OSError, ValueError):  # no such file, or "max"
        return cores

"""A daemon's inner life in a simulated world: watchers and an intake, and its sudden end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from random import Random
from typing import Any, cast

from receiver.daemon.watcher_group import WatcherGroup
from receiver.errors import LedgerUnavailable, WorkerLost
from receiver.intake.insistence import Insistence
from receiver.intake.intake import Intake
from receiver.intake.steps import Step
from receiver.ledger.ledger import Ledger
from receiver.limits import MIB
from receiver.selection.target import Target
from receiver.store.store import Object, Store
from receiver.workers.reading import Answer, Assignment, Desks
from tests.simulation.memory_store import MemoryStore
from tests.simulation.virtual_loop import LoopClock, VirtualLoop
from tests.simulation.world import LATENESS, World


class Killed(Exception):
    """As by SIGKILL: whatever was not done is not done."""


class Line:
    """A process's connection to the ledger; when the process has ended, nothing comes through."""

    def __init__(self, ledger: Ledger, world: World, random: Random, *, threads: bool) -> None:
        self._ledger = ledger
        self._world = world
        self._random = random
        self._threads = threads
        self.dead = False

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._ledger, name)

        async def through(*values: Any, **named: Any) -> Any:
            await self._delay()
            if self._world.ledger_down:
                raise LedgerUnavailable("the ledger: locked")
            answer = await self._call(call, *values, **named)
            await self._delay()
            if self._world.answers_lost and self._random.random() < 0.5:
                raise LedgerUnavailable("the ledger: the connection broke off")
            return answer

        return through

    async def _delay(self) -> None:
        await asyncio.sleep(self._random.random() / 100)
        if self.dead:
            await asyncio.Event().wait()

    async def _call(self, call: Callable[..., Any], *values: Any, **named: Any) -> Any:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        with loop.outside() if self._threads else nullcontext():
            return await call(*values, **named)


class DeskReaders:
    """Readers that verify in this process: a worker's code, and none of its processes."""

    def __init__(
        self, assignments: Sequence[Assignment], stores: Callable[[str], Store], world: World
    ) -> None:
        self._desks = Desks(assignments)
        self._world = world
        for number, assignment in enumerate(assignments):
            self._desks.put(number, stores(assignment.destination.identity))

    async def answer(self, place: int, obj: Object) -> Answer:
        if self._world.random.random() < self._world.weather.worker_lost:
            raise WorkerLost("a worker ended")
        return await self._desks.answer(place, obj)

    def dismiss(self) -> None:
        pass


class Process:
    """One daemon process."""

    def __init__(
        self, world: World, ledger: Ledger, *, name: str, clock: LoopClock, threads: bool
    ) -> None:
        self._world = world
        self._random = Random(world.random.random())
        self._line = Line(ledger, world, self._random, threads=threads)
        self._clock = clock
        self._stores = {
            target.destination.identity: MemoryStore(
                world.bucket, world.fault(target.destination.identity)
            )
            for target in world.targets
        }
        self.steps: dict[Step, int] = {}
        insistence = Insistence(clock=clock, random=self._random)
        line = cast("Ledger", self._line)
        self._intake = Intake(
            line,
            owner=name,
            clock=clock,
            random=self._random,
            processes=2,
            bytes_max=64 * MIB,
            insistence=insistence,
            hire=lambda assignments, _: DeskReaders(assignments, self._stores.__getitem__, world),
            at=self._at,
        )
        self._group = WatcherGroup(
            ledger=line,
            insistence=insistence,
            clock=clock,
            random=self._random,
            lateness=LATENESS,
            poll_min=timedelta(seconds=2),
            poll_max=timedelta(minutes=1),
            on_new=self._intake.wake,
            open_=self._open,
            at=self._at,
        )
        self.kill_at: Callable[[Step], bool] = lambda step: (
            self._random.random() < world.weather.killed
        )

    async def run(self) -> None:
        """Live until it is killed, or drained."""
        try:
            async with asyncio.TaskGroup() as tasks:
                watching = tasks.create_task(self._group.run(self._world.targets))
                await self._intake.run(self._world.targets)
                watching.cancel()
        finally:
            self._line.dead = True

    async def drain(self, seconds: float) -> None:
        await self._intake.drain(seconds)

    def _at(self, step: Step) -> None:
        self.steps[step] = self.steps.get(step, 0) + 1
        if self.kill_at(step):
            self._line.dead = True
            raise Killed(step)

    @asynccontextmanager
    async def _open(self, target: Target) -> AsyncIterator[Store]:
        yield self._stores[target.destination.identity]


async def live(world: World, ledger: Ledger, *, name: str, threads: bool = False) -> int:
    """Run a daemon for ever, started again whenever it was killed; returns never."""
    clock, lives = LoopClock(), 0
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_set_clock(world, clock))
        while True:
            lives += 1
            process = Process(world, ledger, name=f"{name}-{lives}", clock=clock, threads=threads)
            try:
                await process.run()
            except* Killed:
                pass
            await asyncio.sleep(world.random.choice((1, 10, 60, 600, 30_000)))


async def _set_clock(world: World, clock: LoopClock) -> None:
    """Set a machine's clock wrong now and then, and right again."""
    while True:
        await asyncio.sleep(3600)
        if world.random.random() < world.weather.clock_set:
            clock.set_by = timedelta(seconds=world.random.choice((-7200, -60, -3, 3, 60, 7200)))
            await asyncio.sleep(world.random.choice((5, 600, 7200)))
            clock.set_by = timedelta()

"""An intake in a simulated time: places in memory, a ledger in memory, readers in this process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import cast

from receiver.destination.parse import parse_destination
from receiver.errors import LedgerUnavailable, Reason
from receiver.intake.insistence import Insistence
from receiver.intake.intake import Intake
from receiver.intake.observer import Unobserved
from receiver.intake.parts import Readers
from receiver.job.expectation import Expectation
from receiver.ledger.ledger import Entry, Judgement, Ledger, State
from receiver.limits import MIB
from receiver.selection.target import Target
from receiver.store.store import Object
from receiver.workers.reading import Answer, Assignment, Desks
from tests.simulation.memory_ledger import MemoryLedger
from tests.simulation.memory_store import Bucket, MemoryStore
from tests.simulation.virtual_loop import LoopClock
from tests.unit.sweeping import HTTP, body, name


def target(place: str, *expectations: Expectation) -> Target:
    return Target(
        destination=parse_destination(f"s3://{place}/logs/{{DATE}}?region=us-east-1"),
        expectations=expectations or (HTTP,),
        span=None,
    )


def place(of: str) -> str:
    return target(of).destination.identity


class Observed(Unobserved):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, str]] = []
        self.flight: dict[str, int] = {}
        self.flight_max: dict[str, int] = {}
        self.errors: list[tuple[str, str]] = []

    def judged(self, entry: Entry, judgement: Judgement, *, read_seconds: float) -> None:
        self.events.append(("judged", entry.key, judgement.report.verdict))

    def put_back(self, entry: Entry, *, error: str, reason: Reason | None) -> None:
        self.events.append(("put back", entry.key, error))

    def parked(self, entry: Entry, *, error: str, reason: Reason | None) -> None:
        self.events.append(("parked", entry.key, error))

    def lost(self, entry: Entry) -> None:
        self.events.append(("lost", entry.key, ""))

    def in_flight(self, place: str, *, objects: int, cost_bytes: int) -> None:
        self.flight[place] = objects
        self.flight_max[place] = max(objects, self.flight_max.get(place, 0))

    def place_error(self, place: str, error: str) -> None:
        self.errors.append((place, error))

    def count(self, what: str) -> int:
        return sum(event == what for event, _, _ in self.events)


class Failing:
    """A ledger that can be told to fail."""

    def __init__(self) -> None:
        self.memory = MemoryLedger()
        self.down = False
        self.calls: dict[str, int] = {}

    def __getattr__(self, name: str) -> Callable[..., object]:
        call = getattr(self.memory, name)

        async def through(*values: object, **named: object) -> object:
            self.calls[name] = self.calls.get(name, 0) + 1
            await asyncio.sleep(0.001)
            if self.down:
                raise LedgerUnavailable("the ledger: another process has it locked")
            return await call(*values, **named)

        return through


class Crew:
    """Readers whose stores are in memory."""

    def __init__(self, assignments: Sequence[Assignment], scene: "Scene") -> None:
        self.assignments = assignments
        self.dismissed = False
        self._scene = scene
        self._desks = Desks(assignments)
        for number, each in enumerate(assignments):
            self._desks.put(number, scene.store(each.destination.identity))

    async def answer(self, place: int, obj: Object) -> Answer:
        assert not self.dismissed
        await asyncio.sleep(0.01)
        error = self._scene.crew_error(obj)
        if error is not None:
            raise error
        return await self._desks.answer(place, obj)

    def dismiss(self) -> None:
        self.dismissed = True


class Scene:
    """Places with objects, a ledger that knows them, and an intake."""

    def __init__(self, *places: str, objects_each: int = 10, processes: int = 1) -> None:
        self.clock = LoopClock()
        self.ledger = Failing()
        self.observer = Observed()
        self.stores: dict[str, MemoryStore] = {}
        self.crews: list[Crew] = []
        self.crew_error: Callable[[Object], Exception | None] = lambda obj: None
        self.doubted: list[str] = []
        self.on_doubt: Callable[[], Awaitable[None]] | None = None
        self.places = places
        self.insistence = Insistence(clock=self.clock, random=Random(1))
        self.intake = Intake(
            cast("Ledger", self.ledger),
            owner="me",
            clock=self.clock,
            random=Random(1),
            processes=processes,
            bytes_max=64 * MIB,
            observer=self.observer,
            insistence=self.insistence,
            hire=self._hire,
            doubt=self._doubt,
        )
        self._objects_each = objects_each

    def store(self, place: str) -> MemoryStore:
        if place not in self.stores:
            self.stores[place] = MemoryStore(Bucket(self.clock.now))
        return self.stores[place]

    async def write(self, of: str, count: int = 1, content: bytes | None = None) -> list[Object]:
        """Have objects in a place, known to the ledger."""
        bucket = self.store(place(of)).bucket
        first = len(bucket.objects)
        objects = [
            bucket.write(
                f"logs/20261122/{name(f'20261122T{n // 60:02}{n % 60:02}')}", content or body(2)
            )
            for n in range(first, first + count)
        ]
        await self.ledger.memory.see(place(of), objects, now=self.clock.now())
        return objects

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        for each in self.places:
            await self.write(each, self._objects_each)
        running = asyncio.ensure_future(self.intake.run([target(each) for each in self.places]))
        await asyncio.sleep(0)
        try:
            yield running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def states(self, of: str) -> dict[State, int]:
        found: dict[State, int] = {}
        for row in self.ledger.memory.rows.values():
            if row.entry.place == place(of):
                found[row.entry.state] = found.get(row.entry.state, 0) + 1
        return found

    def claimed(self) -> int:
        return sum(row.owner is not None for row in self.ledger.memory.rows.values())

    async def _doubt(self, place: str) -> None:
        self.doubted.append(place)
        if self.on_doubt is not None:
            await self.on_doubt()

    def _hire(self, assignments: Sequence[Assignment], tasks: asyncio.TaskGroup) -> Readers:
        self.crews.append(Crew(assignments, self))
        return self.crews[-1]

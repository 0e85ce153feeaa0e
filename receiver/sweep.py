"""A Sweep: one verification of everything selected. Lists, hands out, tells what came of it.

It folds nothing and prints nothing: of each object it tells once, as an event.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Container, Sequence
from contextlib import AsyncExitStack
from datetime import datetime

import msgspec

from receiver.check.codes import Code
from receiver.check.plan import Plan
from receiver.check.report import Report
from receiver.check.verifier import BatchVerifier
from receiver.clock import Clock
from receiver.errors import StoreError, WorkerLost, cause_of
from receiver.job.expectation import Expectation
from receiver.limits import SWEEP_WAITING_MAX
from receiver.selection.listing import Ignored, Picked, Unread, pages
from receiver.selection.overlap import elsewhere, merged
from receiver.selection.target import Target
from receiver.store.open import open_store
from receiver.store.store import Object
from receiver.workers.crew import Crew
from receiver.workers.reading import Assignment, feed

__all__ = ["Event", "Ignored", "Noted", "Selected", "Unread", "Verified", "sweep", "verify_stream"]


class Selected(msgspec.Struct, frozen=True, kw_only=True):
    """So many more objects, and stored bytes of them, are to be read."""

    objects: int
    stored_bytes: int


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """One object was judged; `etag` is the content that was read."""

    report: Report
    etag: str
    root: str = ""  # the bucket or the folder that its key belongs to; "" of a pipe


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """Something to tell of the Sweep as a whole."""

    text: str


Event = Selected | Verified | Unread | Ignored | Noted


async def sweep(
    targets: Sequence[Target],
    *,
    on_event: Callable[[Event], None],
    clock: Clock,
    processes: int | None = None,
    done: Container[tuple[str, str]] = frozenset(),
) -> None:
    """Verify all that the Targets select; one event per object, in the order in which they end.

    `processes` are workers; None is one per usable core, where there is enough to read to pay
    for them. `done` are (key, etag) that were judged before: nothing is told of them. Cancelled,
    it ends its workers at once; what was verified by then has been told.

    A Target that cannot be listed (to its end) is Unread by its Destination, and the others are
    read all the same. So is every one that was not done with when workers ended one after another.

    Raises:
        ConfigError: a Target's objects cannot be read back at all.
    """
    whole = _Sweep(merged(targets), on_event=on_event, clock=clock, done=done)
    try:
        await whole.run(processes)
    except ExceptionGroup as group:
        error = cause_of(group)
        if not isinstance(error, WorkerLost):
            raise error from None
        whole.give_up(error)


async def verify_stream(
    chunks: AsyncIterator[bytes], *, expectations: Sequence[Expectation], arrived_at: datetime
) -> Report:
    """Verify one batch that has no name, as from a pipe: nothing is said of its key."""
    verifier = BatchVerifier(Plan(expectations), key="-", arrived_at=arrived_at)
    await feed(verifier, chunks)
    report = verifier.close()
    findings = tuple(each for each in report.findings if each.code != Code.KEY_NAME)
    return msgspec.structs.replace(report, findings=findings)


class _Sweep:
    """The parts of a Sweep: this lists; `hands` take what waits to the crew, and tell."""

    def __init__(
        self,
        targets: Sequence[Target],
        *,
        on_event: Callable[[Event], None],
        clock: Clock,
        done: Container[tuple[str, str]],
    ) -> None:
        self._targets = targets
        self._roots = [target.root for target in targets]
        self._tell = on_event
        self._clock = clock
        self._done = done
        self._waiting: asyncio.Queue[tuple[int, Object]] = asyncio.Queue(SWEEP_WAITING_MAX)
        self._left: dict[int, int] = dict.fromkeys(range(len(targets)), 1)  # objects, and a listing

    async def run(self, processes: int | None) -> None:
        assignments = [
            Assignment(
                destination=target.destination,
                expectations=target.expectations,
                copy=target.copy,
                endpoint_url=target.endpoint_url,
            )
            for target in self._targets
        ]
        async with AsyncExitStack() as opened, asyncio.TaskGroup() as tasks:
            crew = Crew(assignments, tasks=tasks, processes=processes)
            hands = [tasks.create_task(self._hand(crew)) for _ in range(crew.objects_max)]
            for place, target in enumerate(self._targets):
                try:
                    if target.judged:  # if not, what lies there is nobody else's all the same
                        await self._list(place, crew, opened)
                except StoreError as error:
                    self._tell(Unread(key=str(target.destination), error=str(error)))
                self._left[place] -= 1
            await self._waiting.join()
            for hand in hands:
                hand.cancel()
            crew.dismiss()

    def give_up(self, error: WorkerLost) -> None:
        """Tell of every place where something is left to do that nobody will do it."""
        for place, left in self._left.items():
            if left:
                key = str(self._targets[place].destination)
                self._tell(Unread(key=key, error=str(error)))

    async def _list(self, place: int, crew: Crew, opened: AsyncExitStack) -> None:
        """Select a Target's objects, a page at a time, while what was selected is being read."""
        target = self._targets[place]
        store = await opened.enter_async_context(
            open_store(target.destination, clock=self._clock, endpoint_url=target.endpoint_url)
        )
        crew.put(place, store)
        taken = elsewhere(self._targets, place)
        async for picked in pages(store, target):
            objects = self._told(picked, taken)
            stored_bytes = sum(obj.stored_bytes for obj in objects)
            if objects:
                self._tell(Selected(objects=len(objects), stored_bytes=stored_bytes))
                crew.expect(objects=len(objects), stored_bytes=stored_bytes)
            self._left[place] += len(objects)
            for obj in objects:
                await self._waiting.put((place, obj))

    def _told(self, picked: Picked, taken: Callable[[str], bool]) -> list[Object]:
        """Tell of what is not to be read; return what is."""
        for note in picked.notes:
            self._tell(Noted(text=note))
        others: tuple[Ignored | Unread, ...] = (*picked.ignored, *picked.unread)
        for other in others:
            if not taken(other.key):
                self._tell(other)
        return [
            obj
            for obj in picked.objects
            if not taken(obj.key) and (obj.key, obj.etag) not in self._done
        ]

    async def _hand(self, crew: Crew) -> None:
        while True:
            place, obj = await self._waiting.get()
            answer = await crew.answer(place, obj)
            if answer.report is not None:
                root = self._roots[place]
                self._tell(Verified(report=answer.report, etag=answer.etag, root=root))
            else:
                self._tell(Unread(key=obj.key, error=answer.error))
            self._left[place] -= 1
            self._waiting.task_done()

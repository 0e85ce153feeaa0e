"""A replay: what was judged in a span is judged once more, and what that changes is told.

Some hundreds of Entries wait at a time, so that an end leaves little behind; whoever shares the
ledger may judge them too. What is gone from its store keeps the verdict that it had.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Final, TypeAlias

from receiver.clock import Clock
from receiver.daemon.replaying_entries import entries_of_span
from receiver.daemon.replaying_wait import Fate, Pending, Replayed, replayed
from receiver.errors import ConfigError, ObjectMissing, StoreError, cause_of
from receiver.intake.insistence import Insistence
from receiver.intake.intake import Intake
from receiver.intake.observer import IntakeObserver
from receiver.ledger.ledger import Entry, Ledger, State
from receiver.selection.span import Span
from receiver.selection.target import Target
from receiver.store.store import Store

PENDING_MAX: Final = 512
"""Entries that wait at a time: enough to keep an intake busy, few to leave behind."""

PAGE: Final = 128
"""Entries that are looked for in their stores together, and taken up together."""

FINDS_MAX: Final = 16
"""Objects that are looked for at once."""

FAILURES_MAX: Final = 5
"""After so many in a row a place is left alone: each costs seconds."""

DRAIN_SECONDS: Final = 5.0
"""Interrupted, what is being judged has so long to end."""

_STATES: Final = frozenset({State.JUDGED, State.PARKED})

OpenStore: TypeAlias = Callable[[Target], AbstractAsyncContextManager[Store]]
MakeIntake: TypeAlias = Callable[[IntakeObserver, Insistence], Intake]


class Replay:
    """Judges a span once more. `make_intake` gives an intake that tells the observer given it.

    `absence` says of a place that is not among the targets why not.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        targets: Sequence[Target],
        span: Span,
        job: int | None,
        clock: Clock,
        insistence: Insistence,
        open_: OpenStore,
        make_intake: MakeIntake,
        absence: Callable[[str], str],
        on_entry: Callable[[Replayed], None],
        on_total: Callable[[int], None],
    ) -> None:
        self._ledger = ledger
        self._targets = {target.destination.identity: target for target in targets if target.judged}
        self._span = span
        self._job = job
        self._clock = clock
        self._insistence = insistence
        self._open = open_
        self._absence = absence
        self._tell = on_entry
        self._on_total = on_total
        self._began = clock.now()
        self._pending = Pending(ledger, insistence=insistence, clock=clock, tell=on_entry)
        self._intake = make_intake(self._pending, insistence)

    @property
    def waiting(self) -> int:
        """How many were taken up and are not judged yet."""
        return self._pending.count

    async def run(self) -> bool:
        """Judge them all; cancelled, end within seconds and return False: the rest waits.

        Raises:
            LedgerError: it cannot be read, or a person is needed.
        """
        counts: Counter[str] = Counter()
        async for entry in self._entries():
            counts[entry.place] += 1
        self._on_total(counts.total())
        targets = [self._targets[place] for place in counts if place in self._targets]
        whole = True
        try:
            async with asyncio.TaskGroup() as tasks, AsyncExitStack() as opened:
                running = tasks.create_task(self._intake.run(targets), name="intake")
                finder = _Finder(self._targets, self._open, opened)
                try:
                    await self._judge_all(finder)
                except asyncio.CancelledError:
                    if running.done():
                        raise  # it is the intake that failed
                    whole = False
                await self._intake.drain(DRAIN_SECONDS)
        except ExceptionGroup as group:
            raise cause_of(group) from group
        return whole

    async def _judge_all(self, finder: "_Finder") -> None:
        async for page in self._pages():
            await self._take_up(await finder.there(page, self._tell))
            await self._pending.wait_until(PENDING_MAX - PAGE)
        await self._pending.wait_until(0)

    async def _take_up(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        for entry in entries:
            self._pending.add(entry)
        ids, now = [entry.id for entry in entries], self._clock.now()
        await self._insistence.ask(lambda: self._ledger.take_up(ids, now=now))
        for place in {entry.place for entry in entries}:
            self._intake.wake(place)

    async def _pages(self) -> AsyncIterator[list[Entry]]:
        """Yield those that can be judged, some at a time; tell of those of which nobody can."""
        page: list[Entry] = []
        async for entry in self._entries():
            if entry.place not in self._targets:
                self._tell(replayed(entry, Fate.UNWATCHED, self._absence(entry.place)))
                continue
            page.append(entry)
            if len(page) == PAGE:
                yield page
                page = []
        if page:
            yield page

    async def _entries(self) -> AsyncIterator[Entry]:
        entries = entries_of_span(self._ledger, self._span, states=_STATES, job=self._job)
        async for entry in entries:
            if entry.judged_at is None or entry.judged_at < self._began:  # else by this very replay
                yield entry


class _Finder:
    """Looks whether objects are still there: one that is not would lose its verdict for nothing."""

    def __init__(
        self, targets: Mapping[str, Target], open_: OpenStore, opened: AsyncExitStack
    ) -> None:
        self._targets = targets
        self._open = open_
        self._opened = opened
        self._stores: dict[str, Store] = {}
        self._failures: Counter[str] = Counter()
        self._errors: dict[str, str] = {}

    async def there(
        self, entries: Sequence[Entry], tell: Callable[[Replayed], None]
    ) -> list[Entry]:
        """Return those that are there; tell of the others."""
        limit = asyncio.Semaphore(FINDS_MAX)

        async def look(entry: Entry) -> Replayed | None:
            async with limit:
                return await self._look(entry)

        found = await asyncio.gather(*map(look, entries))
        for each in found:
            if each is not None:
                tell(each)
        return [entry for entry, each in zip(entries, found, strict=True) if each is None]

    async def _look(self, entry: Entry) -> Replayed | None:
        place = entry.place
        if self._failures[place] >= FAILURES_MAX:
            return replayed(entry, Fate.UNREAD, self._errors[place])
        try:
            store = await self._store(place)
            await store.find(entry.key)
        except ObjectMissing as error:
            self._failures[place] = 0
            return replayed(entry, Fate.GONE, str(error))
        except (StoreError, ConfigError) as error:
            self._failures[place] += 1
            self._errors[place] = str(error)
            return replayed(entry, Fate.UNREAD, str(error))
        self._failures[place] = 0
        return None

    async def _store(self, place: str) -> Store:
        if place not in self._stores:
            store = await self._opened.enter_async_context(self._open(self._targets[place]))
            self._stores.setdefault(place, store)
        return self._stores[place]

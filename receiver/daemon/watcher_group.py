"""All watchers of a daemon: one for each place, changed as the roster changes."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from random import Random

from receiver.clock import Clock
from receiver.daemon.pace import Pace
from receiver.daemon.watcher import OpenStore, Watcher, WatchState
from receiver.daemon.watcher_listing import Noting
from receiver.daemon.watcher_memory import Remembered
from receiver.intake.insistence import Insistence
from receiver.intake.steps import At, go_on
from receiver.ledger.ledger import Ledger
from receiver.selection.overlap import elsewhere
from receiver.selection.target import Target
from receiver.store.open import open_store
from receiver.store.store import Store


class WatcherGroup:
    """Watches places until it is cancelled. A place that fails holds up no other.

    `on_new` is called with a place's identity when something waits there that did not. What is
    shared by all: the ledger, and the memory of what was lately seen.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        insistence: Insistence,
        clock: Clock,
        random: Random,
        lateness: timedelta,
        poll_min: timedelta,
        poll_max: timedelta,
        on_new: Callable[[str], None],
        open_: OpenStore | None = None,
        at: At = go_on,
    ) -> None:
        self._ledger = ledger
        self._insistence = insistence
        self._clock = clock
        self._random = random
        self._lateness = lateness
        self._poll = (poll_min, poll_max)
        self._on_new = on_new
        self._open = open_ or self._open_store
        self._at = at
        self._remembered = Remembered()
        self._tasks: asyncio.TaskGroup | None = None
        self._ended = False
        self._watched: dict[str, tuple[object, Watcher, asyncio.Task[None]]] = {}

    async def run(self, targets: Sequence[Target]) -> None:
        """Watch these places, and then those of the last change.

        Raises:
            LedgerInvalid: a person is needed.
        """
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                await self.change(targets)
                await asyncio.Event().wait()  # until it is cancelled, or a watcher fails
            finally:
                self._ended = True

    async def change(self, targets: Sequence[Target]) -> None:
        """Watch other places. One whose folder and neighbours are the same is not disturbed."""
        assert self._tasks is not None
        places = tuple((target.destination, target.endpoint_url) for target in targets)
        wanted = {
            target.destination.identity: (number, (places[number], places))
            for number, target in enumerate(targets)
            if target.judged
        }
        ending = [
            self._watched.pop(place)[2]
            for place, (same, _, _) in list(self._watched.items())
            if place not in wanted or wanted[place][1] != same
        ]
        for task in ending:
            task.cancel()
        if ending:
            await asyncio.wait(ending)
        if self._ended:  # maybe since a moment ago: nothing is begun any more
            return
        for place, (number, same) in wanted.items():
            if place not in self._watched:
                watcher = self._watcher(targets[number], elsewhere(targets, number))
                task = self._tasks.create_task(watcher.run(), name=f"watcher {place}")
                self._watched[place] = (same, watcher, task)

    def look_now(self) -> None:
        """Look at every place at once."""
        for _, watcher, _ in self._watched.values():
            watcher.look_now()

    def states(self) -> list[WatchState]:
        """Return how it is going, by place."""
        return [self._watched[place][1].state for place in sorted(self._watched)]

    def _watcher(self, target: Target, taken: Callable[[str], bool]) -> Watcher:
        noting = Noting(
            target.destination.identity,
            ledger=self._ledger,
            insistence=self._insistence,
            remembered=self._remembered,
            taken=taken,
            at=self._at,
        )
        poll_min, poll_max = self._poll
        return Watcher(
            target,
            noting=noting,
            open_=self._open,
            pace=Pace(poll_min=poll_min, poll_max=poll_max, random=self._random),
            lateness=self._lateness,
            clock=self._clock,
            random=self._random,
            on_new=self._on_new,
        )

    def _open_store(self, target: Target) -> AbstractAsyncContextManager[Store]:
        return open_store(target.destination, clock=self._clock, endpoint_url=target.endpoint_url)

"""One place's part of an intake: claims what waits there, as much as it may have in flight."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from receiver.intake.alarm import Alarm
from receiver.intake.backoff import backoff_seconds
from receiver.intake.errand import give_back, run_errand
from receiver.intake.parts import Hired, Parts
from receiver.intake.retries import doubts_place, parked_at_once
from receiver.intake.steps import Step
from receiver.ledger.ledger import Claim
from receiver.limits import (
    CLAIM_ENTRIES_MAX,
    INTAKE_IDLE_SECONDS,
    INTAKE_PAUSE_SECONDS,
    INTAKE_PAUSE_SECONDS_MAX,
)
from receiver.workers.reading import Answer

_log = logging.getLogger(__name__)


class Post:
    """A place where objects wait.

    While it fails, it is asked for one object at a time, after pauses: what waits there is not
    tried in vain, one after the other, and costs the other places nothing.
    """

    def __init__(self, place: str, parts: Parts, *, tasks: asyncio.TaskGroup) -> None:
        self._place = place
        self._parts = parts
        self._tasks = tasks
        self._alarm = Alarm(parts.clock)
        self._claimed: deque[Claim] = deque()
        self._errands: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._parked_at_once = False  # what failed last, so that it will not be tried again
        self._ending = False
        self._busy_with_ledger = False
        self._running: asyncio.Task[None] | None = None
        self.error = ""
        """Why nothing can be read there now; "" while it can."""

    def start(self, hired: Callable[[], Hired]) -> None:
        """Begin; `hired` are the readers of whatever begins then."""
        self._running = self._tasks.create_task(self._run(hired), name=f"intake {self._place}")

    def wake(self) -> None:
        """Look now whether something waits."""
        self._alarm.ring()

    async def stop(self) -> None:
        """Begin nothing any more, and give back what was not begun. What was goes on."""
        self._ending = True
        self._alarm.ring()
        assert self._running is not None
        if not self._busy_with_ledger:  # or what it is about to get would be nobody's
            self._running.cancel()
        await asyncio.wait((self._running,))
        if self.error:  # whoever comes after us knows nothing of it, and finds out by himself
            self._parts.observer.place_error(self._place, "")
        while self._claimed:
            await give_back(self._claimed.popleft(), self._parts)

    def abandon(self) -> None:
        """End at once; claims expire."""
        if self._running is not None:
            self._running.cancel()
        for errand in self._errands:
            errand.cancel()

    @property
    def errands(self) -> set[asyncio.Task[None]]:
        """What was begun and has not ended."""
        return self._errands

    async def _run(self, hired: Callable[[], Hired]) -> None:
        while not self._ending:
            if self._failures:
                await self._alone(hired)
            elif await self._claim(CLAIM_ENTRIES_MAX):
                await self._begin_all(hired)
            else:
                await self._alarm.wait(self._jittered(INTAKE_IDLE_SECONDS))

    async def _alone(self, hired: Callable[[], Hired]) -> None:
        """Wait, and see whether one object can be read."""
        await self._parts.clock.sleep(
            backoff_seconds(
                self._failures,
                first=INTAKE_PAUSE_SECONDS,
                longest=INTAKE_PAUSE_SECONDS_MAX,
                random=self._parts.random,
            )
        )
        if await self._claim(1):
            begun = await self._begin_all(hired)
            if begun:  # others may hang: they are not waited for
                await asyncio.wait(begun)
        elif self._parked_at_once:
            self._recover("what could not be read is parked, and nothing else waits")

    async def _claim(self, entries_max: int) -> bool:
        self._busy_with_ledger = True
        try:
            claims = await self._parts.leases.claim(
                self._place,
                owner=self._parts.owner,
                entries_max=entries_max,
                bytes_max=self._parts.bytes_max,
            )
        finally:
            self._busy_with_ledger = False
        self._claimed.extend(claims)
        if claims:
            self._parts.at(Step.CLAIMED)
        return bool(claims)

    async def _begin_all(self, hired: Callable[[], Hired]) -> list[asyncio.Task[None]]:
        """Begin what was claimed, as there is room; if the place fails, give the rest back."""
        failures, begun = self._failures, []
        while self._claimed and not self._ending:
            cost_bytes = self._parts.room.cost_bytes(self._claimed[0].entry.stored_bytes)
            await self._parts.room.enter(self._place, cost_bytes)
            if self._failures > failures:
                self._parts.room.leave(self._place, cost_bytes)
                break
            claim = self._claimed.popleft()
            errand = self._tasks.create_task(self._errand(claim, hired, cost_bytes))
            begun.append(errand)
            self._errands.add(errand)
            errand.add_done_callback(self._errands.discard)
        while self._claimed and not self._ending:
            await give_back(self._claimed[0], self._parts)
            self._claimed.popleft()
        return begun

    async def _errand(self, claim: Claim, hired: Callable[[], Hired], cost_bytes: int) -> None:
        failures = self._failures
        try:
            self._learn(await run_errand(claim, hired, self._parts), failures)
        finally:
            self._parts.room.leave(self._place, cost_bytes)

    def _learn(self, answer: Answer, failures: int) -> None:
        """Learn from an answer how the place is. Those asked for together fail together, once."""
        if self._ending:
            return
        if answer.report is not None:
            self._recover("it can be read again")
        elif doubts_place(answer) and failures == self._failures:
            self._failures += 1
            self._parked_at_once = parked_at_once(answer)
            if not self.error:
                _log.warning("%s; one object is tried, now and then", answer.error)
            if answer.error != self.error:
                self._parts.observer.place_error(self._place, answer.error)
            self.error = answer.error

    def _recover(self, said: str) -> None:
        if self.error:
            _log.warning("%s: %s", self._place, said)
            self._parts.observer.place_error(self._place, "")
        self._failures, self.error = 0, ""

    def _jittered(self, seconds: float) -> float:
        return seconds * (0.75 + self._parts.random.random() / 2)

"""Keeps the Roster: asks the sources of jobs when they are due, and tells when it has changed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from random import Random
from typing import Final

from receiver.clock import Clock
from receiver.daemon.job_source import JobSources
from receiver.daemon.roster import Roster
from receiver.daemon.settings_jobs import JobsSettings
from receiver.intake.insistence import Insistence
from receiver.ledger.ledger import Ledger
from receiver.report.phrase import counted
from receiver.selection.target import Target

MEMORY: Final = "roster"
"""Under this name the ledger keeps what was watched, so that a grace outlasts a restart."""

_LOOK_SECONDS: Final = 60.0
"""So often at least the Roster is looked over, should a clock be set."""

_log = logging.getLogger(__name__)


class RosterKeeper:
    """`start` it, then `run` it. `on_targets` is awaited with what is to be watched from then on.

    Of several daemons that share a ledger each keeps its own; the memory is the last one's.
    """

    def __init__(
        self,
        settings: Iterable[JobsSettings],
        *,
        ledger: Ledger,
        insistence: Insistence,
        clock: Clock,
        random: Random,
        on_targets: Callable[[tuple[Target, ...]], Awaitable[None]],
    ) -> None:
        self.sources = JobSources(settings, clock=clock, random=random)
        self.roster = Roster()
        self.targets: tuple[Target, ...] = ()
        self._ledger = ledger
        self._insistence = insistence
        self._clock = clock
        self._random = random
        self._on_targets = on_targets
        self._memory = b""
        self._told: tuple[str, ...] = ()
        self._taken = asyncio.Event()
        self._updated: asyncio.Future[None] | None = None
        self._began: float | None = None  # when what is being taken in now was first asked for

    async def start(self) -> None:
        """Learn what was watched before, and ask the sources for the first time."""
        memory = await self._insistence.ask(lambda: self._ledger.recall(MEMORY))
        self._memory = memory or b""
        self.roster = Roster(memory=self._memory)
        await self._update()

    async def run(self) -> None:
        """Ask again when it is due, until cancelled."""
        while True:
            await self._wait()
            # who doubts from now on may come too late for what is asked here: the next is theirs
            doubted, self._updated = self._updated, None
            self._began = self._clock.monotonic()
            await self._update()
            self._began = None
            if doubted is not None:
                doubted.set_result(None)

    async def doubt(self, place: str) -> None:
        """Return when what the jobs of a place are is known as it is now.

        Their API is asked, unless it was lately; where it does not answer, they are as they were.
        """
        names = {watch.source for watch in self.roster.watches if watch.place == place}
        telling = self._began is not None and self.sources.asked_since(self._began, names)
        if self.sources.doubt(names) or telling:  # what was answered is not handed on yet
            self._updated = self._updated or asyncio.get_running_loop().create_future()
            self._taken.set()
            await asyncio.shield(self._updated)

    def take(self, settings: Iterable[JobsSettings]) -> None:
        """Take other sources, after a reload; those that did not change are kept."""
        self.sources = JobSources(
            settings, clock=self._clock, random=self._random, before=self.sources
        )
        self._taken.set()

    async def _update(self) -> None:
        sources = self.sources
        jobs = await sources.jobs()
        self.roster.update(jobs, now=self._clock.now(), unanswered=sources.unanswered)
        self._tell()
        memory = self.roster.memory()
        if memory != self._memory:
            await self._insistence.ask(lambda: self._ledger.remember(MEMORY, memory))
            self._memory = memory
        targets = self.roster.targets()
        if targets != self.targets:
            self.targets = targets
            watched = [str(target.destination) for target in targets if target.judged]
            _log.info("watching %s: %s", counted(len(watched), "place"), ", ".join(watched))
            await self._on_targets(targets)

    async def _wait(self) -> None:
        seconds = _LOOK_SECONDS
        if self.sources.wait_seconds is not None:
            seconds = min(seconds, self.sources.wait_seconds)
        if self.roster.next_change is not None:
            until = (self.roster.next_change - self._clock.now()).total_seconds()
            seconds = min(seconds, max(0.0, until))
        waiting = [
            asyncio.ensure_future(self._clock.sleep(seconds)),
            asyncio.ensure_future(self._taken.wait()),
        ]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()
        self._taken.clear()

    def _tell(self) -> None:
        """Log what a person should know of the jobs, once."""
        told = (
            *(each.reason for each in self.roster.unwatched),
            *self.roster.notes,
            *(
                f"{watch.label} has changed or gone: as it was, it is accepted until"
                f" {watch.until:%Y-%m-%dT%H:%M:%SZ}"
                for watch in self.roster.watches
                if watch.until is not None
            ),
        )
        for each in told:
            if each not in self._told:
                _log.warning("%s", each)
        self._told = told

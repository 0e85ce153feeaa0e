"""The daemon as a whole: places watched, batches judged, all of it remembered and shown."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from receiver.clock import Clock
from receiver.daemon.chores import Chores
from receiver.daemon.logs import set_up_logs
from receiver.daemon.metrics import Metrics, measure_stalls
from receiver.daemon.reload import reload
from receiver.daemon.roster_keeper import RosterKeeper
from receiver.daemon.settings import Settings
from receiver.daemon.status.app import make_status_app, serve_status
from receiver.daemon.status.events import Pulse
from receiver.daemon.status.guard import Access
from receiver.daemon.status.scene import Scene, Watched, rostered
from receiver.daemon.watcher_group import WatcherGroup
from receiver.errors import cause_of
from receiver.intake.insistence import Insistence
from receiver.intake.intake import Intake
from receiver.intake.retries import Retries
from receiver.intake.steps import At, go_on
from receiver.ledger.ledger import Ledger
from receiver.ledger.open import open_ledger
from receiver.selection.target import Target
from receiver.workers.crew import usable_cores

DRAIN_SECONDS: Final = 11.0
"""What is being judged has so long to end when we are stopped, of the 15 s that we promise."""

END_SECONDS: Final = 12.0
"""After so long all is given up that still waits, as for a ledger that hangs: claims expire."""

_log = logging.getLogger(__name__)


class Orders:
    """What the daemon is told while it runs: by signals, or by a test."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.reload = asyncio.Event()


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to tell when the status page answers."""

    url: str


async def run_daemon(
    path: Path,
    settings: Settings,
    *,
    orders: Orders,
    clock: Clock,
    random: Random,
    on_ready: Callable[[Ready], None],
    at: At = go_on,
) -> None:
    """Watch and judge until `orders.stop`; then end what was begun, within 15 s.

    Raises:
        ConfigError: the status page's address cannot be listened at.
        LedgerError: the ledger cannot be opened, or a person is needed.
    """
    async with _given_up(orders.stop) as give_time, open_ledger(settings.ledger.url) as ledger:
        give_time(END_SECONDS)
        daemon = Daemon(path, settings, ledger=ledger, clock=clock, random=random, at=at)
        await daemon.run(orders, on_ready)


class Daemon:
    """The parts, and what they tell each other."""

    def __init__(
        self,
        path: Path,
        settings: Settings,
        *,
        ledger: Ledger,
        clock: Clock,
        random: Random,
        at: At = go_on,
    ) -> None:
        self._path = path
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._random = random
        self._at = at
        self._pulse = Pulse()
        self._metrics = Metrics(changed=self._pulse.beat)
        self._insistence = Insistence(clock=clock, random=random)
        self._keeper = RosterKeeper(
            settings.jobs,
            ledger=ledger,
            insistence=self._insistence,
            clock=clock,
            random=random,
            on_targets=self._change,
        )
        self._chores = Chores(
            lambda: self._settings, ledger=ledger, clock=clock, insistence=self._insistence
        )
        self._working: tuple[Intake, WatcherGroup] | None = None
        self._ending: Intake | None = None
        self._rebuild = asyncio.Event()

    async def run(self, orders: Orders, on_ready: Callable[[Ready], None]) -> None:
        """Run until told to stop, or a part of it fails that nothing goes on without."""
        status = self._settings.status
        app = make_status_app(
            self._scene(),
            access=Access(user=status.user, password=status.password, token=status.token),
            pulse=self._pulse,
            metrics=self._metrics,
        )
        async with serve_status(app, host=status.listen.host, port=status.listen.port) as url:
            on_ready(Ready(url=url))
            _log.info("the ledger is %s, the status page %s/", self._settings.ledger.name, url)
            try:
                async with asyncio.TaskGroup() as tasks:
                    lasting = [
                        tasks.create_task(measure_stalls(self._metrics), name="stalls"),
                        tasks.create_task(self._chores.run(), name="chores"),
                        tasks.create_task(self._reload_when_told(orders), name="reload"),
                    ]
                    starting = tasks.create_task(self._keeper.start(), name="jobs")
                    if await _first(starting, orders.stop):
                        lasting.append(tasks.create_task(self._keeper.run(), name="jobs"))
                        while not orders.stop.is_set():
                            await self._work(orders)
                    for task in (starting, *lasting):
                        task.cancel()
                _log.info("ended; what was not judged is left for the next start")
            except ExceptionGroup as group:
                raise cause_of(group) from group

    async def _work(self, orders: Orders) -> None:
        """Watch and judge by these settings, until told to stop or by others."""
        settings = self._settings
        self._rebuild.clear()
        intake = Intake(
            self._ledger,
            owner=_owner(self._random),
            clock=self._clock,
            random=self._random,
            processes=settings.intake.processes or usable_cores(),
            bytes_max=settings.intake.memory,
            retries=Retries(tries=settings.intake.tries, park_after=settings.intake.park_after),
            observer=self._metrics,
            insistence=self._insistence,
            doubt=self._keeper.doubt,
            at=self._at,
        )
        watchers = WatcherGroup(
            ledger=self._ledger,
            insistence=self._insistence,
            clock=self._clock,
            random=self._random,
            lateness=settings.watch.lateness,
            poll_min=settings.watch.poll_min,
            poll_max=settings.watch.poll_max,
            on_new=intake.wake,
            at=self._at,
        )
        async with asyncio.TaskGroup() as tasks:
            targets = self._keeper.targets
            tasks.create_task(intake.run(targets), name="intake")
            watching = tasks.create_task(watchers.run(targets), name="watchers")
            await asyncio.sleep(0)  # both have begun: from here on they can be changed
            self._working = intake, watchers
            try:
                if self._keeper.targets is not targets:  # known since, and handed to nobody
                    await self._change(self._keeper.targets)
                told = [tasks.create_task(event.wait()) for event in (orders.stop, self._rebuild)]
                await asyncio.wait(told, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._working = None
            for task in (*told, watching):
                task.cancel()
            _log.info("ending: what is being judged has %g s yet", DRAIN_SECONDS)
            self._ending = intake
            try:
                await intake.drain(DRAIN_SECONDS)
            finally:
                self._ending = None

    async def _change(self, targets: tuple[Target, ...]) -> None:
        """Hand on that other places are to be watched, or by other Expectations."""
        self._pulse.beat()
        if self._working is not None:
            intake, watchers = self._working
            await intake.change(targets)
            await watchers.change(targets)
        elif self._ending is not None:  # what it reads yet is held against what is known now
            await self._ending.change(targets)

    async def _reload_when_told(self, orders: Orders) -> None:
        while True:
            await orders.reload.wait()
            orders.reload.clear()
            found = await asyncio.to_thread(reload, self._path, self._settings)
            if found.refused:
                _log.error("%s", found.refused)
                continue
            before, self._settings = self._settings, found.settings
            for name in found.restart:
                _log.warning("%s: changed, and in force after a restart only", name)
            _log.info("%s was read again: %s", self._path, ", ".join(found.changed) or "the same")
            set_up_logs(self._settings.log)
            self._keeper.take(self._settings.jobs)
            if (before.watch, before.intake) != (self._settings.watch, self._settings.intake):
                self._rebuild.set()

    def _scene(self) -> Scene:
        return Scene(
            ledger=self._ledger,
            clock=self._clock,
            jobs=lambda: rostered(self._keeper.roster.watches),
            places=self._places,
            unwatched=lambda: self._keeper.roster.unwatched,
            sources=lambda: self._keeper.sources.states,
        )

    def _places(self) -> list[Watched]:
        return list(self._working[1].states()) if self._working is not None else []


@asynccontextmanager
async def _given_up(stop: asyncio.Event) -> AsyncIterator[Callable[[float], None]]:
    """Give the block up when told to stop: at once, or, once that is given, after some time."""
    seconds = 0.0

    def give_time(given: float) -> None:
        nonlocal seconds
        seconds = given

    async def watch(limit: asyncio.Timeout) -> None:
        await stop.wait()
        limit.reschedule(asyncio.get_running_loop().time() + seconds)

    try:
        async with asyncio.timeout(None) as limit:
            watching = asyncio.create_task(watch(limit), name="end")
            try:
                yield give_time
            finally:
                watching.cancel()
    except TimeoutError:
        if not limit.expired():
            raise
        _log.warning("gave up what still waited, as for a ledger that hangs; nothing is lost")


async def _first(task: asyncio.Task[None], event: asyncio.Event) -> bool:
    """Wait until a task is done or an event is set; return whether the task is done."""
    waiting = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    return task.done()


def _owner(random: Random) -> str:
    """Name this process in the ledger as no other is named, not even the one before it."""
    return f"{socket.gethostname()}:{os.getpid()}:{random.getrandbits(48):012x}"

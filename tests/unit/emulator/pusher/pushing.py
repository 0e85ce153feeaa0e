"""A pusher to test: jobs in a State in memory, a clock on which nothing waits, a real folder."""

import asyncio
import gzip
import heapq
import itertools
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from receiver.clock import Clock
from receiver.destination.destination import Destination
from receiver.emulator.cloud import AuditEntry, CloudJob, Scope, State
from receiver.emulator.pusher.faultless import FaultsFor, faultless
from receiver.emulator.pusher.manifest import Manifest
from receiver.emulator.pusher.pusher import Pusher
from receiver.emulator.pusher.setting import Setting
from receiver.emulator.pusher.upload import OpenUploader, Upload, UploadFailed
from receiver.emulator.pusher.uploaders import open_uploader
from receiver.emulator.state import SqliteState

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
ZONE = Scope(kind="zones", id="0" * 32)
FIELDS = "RayID,EdgeStartTimestamp,ClientIP,BotScore"


def audit() -> AuditEntry:
    return AuditEntry(
        id="a", when=START, scope=ZONE, action="create", actor_email="a@b.c", actor_id="1",
        interface="API", job_id=0, old_value="", new_value="",
    )  # fmt: skip


def add_job(state: State, conf: str, **fields: Any) -> CloudJob:
    given = {
        "dataset": "http_requests", "name": "", "enabled": True, "destination_conf": conf,
        "logpull_options": f"fields={FIELDS}", "last_complete": None, "last_error": None,
        "error_message": None, **fields,
    }  # fmt: skip
    return state.add(ZONE, given, audit())


class FakePlace:
    """A destination that keeps what it is given, or refuses it for as long as a test wants."""

    def __init__(self, refuse: Callable[[], UploadFailed | None] = lambda: None) -> None:
        self.refuse = refuse
        self.taken: list[Upload] = []
        self.tries: list[str] = []

    async def put(self, upload: Upload) -> None:
        self.tries.append(upload.key)
        error = self.refuse()
        if error:
            raise error
        self.taken.append(upload)

    @asynccontextmanager
    async def open(self, destination: Destination, *, clock: Clock) -> AsyncIterator["FakePlace"]:
        yield self

    @property
    def keys(self) -> list[str]:
        return [upload.key for upload in self.taken]


class SteppedClock:
    """A clock that its driver moves, from the end of one sleep to the end of the next."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._seconds = 0.0
        self._numbers = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._seconds + seconds, next(self._numbers), woken))
        await woken

    @property
    def due(self) -> bool:
        """Whether somebody has slept enough by now."""
        return bool(self._sleepers) and self._sleepers[0][0] <= self._seconds

    def step(self) -> None:
        """Wake whoever sleeps shortest."""
        due, _, woken = heapq.heappop(self._sleepers)
        self._seconds = max(self._seconds, due)
        if not woken.done():
            woken.set_result(None)


class Inline(ThreadPoolExecutor):
    """Runs what is handed to a thread at once: then the loop is idle when it looks idle."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **more: Any) -> Any:
        done: Future[Any] = Future()
        try:
            done.set_result(function(*args, **more))
        except BaseException as error:
            done.set_exception(error)
        return done


class Pushing:
    """The pusher's parts; `until` runs it to a moment of its clock, or until something is so."""

    def __init__(self, state: State | None = None, *, start: datetime = START) -> None:
        self.state = state or SqliteState(None)
        self.clock = SteppedClock(start)
        self.open_uploader: OpenUploader = open_uploader
        self.faults: FaultsFor = faultless
        self.rate = 120
        self.seed = 7
        self.look_seconds = 1.0
        self.manifest = Manifest()

    async def until(self, done: Callable[[], bool] | datetime) -> None:
        """Run, and stop it then as a signal does."""
        setting = Setting(
            state=self.state, clock=self.clock, open_uploader=self.open_uploader,
            faults=self.faults, rate=self.rate, seed=self.seed,
            look_seconds=self.look_seconds, manifest=self.manifest,
        )  # fmt: skip
        asyncio.get_running_loop().set_default_executor(Inline())
        task = asyncio.create_task(Pusher(setting).run())
        async with asyncio.timeout(30):
            while not task.done():
                for _ in range(12):  # what can go on goes on, before time does
                    await asyncio.sleep(0)
                reached = done() if callable(done) else self.clock.now() >= done
                if reached and not self.clock.due:
                    break
                if not task.done():
                    self.clock.step()
        if task.done():
            await task
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def job(self, job_id: int = 1) -> CloudJob:
        job = self.state.job(job_id)
        assert job
        return job


def written(folder: Path) -> dict[str, bytes]:
    """Return what lies below a folder, gunzipped."""
    return {
        str(path.relative_to(folder)): gzip.decompress(path.read_bytes())
        for path in sorted(folder.rglob("*.log.gz"))
    }


def names(folder: Path) -> list[str]:
    return [path.name for path in sorted(folder.rglob("*.log.gz"))]


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)

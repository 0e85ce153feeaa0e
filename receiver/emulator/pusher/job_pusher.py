"""Pushes one job: window after window, each batch tried again for a while and then dropped.

At least once, as Logpush: a batch that was uploaded, and we ended before that was noted, is
uploaded again. It has the same key and, unless the job was changed meanwhile, the same bytes, so a
store holds it once all the same; an endpoint may see it twice. Documented is that retries are
bounded; these bounds are ours.

What a plan of faults holds back (late, the second half of an overlap) is in memory only: it is lost
with us, and the manifest has no delivery of it.
"""

import asyncio
import heapq
import itertools
import logging
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from typing import Final, NoReturn

import msgspec

from receiver.destination.destination import Destination
from receiver.destination.parse import parse_destination
from receiver.emulator.cloud import CloudJob
from receiver.emulator.pusher.delivery import Delivery, Outage, WindowFaults
from receiver.emulator.pusher.health import Health
from receiver.emulator.pusher.manifest import Counted
from receiver.emulator.pusher.setting import Setting
from receiver.emulator.pusher.traffic import JobTraffic, read_job
from receiver.emulator.pusher.upload import Upload, Uploader, UploadFailed
from receiver.emulator.pusher.windows import Window, window_from
from receiver.emulator.pusher.wording import OURS
from receiver.errors import ConfigError

RETRY: Final = timedelta(minutes=5)
"""So long after it was due a batch is tried again, then it is dropped whole."""

RETRY_WAIT: Final = timedelta(seconds=15)
"""The first wait before trying again; it doubles: five attempts within RETRY."""

LATE_MAX: Final = 100
"""Batches that a fault plan holds back; when there are more, the first of them goes at once."""

_log = logging.getLogger(__name__)


class _Changed(Exception):
    """The job is no longer the one that we read: deleted, disabled or updated."""


class JobPusher:
    """Pushes one job until it is deleted or disabled. An update is seen within a look."""

    def __init__(self, job: CloudJob, *, setting: Setting) -> None:
        assert job.pushed_until is not None
        self._setting = setting
        self._clock = setting.clock
        self._job = job
        self._until = job.pushed_until  # all that lies before it was pushed, or given up
        self._health = Health(job, state=setting.state, clock=setting.clock)
        self._late: list[tuple[datetime, int, Delivery]] = []  # a heap, by when each is due
        self._numbers = itertools.count()
        self._behind: timedelta | None = None  # how late a batch was tried when all was well

    async def run(self) -> None:
        """Push, with each version of the job in turn."""
        try:
            while (job := self._setting.state.job(self._job.id)) is not None and job.enabled:
                self._job = job
                try:
                    await self._push_version()
                except _Changed:
                    continue
        finally:  # also where we are stopped
            if self._late:
                _log.warning(
                    "job %d: late batches that go nowhere: %d", self._job.id, len(self._late)
                )

    async def _push_version(self) -> NoReturn:
        """Push until the job changes, which raises _Changed."""
        try:
            destination = parse_destination(self._job.fields["destination_conf"])
            async with self._setting.writing:
                traffic = await asyncio.to_thread(
                    self._setting.traffic, read_job(self._job), destination
                )
        except ConfigError as error:  # the API let it pass, and nobody can push it
            self._health.failed(f"{OURS}: {error}")
            await self._wait_for_change()
        async with AsyncExitStack() as opened:
            way = _Way(destination, setting=self._setting, opened=opened)
            while True:
                window = window_from(self._until, traffic.limits.interval)
                if self._late and self._late[0][0] <= window.end:
                    await self._push_late(way)
                else:
                    await self._push(window, way, traffic)

    async def _push(self, window: Window, way: "_Way", traffic: JobTraffic) -> None:
        """Push a window at its end."""
        await self._wait_until(window.end)
        faults = self._faults(way)
        try:
            async with self._setting.writing:
                deliveries = await asyncio.to_thread(self._write, window, traffic, faults)
        except ConfigError as error:  # a fault that this job has no field for
            self._health.failed(f"{OURS}: {error}")
            self._health.dropped(window.end)
            deliveries, whole = [], False
        else:
            whole = True
        for each in deliveries:
            if not each.after:
                whole = await self._deliver(each, way, faults) and whole
        for each in deliveries:
            if each.after:
                heapq.heappush(self._late, (window.end + each.after, next(self._numbers), each))
        self._until = window.end
        self._health.pushed(window.end, whole=whole)
        while len(self._late) > LATE_MAX:
            await self._push_late(way, at_once=True)

    def _write(self, window: Window, traffic: JobTraffic, faults: WindowFaults) -> list[Delivery]:
        """Write what is to be uploaded of a window; the work of it, so in a thread."""
        written = traffic.write(window)
        counted = Counted(
            job=self._job.id,
            window=(window.start, window.end),
            before_filter=written.before_filter,
            before_sample=written.before_sample,
            kept=written.kept,
        )
        self._setting.manifest.write([counted])
        return faults.deliveries(
            list(written.batches), writer=traffic.writer, now=self._clock.now()
        )

    async def _push_late(self, way: "_Way", *, at_once: bool = False) -> None:
        """Push the next batch of those held back."""
        due_at, _, delivery = self._late[0]
        if not at_once:
            await self._wait_until(due_at)
        await self._deliver(delivery, way, self._faults(way))
        heapq.heappop(self._late)

    async def _deliver(self, delivery: Delivery, way: "_Way", faults: WindowFaults) -> bool:
        """Upload a batch, trying again while there is hope; tell whether it arrived."""
        upload = Upload(kind="batch", key=delivery.key, body=delivery.body)
        due_at = delivery.window[1] + delivery.after
        if self._behind is None or not self._health.failing:
            self._behind = max(self._clock.now() - due_at, timedelta())
        give_up_at = due_at + self._behind + RETRY
        wait = RETRY_WAIT
        while True:
            try:
                await _put(upload, way, outage=faults.outage(self._clock.now()))
            except UploadFailed as error:
                self._health.failed(str(error))
                self._look()
                next_at = self._clock.now() + wait
                if not error.retry or next_at > give_up_at:
                    self._health.dropped(delivery.window[1])
                    return False
            else:
                self._health.delivered()
                self._setting.manifest.delivered(self._job.id, delivery)
                return True
            await self._wait_until(next_at)
            wait *= 2

    def _faults(self, way: "_Way") -> WindowFaults:
        """Return what is planned for this job; asked each time, for the plan may be replaced."""
        name = str(self._job.fields.get("name") or "")
        return self._setting.faults(self._job.id, name, way.path)

    async def _wait_until(self, moment: datetime) -> None:
        """Wait, and look now and then whether the job is still the same."""
        self._look()
        while (seconds := (moment - self._clock.now()).total_seconds()) > 0:
            await self._clock.sleep(min(seconds, self._setting.look_seconds))
            self._look()

    async def _wait_for_change(self) -> NoReturn:
        while True:
            await self._clock.sleep(self._setting.look_seconds)
            self._look()

    def _look(self) -> None:
        job = self._setting.state.job(self._job.id)
        if job is None or not job.enabled or job.changed != self._job.changed:
            raise _Changed


class _Way:
    """The way to a job's destination, opened when it is first needed."""

    def __init__(
        self, destination: Destination, *, setting: Setting, opened: AsyncExitStack
    ) -> None:
        self.path = destination.path if destination.stored else ""
        self._destination = destination
        self._setting = setting
        self._opened = opened
        self._uploader: Uploader | None = None

    async def put(self, upload: Upload) -> None:
        """Write; a way that cannot be opened is an UploadFailed too."""
        if self._uploader is None:
            opening = self._setting.open_uploader(self._destination, clock=self._setting.clock)
            self._uploader = await self._opened.enter_async_context(opening)
        await self._uploader.put(upload)


async def _put(upload: Upload, way: _Way, *, outage: Outage | None) -> None:
    if outage is None:
        await way.put(upload)
        return
    if outage.halts:
        with suppress(UploadFailed):
            await way.put(msgspec.structs.replace(upload, halts=True))
    raise UploadFailed(outage.why, retry=True)

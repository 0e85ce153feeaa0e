"""The pusher: one task for every enabled job, so that a sick destination holds up nobody."""

import asyncio
import logging
from datetime import timedelta
from typing import Final

from receiver.destination.destination import Scheme
from receiver.emulator.cloud import CloudJob
from receiver.emulator.pusher.job_pusher import JobPusher
from receiver.emulator.pusher.setting import Setting
from receiver.emulator.pusher.traffic import read_job
from receiver.emulator.pusher.windows import first_start, limits_of
from receiver.errors import ConfigError
from receiver.job.job import Job

CATCH_UP_MAX: Final = timedelta(hours=24)
"""What a job has missed while nobody ran is pushed from so far back; the rest is lost. Logpush
keeps logs for a time too, which is not documented."""

_log = logging.getLogger(__name__)


class Pusher:
    """Pushes all jobs of the State until it is cancelled.

    A job that was enabled when the State was left goes on where it stopped; one that is new, or
    enabled again, begins now: what a disabled job missed is lost, as it is with Logpush.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Look for jobs to push, again and again."""
        async with asyncio.TaskGroup() as tasks:
            resuming = True
            while True:
                self._start_jobs(tasks, resuming=resuming)
                resuming = False
                await self._setting.clock.sleep(self._setting.look_seconds)

    def _start_jobs(self, tasks: asyncio.TaskGroup, *, resuming: bool) -> None:
        """Give a task to every enabled job that has none."""
        self._tasks = {job_id: task for job_id, task in self._tasks.items() if not task.done()}
        for job in self._setting.state.jobs():
            if job.enabled and job.id not in self._tasks:
                resumed = resuming and job.pushed_until is not None
                begun = self._resumed(job) if resumed else self._begun(job)
                pusher = JobPusher(begun, setting=self._setting)
                self._tasks[job.id] = tasks.create_task(pusher.run(), name=f"job {job.id}")

    def _begun(self, job: CloudJob) -> CloudJob:
        """Note that a job begins now, as one that never ran."""
        begin = first_start(self._setting.clock.now(), _interval(job))
        noted = self._setting.state.progress(
            job.id, pushed_until=begin, last_complete=None, last_error=None, error_message=None
        )
        return noted or job

    def _resumed(self, job: CloudJob) -> CloudJob:
        """Let a job go on where it stopped, unless that is too long ago."""
        now, until = self._setting.clock.now(), job.pushed_until
        assert until is not None
        if until > now:
            _log.warning(
                "job %d was pushed until %s, and the clock is not there yet: it waits until then",
                job.id,
                f"{until:%Y-%m-%d %H:%M:%S} UTC",
            )
        if until >= now - CATCH_UP_MAX:
            return job
        _log.warning("job %d: what it missed until 24 hours ago is lost", job.id)
        begin = first_start(now - CATCH_UP_MAX, _interval(job))
        return self._setting.state.progress(job.id, pushed_until=begin) or job


def _interval(job: CloudJob) -> timedelta:
    try:
        return limits_of(read_job(job), Scheme.FILE).interval  # the same for every scheme
    except ConfigError:  # its own task says so
        return limits_of(Job(), Scheme.FILE).interval

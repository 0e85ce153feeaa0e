"""How much a job sees: records by the time of day, and the objects that a window's lines become.

Everything is drawn from the seed, the job's id and the window's start: the same window gives the
same bytes each time, whatever was pushed before it.
"""

from datetime import timedelta
from typing import Final

import msgspec

from receiver.destination.destination import Destination
from receiver.emulator.batches import Batch
from receiver.emulator.chance import seeded
from receiver.emulator.cloud import CloudJob, State
from receiver.emulator.day import traffic_share
from receiver.emulator.job_records import JobRecords
from receiver.emulator.own_file import OwnFile
from receiver.emulator.pusher.windows import Limits, Window, limits_of, split
from receiver.emulator.records import RecordWriter
from receiver.emulator.visitors import hexadecimal
from receiver.job.job import Job, parse_jobs

RATE_DEFAULT: Final = 600
"""Records a minute at the busiest hour: 300 in a batch, and 10,000 in a quarter of an hour."""

_MINUTE: Final = timedelta(minutes=1)


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A window's batches, and how many records there were on the way to them."""

    batches: tuple[Batch, ...]  # none where nothing is left of the window
    before_filter: int
    before_sample: int
    kept: int


class JobTraffic:
    """Writes the batches of one job, window by window.

    `rate` is the records a minute at the busiest hour, before filter and sample. Jobs of one data
    set see the same requests, so that one can be the reference of the other.

    Raises:
        ConfigError: the job is none that we can write records for.
    """

    def __init__(
        self,
        job: Job,
        destination: Destination,
        *,
        rate: int,
        seed: int,
        source: OwnFile | None = None,
    ) -> None:
        self._job = job
        self._path = destination.path if destination.stored else ""
        self._rate = rate
        self._seed = seed
        self._records = JobRecords(job, seed=seed, source=source)
        self.limits: Limits = limits_of(job, destination.scheme)

    @property
    def writer(self) -> RecordWriter:
        """What faults need to know of the records."""
        return self._records.writer

    def write(self, window: Window) -> Written:
        """Write what is to be uploaded of a window."""
        busy = traffic_share(window.start)
        busy *= seeded("busy", self._seed, self._job.dataset, window.start).uniform(0.85, 1.15)
        count = round(self._rate * busy * ((window.end - window.start) / _MINUTE))
        found = self._records.lines(window.start, window.end, count)
        rng = seeded("ids", self._seed, self._job.id, window.start)
        batches = tuple(
            Batch(
                path=self._path,
                start=window.start,
                end=window.end,
                batch_id=hexadecimal(rng, 8),
                lines=part,
                frame=self._records.frame,
            )
            for part in split(found.lines, self.limits, self._records.frame)
        )
        return Written(
            batches=batches,
            before_filter=found.records,
            before_sample=found.passed,
            kept=found.kept,
        )


def find_job(state: State, job_id: int) -> Job | None:
    """Read the job of an id, if there still is one.

    Raises:
        ConfigError: as `read_job`.
    """
    job = state.job(job_id)
    return None if job is None else read_job(job)


def read_job(job: CloudJob) -> Job:
    """Read the job that the API keeps.

    Raises:
        ConfigError: the API let it pass, and it is none that can be read.
    """
    return parse_jobs(msgspec.json.encode(job.fields), source="the API")[0]

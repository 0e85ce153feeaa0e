"""A day of two jobs, written into a folder for `demo` to verify, with faults planted on purpose."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from math import cos, pi
from pathlib import Path
from typing import Any, Final

import msgspec

from receiver.emulator.batches import Batch, PlantedFault, WrittenBatch
from receiver.emulator.chance import seeded
from receiver.emulator.faults import plant
from receiver.emulator.harmless import HARMLESS, companions
from receiver.emulator.line_faults import drop_field
from receiver.emulator.records import RecordWriter
from receiver.emulator.visitors import hexadecimal
from receiver.job.expectation import TimestampFormat

_BUSIEST_HOUR: Final = 20
_NIGHT_SHARE: Final = 0.25  # of the busiest hour's traffic
_AVERAGE_SHARE: Final = (1 + _NIGHT_SHARE) / 2


class DemoJob(msgspec.Struct, frozen=True, kw_only=True):
    """One of the day's jobs, and how much traffic it sees."""

    id: int
    dataset: str
    folder: str
    fields: tuple[str, ...]
    timestamps: TimestampFormat
    sample: float
    minutes: int  # of one window
    records: int  # of a window of average traffic, before sampling
    faults: tuple[str, ...]

    @property
    def path(self) -> str:
        """Where its objects are, below the day's folder."""
        return f"{self.folder}/{{DATE}}/"


class DemoDay(msgspec.Struct, frozen=True, kw_only=True):
    """What was written. Keys are below `folder`; `reference` is each job's count unsampled."""

    folder: Path
    jobs_file: Path
    day: date
    objects: int
    reference: dict[int, int]
    planted: tuple[PlantedFault, ...]


JOBS: Final = (
    DemoJob(
        id=146, dataset="http_requests", folder="http", timestamps=TimestampFormat.UNIXNANO,
        sample=0.1, minutes=5, records=1600,
        fields=(
            "RayID", "EdgeStartTimestamp", "EdgeEndTimestamp", "ClientIP", "ClientCountry",
            "ClientASN", "ClientRequestHost", "ClientRequestMethod", "ClientRequestURI",
            "ClientRequestProtocol", "ClientRequestUserAgent", "ClientRequestReferer",
            "ClientSSLProtocol", "EdgeResponseStatus", "EdgeResponseBytes", "EdgeColoCode",
            "EdgeResponseCompressionRatio", "CacheCacheStatus", "CacheTieredFill",
            "OriginResponseStatus", "OriginResponseDurationMs", "BotScore", "BotScoreSrc",
            "SecurityActions", "RequestHeaders",
        ),
        faults=(
            "gzip-truncated", "gzip-crc", "field-type/quoted", "line-not-json", "record-repeated",
            "timestamp-after-window", "dataset-other", "field-value",
        ),
    ),
    DemoJob(
        id=147, dataset="spectrum_events", folder="spectrum", timestamps=TimestampFormat.RFC3339,
        sample=1.0, minutes=10, records=160,
        fields=(
            "Timestamp", "Event", "Application", "ClientIP", "ClientPort", "ClientCountry",
            "ClientAsn", "ClientProto", "ClientBytes", "ClientTcpRtt", "ClientTlsProtocol",
            "ColoCode", "ConnectTimestamp", "DisconnectTimestamp", "IpFirewall", "OriginIP",
            "OriginPort", "OriginBytes", "Status",
        ),
        faults=(
            "timestamp-format/family", "not-gzip", "line-blank", "key-window", "line-key-repeated",
        ),
    ),
)  # fmt: skip

MISSING_FIELD: Final = "BotScore"
"""Missing from the whole of the first window and from half of the second: the job was changed."""


def write_day(folder: Path, *, seed: int, day: date) -> DemoDay:
    """Write a day of both jobs below `folder`, with `jobs.json` as the API would return it.

    The day should be in the past: records of a time to come are a fault that nobody planted.
    The same seed and day give the same bytes each time.
    """
    written: list[WrittenBatch] = []
    reference: dict[int, int] = {}
    for job in JOBS:
        day_of_job = _JobDay(job, seed=seed, day=day)
        written += day_of_job.objects()
        reference[job.id] = day_of_job.records_before_sampling
    for each in written:
        target = folder / each.key
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(each.body)
    jobs_file = folder / "jobs.json"
    jobs_file.write_bytes(msgspec.json.format(msgspec.json.encode(_envelope(folder, day))))
    planted = tuple(fault for each in written for fault in each.planted)
    return DemoDay(
        folder=folder, jobs_file=jobs_file, day=day, objects=len(written), reference=reference,
        planted=planted,
    )  # fmt: skip


def traffic_share(moment: datetime) -> float:
    """Return the share of the busiest hour's traffic that a site has at that time of day."""
    hours = moment.hour + moment.minute / 60 - _BUSIEST_HOUR
    return _NIGHT_SHARE + (1 - _NIGHT_SHARE) * (1 + cos(hours * pi / 12)) / 2


class _JobDay:
    """One job's day, window by window."""

    def __init__(self, job: DemoJob, *, seed: int, day: date) -> None:
        self._job = job
        self._rng = seeded("day", seed, job.id)
        self._midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        self._writer = RecordWriter(
            job.dataset, job.fields, timestamps=job.timestamps, sample=job.sample, seed=seed
        )
        self.records_before_sampling = 0

    def objects(self) -> Iterator[WrittenBatch]:
        """Yield every object of the day, and what stands beside the batches."""
        windows = 24 * 60 // self._job.minutes
        special = self._rng.sample(range(2, windows - 1), len(self._job.faults) + len(HARMLESS))
        faults = dict(zip(special, self._job.faults, strict=False))
        harmless = dict(zip(special[len(faults) :], HARMLESS, strict=True))
        yield from companions(self._job.path, self._rng)
        for number in range(windows):
            batch = self._batch(number)
            if number in faults:
                yield plant(faults[number], batch, writer=self._writer, rng=self._rng)
            elif number in harmless:
                yield from HARMLESS[harmless[number]](batch, self._rng)
            elif number in {0, 1} and MISSING_FIELD in self._job.fields:
                yield drop_field(
                    batch, MISSING_FIELD, count=len(batch.lines) // (1 + number), rng=self._rng
                ).write()
            else:
                yield batch.write()

    def _batch(self, number: int) -> Batch:
        start = self._midnight + number * timedelta(minutes=self._job.minutes)
        end = start + timedelta(minutes=self._job.minutes)
        busy = traffic_share(start) / _AVERAGE_SHARE
        count = max(int(self._job.records * busy * self._rng.uniform(0.85, 1.15)), 20)
        self.records_before_sampling += count
        return Batch(
            path=self._job.path, start=start, end=end, batch_id=hexadecimal(self._rng, 8),
            lines=tuple(self._writer.lines(start, end, count)),
        )  # fmt: skip


def _envelope(folder: Path, day: date) -> dict[str, Any]:
    """The jobs as the API lists them: one with the old options, one with the new."""
    return {
        "errors": [],
        "messages": [],
        "result": [_job_object(job, folder, day) for job in JOBS],
        "success": True,
    }


def _job_object(job: DemoJob, folder: Path, day: date) -> dict[str, Any]:
    options: dict[str, Any]
    if job.sample < 1:
        text = f"fields={','.join(job.fields)}&sample={job.sample}&timestamps={job.timestamps}"
        options = {"logpull_options": text}
    else:
        chosen = {"field_names": job.fields, "timestamp_format": job.timestamps, "sample_rate": 1.0}
        options = {"logpull_options": None, "output_options": chosen}
    return {
        "id": job.id,
        "dataset": job.dataset,
        "name": f"demo-{job.folder}",
        "kind": "",
        "enabled": True,
        "destination_conf": f"{folder.resolve().as_uri()}/{job.folder}/{{DATE}}",
        **options,
        "filter": "",
        "frequency": "high",
        "last_complete": f"{day + timedelta(days=1)}T00:00:00Z",
        "last_error": None,
        "error_message": None,
    }

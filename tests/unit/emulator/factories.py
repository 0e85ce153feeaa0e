"""Batches that are valid but for what a test spoils."""

from datetime import UTC, datetime, timedelta
from functools import cache

from receiver.emulator.batches import Batch
from receiver.emulator.records import RecordWriter
from receiver.job.catalogue import dataset
from receiver.job.expectation import TimestampFormat

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
END = START + timedelta(minutes=5)
FIELDS = tuple(dataset("http_requests").fields)


@cache  # making a writer takes as long as a dozen tests; only `batch` draws from it
def writer(
    timestamps: TimestampFormat = TimestampFormat.UNIXNANO, *, cve_2021_44228: bool = False
) -> RecordWriter:
    return RecordWriter(
        "http_requests", FIELDS, timestamps=timestamps, cve_2021_44228=cve_2021_44228, seed=7
    )


@cache
def batch(of: RecordWriter) -> Batch:
    lines = of.lines(START, END, 40)
    return Batch(path="logs/{DATE}/", start=START, end=END, batch_id="9af500e2", lines=tuple(lines))

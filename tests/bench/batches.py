"""The batches that benchmarks read: made by the emulator, from a seed, the same each time."""

import gzip
from collections.abc import Sequence
from datetime import UTC, datetime

from receiver.emulator.records import RecordWriter
from receiver.job.catalogue import dataset
from receiver.job.expect import expectation_of
from receiver.job.expectation import Expectation, TimestampFormat
from receiver.job.options import parse_logpull_options

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
END = datetime(2026, 11, 20, 10, 1, tzinfo=UTC)
ARRIVED = datetime(2026, 11, 20, 10, 2, tzinfo=UTC)
NAME = "20261120T100000Z_20261120T100100Z_9af500e2.log.gz"

HTTP_FIELDS = 62  # as many as the data set had when most jobs of today were made


def fields_of(name: str) -> list[str]:
    """The fields of a job that asks for all of a data set; of http_requests for 62."""
    fields = list(dataset(name).fields)
    return fields[:HTTP_FIELDS] if name == "http_requests" else fields


def expectation_for(name: str, fields: Sequence[str], timestamps: TimestampFormat) -> Expectation:
    options = parse_logpull_options(f"fields={','.join(fields)}&timestamps={timestamps}")
    return expectation_of(name, options)


def lines_of(
    name: str, fields: Sequence[str], timestamps: TimestampFormat, records: int
) -> list[bytes]:
    return RecordWriter(name, fields, timestamps=timestamps).lines(START, END, records)


def packed(lines: Sequence[bytes]) -> bytes:
    return gzip.compress(b"".join(line.rstrip(b"\n") + b"\n" for line in lines), 6, mtime=0)

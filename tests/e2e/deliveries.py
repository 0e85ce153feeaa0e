"""What was delivered: objects of a job, compressed by others, and what a verifier must count.

The day is long ago, whatever this machine's clock says, and a leap day: its midnight is special.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from receiver.emulator.batches import Batch, PlantedFault, WrittenBatch
from receiver.emulator.day import JOBS
from receiver.emulator.faults import plant
from receiver.emulator.harmless import companions
from receiver.emulator.records import RecordWriter
from receiver.job.expectation import TimestampFormat
from tests.e2e.compressors import Compress
from tests.e2e.verifying import Found

MIDNIGHT = datetime(2024, 3, 1, tzinfo=UTC)
WINDOW = timedelta(minutes=10)

HTTP, SPECTRUM = JOBS


@dataclass
class Delivery:
    """Objects by key, and what they hold; `planted` are the faults among them."""

    objects: dict[str, bytes] = field(default_factory=dict)
    records: int = 0
    plain_bytes: int = 0
    planted: list[PlantedFault] = field(default_factory=list)
    companions: dict[str, bytes] = field(default_factory=dict)

    def add(self, batch: Batch, compress: Compress, folder: Path) -> None:
        """Add a batch that another program compresses."""
        plain = b"".join(line + b"\n" for line in batch.lines)
        self.objects[batch.key] = compress(plain, folder)
        self.records += len(batch.lines)
        self.plain_bytes += len(plain)

    def add_written(self, written: WrittenBatch) -> None:
        """Add a batch with what was planted in it."""
        self.objects[written.key] = written.body
        self.planted += written.planted

    @property
    def compressed_bytes(self) -> int:
        return sum(map(len, self.objects.values()))

    @property
    def totals(self) -> dict[str, int]:
        """The totals of a report in which nothing was found."""
        return {
            "batches": len(self.objects),
            "records": self.records,
            "plain_bytes": self.plain_bytes,
            "compressed_bytes": self.compressed_bytes,
            "errors": 0,
            "warnings": 0,
        }

    @property
    def faults(self) -> Found:
        return Counter(
            {
                (fault.key, fault.code, fault.severity, fault.field): fault.count
                for fault in self.planted
            }
        )


def writer(demo: Any = HTTP) -> RecordWriter:
    return RecordWriter(demo.dataset, demo.fields, timestamps=demo.timestamps, seed=29)


def windows(
    path: str, count: int, *, records: Sequence[int] = (60,), demo: Any = HTTP
) -> Iterator[Batch]:
    """Yield so many windows of a job, half of them before MIDNIGHT; `records` by turns."""
    lines = writer(demo)
    for number in range(count):
        first = MIDNIGHT + (number - count // 2) * WINDOW
        yield Batch(
            path=path,
            start=first,
            end=first + WINDOW,
            batch_id=f"{number:08x}",
            lines=tuple(lines.lines(first, first + WINDOW, records[number % len(records)])),
        )


def clean(
    path: str,
    compressors: Sequence[Compress],
    folder: Path,
    *,
    count: int | None = None,
    records: Sequence[int] = (60,),
    demo: Any = HTTP,
) -> Delivery:
    """Return a delivery without a fault, a batch of each compressor or `count` by turns."""
    delivery = Delivery()
    batches = windows(path, count or len(compressors), records=records, demo=demo)
    for batch, compress in zip(batches, cycle(compressors), strict=False):
        delivery.add(batch, compress, folder)
    beside = companions(path, random.Random(29))
    delivery.companions = {each.key: each.body for each in beside}
    return delivery


FAULTS = (
    "field-missing",
    "field-type/quoted",
    "line-not-json",
    "record-repeated",
    "gzip-truncated",
    "gzip-crc",
    "dataset-other",
    "key-day",
    "date-unsubstituted",
)


def faulty(path: str) -> Delivery:
    """Return a delivery of the same job with a batch for each of FAULTS."""
    delivery, lines, rng = Delivery(), writer(), random.Random(29)
    for name, batch in zip(FAULTS, windows(path, len(FAULTS)), strict=True):
        delivery.add_written(plant(name, batch, writer=lines, rng=rng))
    return delivery


def job(destination_conf: str, demo: Any = HTTP) -> dict[str, Any]:
    """Return a job as the API gives it: one data set by the old options, the other by the new."""
    options: dict[str, Any] = {
        "logpull_options": f"fields={','.join(demo.fields)}&timestamps={demo.timestamps}"
    }
    if demo.timestamps is not TimestampFormat.UNIXNANO:
        options = {
            "output_options": {
                "field_names": demo.fields,
                "timestamp_format": demo.timestamps,
                "sample_rate": 1.0,
            }
        }
    return {
        "id": demo.id,
        "dataset": demo.dataset,
        "name": demo.folder,
        "enabled": True,
        "destination_conf": destination_conf,
        **options,
    }

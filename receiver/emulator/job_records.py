"""The records of a job's batches, as its options ask for them: from a seed, or a file of one's own.

In the documented order: the filter first, then the sample, record by record, and then the
writing. The same job, seed and window give the same bytes each time, whatever was written before.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec

from receiver.emulator.attacks import attack_field, is_attack
from receiver.emulator.batches import Frame
from receiver.emulator.chance import seeded
from receiver.emulator.default_fields import default_fields
from receiver.emulator.filter import parse_filter
from receiver.emulator.own_file import OwnFile
from receiver.emulator.own_records import OwnRecords
from receiver.emulator.records import RecordWriter
from receiver.emulator.shapes import shape_of
from receiver.job.catalogue import dataset
from receiver.job.job import Job, options_of

MERGING: Final = "http_requests"


class Lines(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of one window, and how many records there were on the way to them."""

    lines: tuple[bytes, ...]  # kept: `Batch` writes them, with the job's frame
    records: int  # that reached Logpush
    passed: int  # of them, through the filter

    @property
    def kept(self) -> int:
        """How many records are written: those that passed, after sampling."""
        return len(self.lines)


class JobRecords:
    """Makes one job's records.

    Two jobs of one data set, with the same seed, are of the same site: in a window of the same
    count they see the same requests, and each takes its own sample of them.

    Args:
        job: as the API gives it; a transformer of it is not run.
        seed: another seed, other records.
        source: a file of NDJSON, plain or gzip, whose records are delivered instead.

    Raises:
        JobInvalid: an unknown data set, or a filter that no job can have.
        OptionsInvalid: options that no job can have.
        SelectionInvalid: the file of records cannot be used.
    """

    def __init__(self, job: Job, *, seed: int, source: OwnFile | None = None) -> None:
        options = options_of(job)
        known = dataset(job.dataset)
        self._dataset = known
        self._filter = parse_filter(job.filter, known)
        self._attack_field = attack_field(known.name) if job.filter_attack_traffic else None
        self._sample = options.sample.value
        self._job_id = job.id
        self._seed = seed
        self._shape = shape_of(job)
        self.fields = options.fields.value or default_fields(known)
        self.writer = RecordWriter(
            known.name,
            self.fields,
            timestamps=options.timestamps.value,
            cve_2021_44228=options.cve_2021_44228.value,
            merged=known.name == MERGING and (options.merge_subrequests or job.subrequest_merging),
            unasked=(*self._filter.fields, *filter(None, (self._attack_field,))),
            seed=seed,
        )
        self._made: RecordWriter | OwnRecords = self.writer
        if source is not None:
            self._made = OwnRecords(
                source,
                dataset=known,
                fields=self.writer.fields_made,
                timestamps=options.timestamps.value,
                seed=seed,
            )

    @property
    def frame(self) -> Frame:
        """What stands around and between the lines of a batch."""
        return self._shape.frame

    def lines(self, start: datetime, end: datetime, count: int) -> Lines:
        """Return the lines kept of `count` records that reached Logpush in the window.

        What `writer` draws next, for a fault, depends on nothing but these arguments.
        """
        draw = seeded("sample", self._seed, self._job_id, start, end, count).random
        passed = 0

        def kept() -> Iterator[dict[str, Any]]:
            nonlocal passed
            for record in self._made.records_alone(start, end, count):
                if not self._passes(record):
                    continue
                passed += 1
                if self._sample >= 1 or draw() < self._sample:
                    yield self.writer.asked(record)

        self.writer.restart(start, end, count)
        lines = tuple(self._shape.lines(kept()))
        return Lines(lines=lines, records=count, passed=passed)

    def _passes(self, record: dict[str, Any]) -> bool:
        if self._attack_field and is_attack(self._dataset.name, record):
            return False
        return self._filter.keeps(record)

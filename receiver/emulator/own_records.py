"""Records of the user's own: a file of NDJSON, plain or gzip, that a job delivers again and again.

Its times are moved into each window. What the job asks for is taken as it stands there; a field
that a record lacks is written as its empty value.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from receiver.emulator.arrivals import arrivals, lag
from receiver.emulator.chance import seeded
from receiver.emulator.own_file import OwnFile, OwnRecord
from receiver.emulator.timestamps import NANOS_PER_MS, NO_VALUE, nanoseconds, timestamp_writer
from receiver.job.catalogue import Dataset
from receiver.job.expectation import FieldType, TimestampFormat

_EMPTY: Final[dict[FieldType, Any]] = {
    FieldType.STRING: "",
    FieldType.INT: 0,
    FieldType.FLOAT: 0,
    FieldType.BOOL: False,
    FieldType.UNKNOWN: "",
}
_ARRAYS: Final = {FieldType.ARRAY_STRING, FieldType.ARRAY_INT, FieldType.ARRAY_OBJECT}


class OwnRecords:
    """The file's records, for one job.

    Args:
        source: the file, which many jobs may share.
        dataset: says which fields are times, and of what type a missing one is.
        fields: what a record is to have, in that order.

    Raises:
        SelectionInvalid: a line has a time that cannot be read.
    """

    def __init__(
        self, source: OwnFile, *, dataset: Dataset, fields: Sequence[str],
        timestamps: TimestampFormat, seed: int = 0,
    ) -> None:  # fmt: skip
        types = dataset.types()
        self._fields = {name: types.get(name, FieldType.UNKNOWN) for name in fields}
        self._event_times = frozenset(dataset.event_time_fields)
        self._epoch_ms = frozenset(dataset.epoch_ms_fields)
        self._write = timestamp_writer(timestamps)
        self._seed = seed
        self._records = source.records(dataset)

    def records_alone(self, start: datetime, end: datetime, count: int) -> Iterator[dict[str, Any]]:
        """Yield so many records of a window: the file from where the window before left off.

        That is so for windows of one length and count; the same window has the same records.
        """
        rng = seeded("own", self._seed, start, end, count)
        begin, length = nanoseconds(start), nanoseconds(end) - nanoseconds(start)
        first = begin // max(length, 1) * count
        for number, received_at in enumerate(arrivals(rng, begin, begin + length, count), first):
            own = self._records[number % len(self._records)]
            yield self._moved(own, received_at - lag(rng))

    def _moved(self, own: OwnRecord, logged_at: int) -> dict[str, Any]:
        """Return the record as if its latest event time were `logged_at`."""
        shift = logged_at - own.latest
        record: dict[str, Any] = {}
        for name, kind in self._fields.items():
            if kind is FieldType.TIMESTAMP or name in self._epoch_ms:
                record[name] = self._time(own, name, shift, logged_at)
            elif name in own.values:
                record[name] = own.values[name]
            else:
                record[name] = empty_value(kind)
        return record

    def _time(self, own: OwnRecord, name: str, shift: int, logged_at: int) -> int | str:
        at = own.times.get(name, NO_VALUE)
        if at != NO_VALUE:
            at += shift
        elif name in self._event_times:
            at = logged_at  # every event has its time, whatever the file left out
        return at // NANOS_PER_MS if name in self._epoch_ms else self._write(at)


def empty_value(kind: FieldType) -> Any:
    """Return what Logpush writes where it has no value of that type."""
    if kind in _ARRAYS:
        return []
    return {} if kind is FieldType.OBJECT else _EMPTY[kind]

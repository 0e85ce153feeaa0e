"""Every fault that can be planted, by name, fitted to the job whose batch it spoils.

A name is the finding's code, or the code and a variant: `field-type/quoted`. The codes are plain
text here: the emulator does not know the checks, so that neither can hide the other's mistake.
"""

import random
from collections.abc import Callable
from typing import Any, Final

from receiver.emulator import line_faults, object_faults
from receiver.emulator.batches import Batch, WrittenBatch
from receiver.emulator.line_faults import ERROR, WARNING, set_field
from receiver.emulator.records import RecordWriter
from receiver.emulator.timestamps import NANOS, NO_VALUE, nanoseconds, timestamp_writer
from receiver.errors import JobInvalid
from receiver.job.expectation import FieldType, TimestampFormat

LONG_AGO: Final = 915_148_800 * NANOS  # 1999: before there was any Logpush
AFTER_WINDOW: Final = 600 * NANOS  # more than clocks that disagree
OTHERS: Final = (
    ("firewall_events", ("Action", "ClientIP", "ClientRequestHost", "Datetime", "Kind",
                         "MatchIndex", "OriginatorRayID", "RayID", "RuleID", "Source")),
    ("spectrum_events", ("Application", "ClientIP", "Event", "Status", "Timestamp")),
)  # fmt: skip
"""Data sets whose records another job's batch may hold, with the fields written."""

_NUMBERS: Final = frozenset({TimestampFormat.UNIXNANO, TimestampFormat.UNIX})
_CONTAINERS: Final = (FieldType.OBJECT, FieldType.ARRAY_OBJECT, FieldType.ARRAY_STRING,
                      FieldType.ARRAY_INT)  # fmt: skip


class Spoiler:
    """What a fault must know: the job's writer, how many lines to spoil, and chance."""

    def __init__(self, writer: RecordWriter, *, count: int, rng: random.Random) -> None:
        self.writer = writer
        self.count = count
        self.rng = rng

    def field(self, *kinds: FieldType) -> str:
        """Return one of the job's fields of these types; never the one that tells event time."""
        types = self.writer.dataset.types()
        event = self.writer.event_time_field
        return self._one_of(
            [name for name in self.writer.fields if types.get(name) in kinds and name != event],
            f"no field of type {' or '.join(kinds)}",
        )

    def text_field(self, *, vocabulary: bool) -> str:
        """Return one of the job's string fields, with a documented vocabulary or without."""
        types, words = self.writer.dataset.types(), self.writer.dataset.vocabulary
        return self._one_of(
            [name for name in self.writer.fields
             if types.get(name) is FieldType.STRING and (name in words) is vocabulary],
            f"no string field {'with' if vocabulary else 'without'} a vocabulary",
        )  # fmt: skip

    def event_time_field(self) -> str:
        """Return the field that tells the records' event time, if it is a timestamp."""
        event = self.writer.event_time_field
        kind = self.writer.dataset.types().get(event or "")
        return self._one_of(
            [event] if event and kind is FieldType.TIMESTAMP else [], "no timestamp"
        )

    def spoil(
        self, batch: Batch, field: str, value: Any, code: str, severity: str = ERROR
    ) -> Batch:
        """Set `field` to `value`, or to what it makes of the old value."""
        return set_field(
            batch, field, value, code=code, severity=severity, count=self.count, rng=self.rng
        )

    def _one_of(self, names: list[str], lacking: str) -> str:
        if not names:
            raise JobInvalid(f"this {self.writer.dataset.name} job asks for {lacking}; add one")
        return self.rng.choice(names)


Fault = Callable[[Batch, Spoiler], Batch | WrittenBatch]


def plant(
    name: str, batch: Batch, *, writer: RecordWriter, rng: random.Random, count: int = 3
) -> WrittenBatch:
    """Spoil a batch of the writer's job with the fault of that name, in `count` lines if in lines.

    Raises:
        JobInvalid: the job asks for no field of the kind that this fault spoils.
    """
    spoiled = FAULTS[name](batch, Spoiler(writer, count=count, rng=rng))
    return spoiled.write() if isinstance(spoiled, Batch) else spoiled


def _missing(batch: Batch, spoiler: Spoiler) -> Batch:
    field = spoiler.field(*(kind for kind in FieldType if kind is not FieldType.TIMESTAMP))
    return line_faults.drop_field(batch, field, count=spoiler.count, rng=spoiler.rng)


def _quoted(batch: Batch, spoiler: Spoiler) -> Batch:
    return spoiler.spoil(batch, spoiler.field(FieldType.INT), str, "field-type")


def _fractional(batch: Batch, spoiler: Spoiler) -> Batch:
    return spoiler.spoil(
        batch, spoiler.field(FieldType.INT), lambda value: value + 0.5, "field-type"
    )


def _null(batch: Batch, spoiler: Spoiler) -> Batch:
    return spoiler.spoil(batch, spoiler.field(FieldType.STRING), None, "field-type")


def _null_container(batch: Batch, spoiler: Spoiler) -> Batch:
    return spoiler.spoil(batch, spoiler.field(*_CONTAINERS), None, "field-null", WARNING)


def _unheard_of(batch: Batch, spoiler: Spoiler) -> Batch:
    return spoiler.spoil(
        batch, spoiler.text_field(vocabulary=True), "teapot", "field-value", WARNING
    )


def _other_family(batch: Batch, spoiler: Spoiler) -> Batch:
    numbers = spoiler.writer.timestamps in _NUMBERS
    form = TimestampFormat.RFC3339 if numbers else TimestampFormat.UNIXNANO
    value = timestamp_writer(form)(nanoseconds(batch.start))
    return spoiler.spoil(batch, spoiler.event_time_field(), value, "timestamp-format")


def _other_unit(batch: Batch, spoiler: Spoiler) -> Batch:
    """Seconds for nanoseconds, or the other way; in the RFC 3339 family, a blank for the `T`."""
    value: int | str = f"{batch.start:%Y-%m-%d %H:%M:%S}"
    if spoiler.writer.timestamps in _NUMBERS:
        nano = spoiler.writer.timestamps is TimestampFormat.UNIXNANO
        form = TimestampFormat.UNIX if nano else TimestampFormat.UNIXNANO
        value = timestamp_writer(form)(nanoseconds(batch.start))
    return spoiler.spoil(batch, spoiler.event_time_field(), value, "timestamp-format")


def _offset(batch: Batch, spoiler: Spoiler) -> Batch:
    if spoiler.writer.timestamps in _NUMBERS:
        raise JobInvalid(f"a {spoiler.writer.timestamps} job writes no offset; take one of rfc3339")
    value = f"{batch.start:%Y-%m-%dT%H:%M:%S}+00:00"
    return spoiler.spoil(batch, spoiler.event_time_field(), value, "timestamp-precision", WARNING)


def _long_ago(batch: Batch, spoiler: Spoiler) -> Batch:
    value = spoiler.writer.write_timestamp(LONG_AGO)
    return spoiler.spoil(batch, spoiler.event_time_field(), value, "timestamp-range")


def _no_time(batch: Batch, spoiler: Spoiler) -> Batch:
    value = spoiler.writer.write_timestamp(NO_VALUE)
    return spoiler.spoil(batch, spoiler.event_time_field(), value, "timestamp-range")


def _after_window(batch: Batch, spoiler: Spoiler) -> Batch:
    value = spoiler.writer.write_timestamp(nanoseconds(batch.end) + AFTER_WINDOW)
    return spoiler.spoil(
        batch, spoiler.event_time_field(), value, "timestamp-after-window", WARNING
    )


def _unrewritten(batch: Batch, spoiler: Spoiler) -> Batch:
    field = spoiler.text_field(vocabulary=False)
    return line_faults.arm_lookup(batch, field, count=spoiler.count, rng=spoiler.rng)


def _other_dataset(batch: Batch, spoiler: Spoiler) -> Batch:
    own = spoiler.writer.dataset.name
    dataset, fields = OTHERS[1] if own == OTHERS[0][0] else OTHERS[0]
    other = RecordWriter(
        dataset,
        fields,
        timestamps=spoiler.writer.timestamps,
        seed=spoiler.rng.getrandbits(32),
    )
    return line_faults.replace_batch(batch, other.lines(batch.start, batch.end, len(batch.lines)))


def _in_lines(spoil: Callable[..., Batch]) -> Fault:
    return lambda batch, spoiler: spoil(batch, count=spoiler.count, rng=spoiler.rng)


FAULTS: Final[dict[str, Fault]] = {
    "field-missing": _missing,
    "field-unexpected": _in_lines(line_faults.add_field),
    "field-type/quoted": _quoted,
    "field-type/fractional": _fractional,
    "field-type/null": _null,
    "field-null": _null_container,
    "field-value": _unheard_of,
    "timestamp-format/family": _other_family,
    "timestamp-format/unit": _other_unit,
    "timestamp-precision": _offset,
    "timestamp-range/long-ago": _long_ago,
    "timestamp-range/no-value": _no_time,
    "timestamp-after-window": _after_window,
    "line-blank": _in_lines(line_faults.insert_blank_lines),
    "line-not-utf8": _in_lines(line_faults.break_utf8),
    "line-not-json": _in_lines(line_faults.cut_line),
    "line-not-object": _in_lines(line_faults.wrap_line),
    "line-key-repeated": _in_lines(line_faults.repeat_key),
    "line-too-long": lambda batch, spoiler: line_faults.lengthen_line(batch, rng=spoiler.rng),
    "record-repeated": _in_lines(line_faults.repeat_records),
    "record-unrewritten": _unrewritten,
    "dataset-other": _other_dataset,
    "batch-empty": lambda batch, _: line_faults.empty_batch(batch),
    "gzip-truncated": lambda batch, spoiler: object_faults.cut_object(batch, spoiler.rng),
    "gzip-corrupt": lambda batch, _: object_faults.corrupt_object(batch),
    "gzip-crc": lambda batch, _: object_faults.falsify_crc(batch),
    "gzip-length": lambda batch, _: object_faults.falsify_length(batch),
    "gzip-garbage": lambda batch, _: object_faults.append_garbage(batch),
    "not-gzip": lambda batch, _: object_faults.leave_unpacked(batch),
    "key-day": lambda batch, _: object_faults.misplace_day(batch),
    "key-window": lambda batch, _: object_faults.turn_window(batch),
    "key-name": lambda batch, _: object_faults.rename(batch),
    "date-unsubstituted": lambda batch, _: object_faults.leave_token(batch),
}  # fmt: skip
"""By name. `record-unrewritten` is a fault only of a job with that option."""

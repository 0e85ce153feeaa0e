"""Faults in the records where the plan may name the field, the share, or the seconds."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec

from receiver.emulator import line_faults
from receiver.emulator.batches import Batch, PlantedFault
from receiver.emulator.faults import FAULTS
from receiver.emulator.line_faults import WARNING, set_field
from receiver.emulator.lines import encode_line
from receiver.emulator.pusher.delivery import Delivery
from receiver.emulator.pusher.planting import Planting, delivery_of
from receiver.emulator.timestamps import NANOS, NO_VALUE, nanoseconds, timestamp_writer
from receiver.errors import JobInvalid
from receiver.job.expectation import FieldType, TimestampFormat

SKEW_SECONDS: Final = 3600
SKEW_SECONDS_MAX: Final = 80_000
"""Less than a day: a time further ahead of its arrival is another fault."""

CLOCKS_DISAGREE: Final = 300 * NANOS
"""So far after the window's end a time is still good: clocks of servers are never quite equal."""

_NUMBERS: Final = frozenset({TimestampFormat.UNIXNANO, TimestampFormat.UNIX})
_TYPED: Final = tuple(
    kind for kind in FieldType if kind not in {FieldType.TIMESTAMP, FieldType.UNKNOWN}
)
_OTHER_TYPE: Final[dict[FieldType, Callable[[Any], Any]]] = {
    FieldType.STRING: lambda _: 7,
    FieldType.INT: str,
    FieldType.FLOAT: str,
    FieldType.BOOL: lambda value: str(value).lower(),
}
_TEXT: Final = "of another type"


def drop_field(batch: Batch, planting: Planting) -> list[Delivery]:
    """A field that the job asks for has no key."""
    kinds = (kind for kind in FieldType if kind is not FieldType.TIMESTAMP)
    field = planting.field(batch, *kinds)
    count = planting.count(batch)
    spoiled = line_faults.drop_field(batch, field, count=count, rng=planting.rng)
    return [delivery_of(spoiled, batch, planting)]


def add_field(batch: Batch, planting: Planting) -> list[Delivery]:
    """A key that nobody asked for."""
    field = planting.fault.field or line_faults.UNEXPECTED_FIELD
    if field in planting.writer.fields:
        raise JobInvalid(f"the job asks for {field}; name one that it does not ask for")
    return _set(batch, planting, field, "a<b", code="field-unexpected")


def change_type(batch: Batch, planting: Planting) -> list[Delivery]:
    """A value of another type than the data set documents."""
    field = planting.field(batch, *_TYPED)
    other = _OTHER_TYPE.get(planting.type_of(field), lambda _: _TEXT)
    return _set(batch, planting, field, other, code="field-type")


def change_format(batch: Batch, planting: Planting) -> list[Delivery]:
    """A timestamp of the other family: RFC 3339 for a number, a number for RFC 3339."""
    field = planting.fault.field and planting.field(batch, FieldType.TIMESTAMP)
    numbers = planting.writer.timestamps in _NUMBERS
    form = TimestampFormat.RFC3339 if numbers else TimestampFormat.UNIXNANO
    value = timestamp_writer(form)(nanoseconds(batch.start))
    field = field or planting.spoiler(batch).event_time_field()
    return _set(batch, planting, field, value, code="timestamp-format")


def arm_lookup(batch: Batch, planting: Planting) -> list[Delivery]:
    """A `${` that the job's CVE-2021-44228 option would have rewritten."""
    if not planting.facts.cve_2021_44228:
        raise JobInvalid("the job has no CVE-2021-44228 option that could be lost")
    spoiled = FAULTS["record-unrewritten"](batch, planting.spoiler(batch))
    return [delivery_of(spoiled, batch, planting)]


def skew_clock(batch: Batch, planting: Planting) -> list[Delivery]:
    """Every timestamp of the records, or of a share, is ahead by so many seconds."""
    event = planting.spoiler(batch).event_time_field()
    ahead = (planting.fault.seconds or SKEW_SECONDS) * NANOS
    write = planting.writer.write_timestamp
    fields = [
        name for name in planting.writer.fields if planting.type_of(name) is FieldType.TIMESTAMP
    ]
    share = planting.fault.share
    count = len(batch.lines) if share is None else planting.count(batch)
    chosen = set(planting.rng.sample(range(len(batch.lines)), count))
    lines, late = list(batch.lines), []
    for place in sorted(chosen):
        record = msgspec.json.decode(lines[place])
        for name in fields:
            time = read_time(record[name], planting.writer.timestamps)
            if time != NO_VALUE:
                record[name] = write(time + ahead)
        lines[place] = encode_line(record)
        if read_time(record[event], planting.writer.timestamps) > _latest(batch):
            late.append(place + 1)
    found = PlantedFault(
        key=batch.key, code="timestamp-after-window", severity=WARNING, field=event,
        count=len(late), lines=tuple(late),
    )  # fmt: skip
    spoiled = msgspec.structs.replace(
        batch, lines=tuple(lines), planted=(*batch.planted, *((found,) if late else ()))
    )
    return [delivery_of(spoiled, batch, planting)]


def read_time(value: Any, form: TimestampFormat) -> int:
    """Read a timestamp of our own writing back: nanoseconds since the epoch."""
    if form in _NUMBERS:
        return int(value) * (NANOS if form is TimestampFormat.UNIX else 1)
    seconds, _, fraction = str(value).removesuffix("Z").partition(".")
    moment = datetime.fromisoformat(f"{seconds}+00:00")
    return nanoseconds(moment) + int(fraction.ljust(9, "0") or 0)


def _latest(batch: Batch) -> int:
    return nanoseconds(batch.end) + CLOCKS_DISAGREE


def _set(batch: Batch, planting: Planting, field: str, value: Any, *, code: str) -> list[Delivery]:
    spoiled = set_field(
        batch, field, value, code=code, count=planting.count(batch), rng=planting.rng
    )
    return [delivery_of(spoiled, batch, planting)]

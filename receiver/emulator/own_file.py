"""The user's own file of records: read whole and once, whatever the number of jobs."""

import gzip
import re
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from receiver.emulator.timestamps import NANOS, NANOS_PER_MS, NO_VALUE, nanoseconds
from receiver.errors import SelectionInvalid
from receiver.job.catalogue import Dataset
from receiver.job.expectation import FieldType
from receiver.limits import MIB

PLAIN_BYTES_MAX: Final = 64 * MIB
"""All of the file's records are kept in memory, at several times the size of their text."""

_GZIP: Final = b"\x1f\x8b"
_SECONDS_BELOW: Final = 60_000_000_000  # as many seconds as there are until the year 3871
_RFC3339: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


class OwnRecord(msgspec.Struct, frozen=True):
    """A record of the file: its values, and its times (ns) by field; 0 is "no time"."""

    values: dict[str, Any]
    times: dict[str, int]
    latest: int  # the latest of its event times


class OwnFile:
    """The file's records, kept in memory; each data set finds its own times in them.

    Raises:
        SelectionInvalid: it cannot be read, or has a line that is no record; names the line, and
            never quotes it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values = [
            (number, _decoded(line, f"{path}: line {number}")) for number, line in lines_of(path)
        ]
        if not self._values:
            raise SelectionInvalid(f"{path}: there is no record in it")
        self._records: dict[str, list[OwnRecord]] = {}

    def records(self, dataset: Dataset) -> list[OwnRecord]:
        """Return all records with the times that a data set's fields tell.

        Raises:
            SelectionInvalid: a time that cannot be read; names the line, and never quotes it.
        """
        if dataset.name not in self._records:
            names = time_fields(dataset)
            self._records[dataset.name] = [
                self._record(number, values, dataset, names) for number, values in self._values
            ]
        return self._records[dataset.name]

    def _record(
        self, number: int, values: dict[str, Any], dataset: Dataset, names: frozenset[str]
    ) -> OwnRecord:
        times: dict[str, int] = {}
        for name in names & values.keys():
            at = read_time(values[name], milliseconds=name in dataset.epoch_ms_fields)
            if at is None:
                raise SelectionInvalid(
                    f"{self._path}: line {number}: {name} is no time: write seconds or nanoseconds"
                    " since 1970, or RFC 3339"
                )
            times[name] = at
        events = [at for name, at in times.items() if name in dataset.event_time_fields and at]
        latest = max(events, default=max(times.values(), default=NO_VALUE))
        return OwnRecord(values, times, latest)


def time_fields(dataset: Dataset) -> frozenset[str]:
    """Return the fields that tell a time, in whatever format."""
    stamps = (name for name, kind in dataset.types().items() if kind is FieldType.TIMESTAMP)
    return frozenset({*stamps, *dataset.epoch_ms_fields})


def lines_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the file's lines with their numbers from 1, blank ones left out; gzip or plain.

    Raises:
        SelectionInvalid: it cannot be read, or is too large to be kept in memory.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(len(_GZIP)) == _GZIP
        with gzip.open(path) if packed else path.open("rb") as source:
            plain = source.read(PLAIN_BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error) as error:
        cause = getattr(error, "strerror", None) or error
        raise SelectionInvalid(f"{path}: cannot be read: {cause}; name an NDJSON file") from error
    if len(plain) > PLAIN_BYTES_MAX:
        raise SelectionInvalid(
            f"{path}: more than {PLAIN_BYTES_MAX // MIB} MiB of text, and all of it is kept in"
            " memory: take a part of it"
        )
    for number, line in enumerate(plain.split(b"\n"), start=1):
        if line.strip():
            yield number, line


def read_time(value: Any, *, milliseconds: bool = False) -> int | None:
    """Return a time in nanoseconds since 1970; 0 for "no time yet", None for what is no time.

    A number below 60,000,000,000 is of seconds, another of nanoseconds, unless it is of
    `milliseconds`.
    """
    if value is None or value == "":
        return NO_VALUE
    if type(value) is int and value >= 0:
        if milliseconds:
            return value * NANOS_PER_MS
        return value * NANOS if value < _SECONDS_BELOW else value
    match = _RFC3339.fullmatch(value) if isinstance(value, str) and not milliseconds else None
    if match is None:
        return None
    day, time, fraction, offset = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{offset.upper()}")
        since = nanoseconds(moment) + int((fraction or "").ljust(9, "0"))
    except (ValueError, OverflowError):
        return None
    return max(since, NO_VALUE)  # the year 1 is "no time" too


def _decoded(line: bytes, where: str) -> dict[str, Any]:
    try:
        values = msgspec.json.decode(line)
    except (ValueError, RecursionError) as error:
        raise SelectionInvalid(f"{where}: not JSON that can be read: {error}") from None
    if not isinstance(values, dict):
        raise SelectionInvalid(f"{where}: not a JSON object")
    return values

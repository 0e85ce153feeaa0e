"""The windows of a job, and how a window becomes several objects: cadence and limits. Pure.

Windows lie on a grid that the clock decides and not the moment of the job's creation: so the same
seed gives the same windows, and with them the same bytes.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from receiver.destination.destination import Scheme
from receiver.emulator.batches import Frame
from receiver.job.job import Job

INTERVAL_SECONDS: Final = 30
"""Logpush's own where the job says nothing."""

INTERVAL_SECONDS_UNLIMITED: Final = 60
"""Where the job sets no limit (0): the processing interval, "about a minute" in the documents."""

INTERVAL_SECONDS_LOW: Final = 300
"""Of the old `frequency: low`; how long it is, is not documented: "fewer, larger files"."""

RECORDS_MAX: Final = 100_000
"""Logpush's own where the job says nothing."""

_HARD_LIMITS: Final = {Scheme.DATADOG: (1000, 5_000_000)}
"""Of records and bytes; documented, and no job can raise them."""

_NDJSON: Final = Frame()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A span of time that is pushed at its end; the start is part of it, the end is not."""

    start: datetime
    end: datetime


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one upload may hold at most; None where there is no limit. Bytes are uncompressed."""

    interval: timedelta
    records: int | None
    plain_bytes: int | None


def limits_of(job: Job, scheme: Scheme) -> Limits:
    """Read the limits of a job; 0 is none, and nothing said is Logpush's own."""
    seconds = job.max_upload_interval_seconds
    if seconds is None:
        seconds = INTERVAL_SECONDS_LOW if job.frequency == "low" else INTERVAL_SECONDS
    records = RECORDS_MAX if job.max_upload_records is None else job.max_upload_records
    hard_records, hard_bytes = _HARD_LIMITS.get(scheme, (None, None))
    return Limits(
        interval=timedelta(seconds=seconds or INTERVAL_SECONDS_UNLIMITED),
        records=_least(records, hard_records),
        plain_bytes=_least(job.max_upload_bytes, hard_bytes),
    )


def first_start(now: datetime, interval: timedelta) -> datetime:
    """Return where the first window of a new job begins: the grid's next line, or now."""
    return _line(now - timedelta(microseconds=1), interval) + interval


def window_from(start: datetime, interval: timedelta) -> Window:
    """Return the window that begins there: to the grid's next line, so that none is left out."""
    return Window(start=start, end=_line(start, interval) + interval)


def split(
    lines: Sequence[bytes], limits: Limits, frame: Frame = _NDJSON
) -> Iterator[tuple[bytes, ...]]:
    """Yield the lines of one window, upload by upload; a line too long for any goes alone.

    Whatever stands around and between the lines counts too.
    """
    between = len(frame.line_end) + len(frame.delimiter)
    around = len(frame.prefix) + len(frame.suffix) - len(frame.delimiter)
    begin, size = 0, around
    for place, line in enumerate(lines):
        more = len(line) + between
        full = limits.records is not None and place - begin >= limits.records
        large = limits.plain_bytes is not None and size + more > limits.plain_bytes
        if place > begin and (full or large):
            yield tuple(lines[begin:place])
            begin, size = place, around
        size += more
    if begin < len(lines):
        yield tuple(lines[begin:])


def _line(moment: datetime, interval: timedelta) -> datetime:
    """Return the grid's last line that is not after a moment."""
    return _EPOCH + (moment - _EPOCH) // interval * interval


def _least(given: int | None, hard: int | None) -> int | None:
    """Return the lower of two limits; 0 and None are none."""
    return min((limit for limit in (given, hard) if limit), default=None)

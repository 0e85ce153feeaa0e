"""The emulator's own timestamps: nanoseconds since the epoch, in the words of a job's format.

The checks read timestamps by code of their own, so that a mistake here is seen there.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from receiver.job.expectation import TimestampFormat

NANOS: Final = 1_000_000_000
NANOS_PER_MS: Final = 1_000_000
NO_VALUE: Final = 0
"""Written where there is no time yet (a connection still open): Logpush writes the epoch itself."""

WriteTimestamp = Callable[[int], int | str]


def timestamp_writer(form: TimestampFormat, *, trimmed: bool = False) -> WriteTimestamp:
    """Return the function that writes nanoseconds since the epoch in the job's format.

    `trimmed` is of the formats with a fraction: zeros at its end are left out, as Go's
    RFC3339Nano does; otherwise every digit is written.
    """
    match form:
        case TimestampFormat.UNIXNANO:
            return _unixnano
        case TimestampFormat.UNIX:
            return _unix
        case TimestampFormat.RFC3339:
            return _rfc3339
        case TimestampFormat.RFC3339MS:
            return lambda nanos: _with_fraction(nanos, digits=3, trimmed=trimmed)
        case TimestampFormat.RFC3339NS:
            return lambda nanos: _with_fraction(nanos, digits=9, trimmed=trimmed)


def nanoseconds(moment: datetime) -> int:
    """Return a moment as nanoseconds since the epoch; never by way of a float."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * NANOS + since.microseconds * 1_000


def _unixnano(nanos: int) -> int:
    return nanos


def _unix(nanos: int) -> int:
    return nanos // NANOS


def _rfc3339(nanos: int) -> str:
    return _to_the_second(nanos // NANOS) + "Z"


def _with_fraction(nanos: int, *, digits: int, trimmed: bool) -> str:
    seconds, rest = divmod(nanos, NANOS)
    fraction = f"{rest:09d}"[:digits]
    if trimmed:
        fraction = fraction.rstrip("0")
    dot = "." if fraction else ""
    return f"{_to_the_second(seconds)}{dot}{fraction}Z"


@lru_cache(maxsize=4096)  # many records share a second, and a calendar costs more than a record
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")

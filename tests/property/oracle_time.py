"""The oracle's timestamps: what a value says, and whether it may say that."""

import calendar
import re
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from receiver.job.expectation import TimestampFormat

NANOS: Final = 10**9
EARLIEST: Final = calendar.timegm((2010, 1, 1, 0, 0, 0)) * NANOS
YEAR_ONE: Final = -62_135_596_800 * NANOS
SECONDS_BELOW: Final = 60_000_000_000
DIGITS: Final = {"rfc3339": 0, "rfc3339ms": 3, "rfc3339ns": 9}
RFC3339: Final = re.compile(
    "([0-9]{4})-([0-9]{2})-([0-9]{2})([Tt ])([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]+))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Moment(msgspec.Struct, frozen=True):
    """An RFC 3339 text understood."""

    nanos: int
    digits: int
    usual: bool  # T and Z, as Logpush writes them


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch's times are held against, nanoseconds since 1970."""

    form: TimestampFormat
    latest: int
    window_end: int | None

    def judge(
        self, value: Any, *, event: bool, milliseconds: bool = False
    ) -> tuple[str, int | None]:
        """Return the code of what is wrong, "" if nothing is, and the time if it is plausible."""
        nanos: int | None
        code = ""
        if value is None:
            nanos = None
        elif milliseconds:
            nanos = value * 10**6 if value else None
        elif self.form in DIGITS:
            if not isinstance(value, str):
                return "timestamp-format", None
            moment = parse(value)
            if value and moment is None:
                return "timestamp-format", None
            nanos = None
            if moment is not None and moment.nanos not in {0, YEAR_ONE}:
                nanos = moment.nanos
                if not moment.usual or moment.digits > DIGITS[self.form]:
                    code = "timestamp-precision"
        else:
            if type(value) is not int:
                return "timestamp-format", None
            if self.form == "unixnano" and 0 < value < SECONDS_BELOW:
                return "timestamp-format", None
            if self.form == "unix" and value >= SECONDS_BELOW:
                return "timestamp-format", None
            nanos = value * (NANOS if self.form == "unix" else 1) if value else None
        if nanos is None:
            return ("timestamp-range" if event else ""), None
        if not EARLIEST <= nanos <= self.latest:
            return "timestamp-range", None
        if not code and event and self.window_end is not None and nanos > self.window_end:
            code = "timestamp-after-window"
        return code, nanos


def times(
    form: TimestampFormat, *, arrived_at: datetime, window: tuple[datetime, datetime] | None
) -> Times:
    """Return the bounds of a batch: a day after its arrival, five minutes after its window."""
    return Times(
        form=form,
        latest=nanos_of(arrived_at) + 86_400 * NANOS,
        window_end=None if window is None else nanos_of(window[1]) + 300 * NANOS,
    )


def nanos_of(moment: datetime) -> int:
    moment = moment.astimezone(UTC)
    return calendar.timegm(moment.timetuple()) * NANOS + moment.microsecond * 1000


def parse(text: str) -> Moment | None:
    """Read RFC 3339, None if it is none; second 60 is the last of its minute."""
    match = RFC3339.fullmatch(text)
    if match is None:
        return None
    year, month, day, letter, hour, minute, second, fraction, zone = match.groups()
    y, m, d, hours, minutes = int(year), int(month), int(day), int(hour), int(minute)
    if not (y and 1 <= m <= 12 and hours < 24 and minutes < 60 and int(second) <= 60):
        return None
    leap = m == 2 and calendar.isleap(y)
    if not 1 <= d <= DAYS[m - 1] + leap:
        return None
    days = datetime(y, m, d, tzinfo=UTC).toordinal() - datetime(1970, 1, 1, tzinfo=UTC).toordinal()
    offset = 0
    if zone not in "Zz":
        if int(zone[1:3]) > 23 or int(zone[4:6]) > 59:
            return None
        offset = (int(zone[1:3]) * 60 + int(zone[4:6])) * (60 if zone[0] == "+" else -60)
    seconds = days * 86_400 + hours * 3600 + minutes * 60 + min(int(second), 59) - offset
    fraction = fraction or ""
    nanos = seconds * NANOS + int(fraction[:9].ljust(9, "0"))
    return Moment(nanos, len(fraction), letter == "T" and zone == "Z")

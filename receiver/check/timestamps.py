"""Timestamps: one value against the job's format, and whole columns of them at once.

`TimeRule.look` says of one value what is wrong with it; `TimeRule.settles` proves the same of a
column without looking at each value, or says that it cannot. How sure each outcome is, and which
values mean "no value", follows what is known of Logpush: integers are told apart by size, RFC 3339
in another spelling is a warning, and a zero time is no time.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from receiver.check import bulk
from receiver.check.codes import Code
from receiver.job.expectation import TimestampFormat

SECOND_NS: Final = 1_000_000_000
EARLIEST: Final = int(datetime(2010, 1, 1, tzinfo=UTC).timestamp()) * SECOND_NS
AFTER_ARRIVAL_NS: Final = 86_400 * SECOND_NS  # how far ahead of the object's arrival a time may be
AFTER_WINDOW_NS: Final = 300 * SECOND_NS  # clocks of servers may be ahead of the window's

_SECONDS_BELOW: Final = 60_000_000_000  # a smaller integer is seconds, a larger one nanoseconds
_FRACTION_DIGITS: Final = {
    TimestampFormat.RFC3339: 0,
    TimestampFormat.RFC3339MS: 3,
    TimestampFormat.RFC3339NS: 9,
}
_UNIT_NS: Final = {TimestampFormat.UNIXNANO: 1, TimestampFormat.UNIX: SECOND_NS}
_MILLISECOND_NS: Final = 1_000_000
_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)([Tt ])(\d\d:\d\d:)(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
_NOTHING: Final = frozenset({"1970-01-01T00:00:00", "0001-01-01T00:00:00"})
_NO_VALUE: Final = frozenset(
    {"", *(text + end for text in _NOTHING for end in ("Z", ".000Z", ".000000000Z"))}
)


class Wrong(msgspec.Struct, frozen=True):
    """What is wrong with a value; `got` names a class of values, so that equal faults are equal."""

    code: Code
    got: str


class Bounds(msgspec.Struct, frozen=True):
    """What times a batch may hold, nanoseconds since 1970."""

    latest: int
    window_end: int | None = None  # with the tolerance

    @classmethod
    def of(cls, *, arrived_at: datetime, window_end: datetime | None) -> "Bounds":
        end = None if window_end is None else nanoseconds(window_end) + AFTER_WINDOW_NS
        return cls(nanoseconds(arrived_at) + AFTER_ARRIVAL_NS, end)


ANY_TIME: Final = Bounds(2**63 - 1)
"""Where nothing is known of the batch, and only how a time is written counts."""


class TimeRule:
    """One timestamp field of one job, in one batch.

    `event` marks the record's event time: there "no value" is wrong, and the window counts.
    `milliseconds` is for the plain integers of data sets that have no timestamp field.
    """

    def __init__(
        self, form: TimestampFormat, bounds: Bounds, *, event: bool, milliseconds: bool = False
    ) -> None:
        self.event = event
        self.span: tuple[int, int] | None = None  # of plausible times, kept of the event time only
        self._form = form
        self._bounds = bounds
        self._unit = _MILLISECOND_NS if milliseconds else _UNIT_NS.get(form, 0)
        self._milliseconds = milliseconds
        self._digits = _FRACTION_DIGITS.get(form, 0)
        self._good: tuple[str, str] | None = None  # from where to where texts are good, without Z

    # --- one value ---

    def look(self, value: object) -> Wrong | None:
        """Say what is wrong with one value, None if nothing is; a good time widens the span."""
        wrong, time = self._judge(value)
        if self.event and time is not None:
            self._widen(time)
        return wrong

    def _judge(self, value: object) -> tuple[Wrong | None, int | None]:
        if value is None:
            return self._no_value(), None
        if self._unit and type(value) is int:
            return self._integer(value)
        if not self._unit and isinstance(value, str):
            return self._text(value)
        return Wrong(Code.TIMESTAMP_FORMAT, _kind(value)), None

    def _no_value(self) -> Wrong | None:
        return Wrong(Code.TIMESTAMP_RANGE, "no value") if self.event else None

    def _integer(self, value: int) -> tuple[Wrong | None, int | None]:
        if value == 0:
            return self._no_value(), None
        if not self._milliseconds:
            if self._form is TimestampFormat.UNIXNANO and 0 < value < _SECONDS_BELOW:
                return Wrong(Code.TIMESTAMP_FORMAT, TimestampFormat.UNIX), None
            if self._form is TimestampFormat.UNIX and value >= _SECONDS_BELOW:
                return Wrong(Code.TIMESTAMP_FORMAT, TimestampFormat.UNIXNANO), None
        return self._time(value * self._unit)

    def _text(self, text: str) -> tuple[Wrong | None, int | None]:
        if text in _NO_VALUE:
            return self._no_value(), None
        parsed = _parse(text)
        if parsed is None:
            return Wrong(Code.TIMESTAMP_FORMAT, "text that is no RFC 3339"), None
        time, digits, spelling = parsed
        if time in {0, _YEAR_ONE}:
            return self._no_value(), None
        wrong, plausible = self._time(time)
        if wrong is None or wrong.code is not Code.TIMESTAMP_RANGE:
            if spelling:
                return Wrong(Code.TIMESTAMP_PRECISION, spelling), plausible
            if digits > self._digits:
                got = f"{digits} digits of fraction"
                return Wrong(Code.TIMESTAMP_PRECISION, got), plausible
        return wrong, plausible

    def _time(self, time: int) -> tuple[Wrong | None, int | None]:
        if time < EARLIEST:
            return Wrong(Code.TIMESTAMP_RANGE, "a time before 2010"), None
        if time > self._bounds.latest:
            return Wrong(Code.TIMESTAMP_RANGE, "a time after the object's arrival"), None
        if self.event and self._bounds.window_end is not None and time > self._bounds.window_end:
            return Wrong(Code.TIMESTAMP_AFTER_WINDOW, "a later time"), time
        return None, time

    def expected(self, wrong: Wrong) -> str:
        """Say what would have been right."""
        if wrong.code is Code.TIMESTAMP_RANGE:
            return "a time from 2010 to a day after the object's arrival"
        if wrong.code is Code.TIMESTAMP_AFTER_WINDOW:
            return "a time in the batch's window or before"
        return self._form

    # --- a column ---

    def settles(self, column: list[Any], wrong: Wrong | None) -> bool:
        """Whether every value is judged alike: wrong in this way, or good if None.

        The values have one type, as an engine decodes them. Exact: True is a proof, and False
        says that at least one value is judged otherwise.
        """
        if not column:
            return True
        if type(column[0]) is int:
            return self._settles_integers(column, wrong)
        if wrong is None and isinstance(column[0], str) and not self._unit:
            return self._settles_texts(column)
        return self._settles_each(column, wrong)

    def _settles_integers(self, column: list[int], wrong: Wrong | None) -> bool:
        ends = bulk.ends(column)
        if ends is not None and ends[0] == 0 and wrong is None and not self.event:
            column = [value for value in column if value]
            if not column:
                return True
            ends = bulk.ends(column)
        if ends is None or ends[0] <= 0:
            return self._settles_each(column, wrong)
        # Outcomes follow the order of positive integers: the two ends speak for all between them.
        return all(self.look(end) == wrong for end in ends)

    def _settles_texts(self, column: list[str]) -> bool:
        """Judge texts by the earliest and the latest of them.

        Between two times that are good all are good: no value (year 1, 1970) is long before them.
        """
        ends = bulk.between(column, self._digits)
        if ends is None or ends[0] in _NO_VALUE:
            some = [text for text in column if text not in _NO_VALUE]
            if self.event or (ends is None and len(some) == len(column)):
                return self._settles_each(column, None)
            if not some:
                return True
            column = some
            ends = bulk.between(column, self._digits)
        if ends is None or not all(map(self._is_good, ends)):
            return self._settles_each(column, None)
        return True

    def _is_good(self, text: str) -> bool:
        """Whether a shaped text is a plausible time with nothing wrong. Remembers how far."""
        place = text[:-1]  # without their Z they sort as their times do
        if self._good is not None and self._good[0] <= place <= self._good[1]:
            return True
        wrong, time = self._text(text)
        if wrong is not None or time is None:
            return False
        if self.event:
            self._widen(time)
        low, high = self._good or (place, place)
        self._good = (min(low, place), max(high, place))
        return True

    def _settles_each(self, column: Sequence[object], wrong: Wrong | None) -> bool:
        if isinstance(column[0], str):
            column = list(set(column))  # texts repeat within a second
        return all(self.look(value) == wrong for value in column)

    def _widen(self, time: int) -> None:
        if self.span is None:
            self.span = (time, time)
        elif not self.span[0] <= time <= self.span[1]:
            self.span = (min(self.span[0], time), max(self.span[1], time))


def nanoseconds(moment: datetime) -> int:
    """Return whole nanoseconds since 1970, without passing through a float."""
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * SECOND_NS + delta.microseconds * 1000


def _parse(text: str) -> tuple[int, int, str] | None:
    """Read an RFC 3339 text: its time in nanoseconds, its digits of fraction, its odd spelling.

    None if it is none. A leap second (:60) is read as the last moment of its minute.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    day, letter, clock, second, fraction, zulu, sign, hours, minutes = match.groups()
    if clock > "23:59:":  # newer Pythons read 24:00 as the next day, RFC 3339 does not
        return None
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{'59' if second == '60' else second}+00:00")
    except ValueError:  # digits that are no date or no time
        return None
    digits = fraction or ""
    time = nanoseconds(moment) + int((digits + "0" * 9)[:9])
    spelling = ""
    if sign is not None:
        if int(hours) > 23 or int(minutes) > 59:
            return None
        offset = (int(hours) * 3600 + int(minutes) * 60) * SECOND_NS
        time += -offset if sign == "+" else offset
        spelling = "an offset instead of Z"
    elif letter != "T" or zulu != "Z":
        spelling = "another spelling of T or Z"
    return time, len(digits), spelling


def _kind(value: object) -> str:
    """Name what a value is that is no timestamp in the job's format."""
    if isinstance(value, str):
        return "RFC 3339" if _RFC3339.fullmatch(value) else "text"
    if type(value) is int:
        return TimestampFormat.UNIX if value < _SECONDS_BELOW else TimestampFormat.UNIXNANO
    return {bool: "a boolean", float: "a float", dict: "an object"}.get(type(value), "an array")


_YEAR_ONE: Final = nanoseconds(datetime(1, 1, 1, tzinfo=UTC))

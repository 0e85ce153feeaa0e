"""A span of time, as `--from` and `--to` give it."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from receiver.errors import SelectionInvalid

_DAY: Final = timedelta(days=1)
_RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DATE_ALONE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_AGO: Final = re.compile(r"-(\d{1,9})([smhd])", re.ASCII)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A span of time, UTC; the start is part of it, the end is not. No start: since ever."""

    start: datetime | None
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Tell whether a moment lies in it."""
        return (self.start is None or self.start <= moment) and moment < self.end

    def days(self) -> list[date] | None:
        """The days that it spans and the day after; None where they cannot be counted.

        The day after, since a batch may lie in the folder of its window's end.
        """
        if self.start is None:
            return None
        first = self.start.date()
        count = ((self.end - timedelta(microseconds=1)).date() - first).days + 2
        return [first + n * _DAY for n in range(count) if first <= date.max - n * _DAY]


def parse_span(from_: str | None, to: str | None, *, now: datetime) -> Span | None:
    """Read `--from` and `--to`; None where neither is given, for then everything is meant.

    Both are RFC 3339, a date (00:00 UTC), `-6h` (also s, m, d) before now, `yesterday`, `today`
    or `now`. Without `--to` it ends now.

    Raises:
        SelectionInvalid: names the option and quotes its value.
    """
    if from_ is None and to is None:
        return None
    start = None if from_ is None else parse_moment(from_, option="--from", now=now)
    end = now if to is None else parse_moment(to, option="--to", now=now)
    if start is not None and start >= end:
        until = "now" if to is None else f"--to {to}"
        raise SelectionInvalid(f"--from {from_}: it is not before {until}; nothing lies between")
    return Span(start=start, end=end)


def parse_moment(text: str, *, option: str, now: datetime) -> datetime:
    """Read a moment: one end of a span, or whatever else `option` takes.

    Raises:
        SelectionInvalid: names the option and quotes its value.
    """
    word, midnight = text.strip().lower(), now.replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"now": now, "today": midnight, "yesterday": midnight - _DAY}.get(word)
    if named is not None:
        return named
    ago = _AGO.fullmatch(word)
    try:
        if ago is not None:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        if _DATE_ALONE.fullmatch(word):
            return datetime.fromisoformat(word).replace(tzinfo=UTC)
        if _RFC3339.fullmatch(word):
            return datetime.fromisoformat(word.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # such digits, and no such date
    raise SelectionInvalid(
        f"{option} {text!r}: it is no time; write 2026-11-22T10:00:00Z (with Z or an offset),"
        " 2026-11-22, -6h, yesterday, today or now"
    )

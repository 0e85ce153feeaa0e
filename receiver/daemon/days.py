"""Which folders of a place are open: where new batches may still appear. Pure.

A batch's name begins with its window's start, so where a destination has no {DATE} the names of a
day begin alike, and are listed as if they had a folder of their own.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import msgspec

from receiver.destination.day import DATE
from receiver.destination.destination import Destination
from receiver.limits import SPAN_DAYS_MAX, WATCH_POLLED_SECONDS, WATCH_SKEW_SECONDS

_DAY: Final = timedelta(days=1)
_SKEW: Final = timedelta(seconds=WATCH_SKEW_SECONDS)
_POLLED: Final = timedelta(seconds=WATCH_POLLED_SECONDS)


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a place that is looked at: one day's, or all of it (`day` None)."""

    prefix: str
    stem: str  # what stands before a batch's own name; "" is before all keys
    day: date | None = None
    polled: bool = False  # batches arrive here now: it is looked at often, from the newest on
    open: bool = True  # if not, it is looked at once more, and then no longer


def stretches(
    destination: Destination, *, watched_until: datetime | None, now: datetime, lateness: timedelta
) -> list[Stretch]:
    """Return what is to be looked at now, the newest day first.

    A day is open from its beginning until `lateness` after its end, and some minutes more, for
    clocks differ. Days that were open since the place was last watched, and are no longer, are in
    it once more: nobody has looked since. First watched is what is open now.

    Without {DATE} the whole place is a stretch as well: what has another name may lie anywhere.
    """
    first = (min(watched_until or now, now) - lateness - _SKEW).date()
    last = (now + _SKEW).date()
    oldest = max(first, last - (SPAN_DAYS_MAX - 1) * _DAY)
    days = [oldest + number * _DAY for number in range((last - oldest).days, -1, -1)]
    found = [_stretch(destination, day, now, lateness) for day in days]
    if not destination.dated:
        path = destination.path
        found.append(Stretch(prefix=path, stem=path))
    return found


def mark(destination: Destination) -> str:
    """Return by which prefix the ledger knows how long a place was watched: no real one."""
    return f"{destination.prefix_literal}{DATE}"


def resume_key(stem: str, start: datetime) -> str:
    """Return what comes just before every batch whose window begins then, or later."""
    return f"{stem}{start:%Y%m%dT%H%M%S}"


def _stretch(destination: Destination, day: date, now: datetime, lateness: timedelta) -> Stretch:
    over = datetime.combine(day + _DAY, time(), UTC)
    if destination.dated:
        prefix = stem = destination.prefix(day)
    else:
        prefix, stem = f"{destination.path}{day:%Y%m%d}T", destination.path
    return Stretch(
        prefix=prefix,
        stem=stem,
        day=day,
        polled=now < over + max(min(lateness, _POLLED), _SKEW),
        open=now < over + lateness + _SKEW,
    )

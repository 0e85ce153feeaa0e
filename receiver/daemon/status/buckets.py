"""Hours of the ledger added up: to buckets, to when failing began, to what is usual of a job."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

import msgspec

from receiver.daemon.status.views import Bucket, Totals
from receiver.ledger.ledger import Hour
from receiver.report.phrase import counted

HOUR: Final = timedelta(hours=1)
SILENCE_MIN: Final = timedelta(minutes=15)
"""Nothing for so long is silence at the earliest: Logpush itself pauses for some minutes."""

SILENCE_SPACINGS: Final = 5
"""And not before so many batches are missing of a job that had one in every hour."""

_HOURS_KNOWN_MIN: Final = 3


class Failing(msgspec.Struct, frozen=True, kw_only=True):
    """The last failures of a job: since when, whether from before, and till when."""

    since: datetime
    since_before: bool
    until: datetime | None


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """How long a job is usually without a batch, at the most, and why one thinks so."""

    after: timedelta
    usual: str


def hour_of(moment: datetime) -> datetime:
    """Return the beginning of the hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def totals_of(hours: Iterable[Hour]) -> Totals:
    """Add up."""
    hours = tuple(hours)
    return Totals(
        batches=sum(each.batches for each in hours),
        failed=sum(each.failed for each in hours),
        warned=sum(each.warned for each in hours),
        records=sum(each.records for each in hours),
        plain_bytes=sum(each.plain_bytes for each in hours),
        compressed_bytes=sum(each.compressed_bytes for each in hours),
    )


def buckets_of(
    hours: Iterable[Hour], *, start: datetime, step: timedelta, count: int
) -> tuple[Bucket, ...]:
    """Add hours up to so many buckets of `step`; what is in none of them is left out."""
    parts: list[list[Hour]] = [[] for _ in range(count)]
    for hour in hours:
        number = (hour.start - start) // step
        if 0 <= number < count:
            parts[number].append(hour)
    return tuple(
        _bucket(part, start + number * step, start + (number + 1) * step)
        for number, part in enumerate(parts)
    )


def failing_of(buckets: Sequence[Bucket]) -> Failing | None:
    """Return the last run of failing buckets: what has no batch at all does not end one."""
    known = [(number, each) for number, each in enumerate(buckets) if each.totals.batches]
    last = max((at for at, (_, each) in enumerate(known) if each.totals.failed), default=None)
    if last is None:
        return None
    first = last
    while first and known[first - 1][1].totals.failed:
        first -= 1
    return Failing(
        since=known[first][1].start,
        since_before=known[first][0] == 0,
        until=known[last][1].end if last + 1 < len(known) else None,
    )


def silence_of(hours: Iterable[Hour]) -> Silence | None:
    """Return what is usual, by the hours with batches of some days; None of a job hardly known.

    A job that had batches in every hour is silent after some of its batches are missing; another
    when it was never without one for so long.
    """
    counts: dict[datetime, int] = {}
    for each in hours:
        counts[each.start] = counts.get(each.start, 0) + each.batches
    starts = sorted(counts)
    if len(starts) < _HOURS_KNOWN_MIN:
        return None
    gap = max(later - earlier for earlier, later in pairwise(starts))
    if gap > HOUR:
        longest = gap // HOUR
        return Silence(
            after=gap + HOUR, usual=f"in the week before never {longest + 1} hours without one"
        )
    fewest = min(counts[each] for each in starts[1:-1])  # the first and the last may be cut
    after = max(SILENCE_MIN, HOUR * SILENCE_SPACINGS / max(fewest, 1))
    return Silence(
        after=after, usual=f"usually at least {counted(fewest, 'batch', 'batches')} an hour"
    )


def _bucket(hours: Sequence[Hour], start: datetime, end: datetime) -> Bucket:
    totals = totals_of(hours)
    if not totals.batches:
        return Bucket(start=start, end=end)
    return Bucket(
        start=start,
        end=end,
        totals=totals,
        lateness_mean=sum(each.lateness_sum for each in hours) / totals.batches,
        lateness_max=max(each.lateness_max for each in hours),
    )

"""A job's batches, a page at a time. A page is a span of windows, cut so that it holds some dozens.

A ledger finds a span of windows at once however many Entries it has; of counting through them,
as pages by number need it, it would have to read them all.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final

from receiver.check.report import Verdict
from receiver.daemon.status.buckets import HOUR, hour_of
from receiver.daemon.status.jobs import JobKey
from receiver.daemon.status.views import BatchList, BatchRow
from receiver.ledger.ledger import Entry, Hour, Ledger
from receiver.limits import STATUS_BATCHES, STATUS_BATCHES_MAX

_LOOKS_MAX: Final = 12


async def list_batches(
    ledger: Ledger,
    key: JobKey,
    hours: Sequence[Hour],
    *,
    before: datetime | None,
    end: datetime,
    failed_only: bool,
) -> BatchList:
    """Return the newest batches whose windows begin before `before`, among the hours given."""
    counts: dict[datetime, int] = {}
    for hour in hours:
        count = hour.failed if failed_only else hour.batches
        if count:
            counts[hour.start] = counts.get(hour.start, 0) + count
    start = last = min(before or end, end)
    rows: list[BatchRow] = []
    share = float(STATUS_BATCHES)
    for _ in range(_LOOKS_MAX):
        start = page_start(counts, last, end=end, share=share)
        entries = entries_of(ledger, key, start, last, failed_only=failed_only)
        rows = [row_of(each) async for each in entries]
        if len(rows) > STATUS_BATCHES_MAX and share > STATUS_BATCHES:
            share /= 2
        elif rows or _older(counts, start) is None:
            break
        else:  # an hour's batches need not be spread over it
            last, share = start, share * 4
    more = len(rows) > STATUS_BATCHES_MAX
    rows.sort(key=lambda row: (row.window or (row.arrived_at,))[0], reverse=True)
    return BatchList(
        start=start,
        end=last,
        batches=tuple(rows[:STATUS_BATCHES_MAX]),
        more=more,
        older=_older(counts, start),
        failed_only=failed_only,
        nameless=await _nameless(ledger, key) if before is None and not failed_only else (),
    )


def page_start(
    counts: dict[datetime, int],
    before: datetime,
    *,
    end: datetime,
    share: float = STATUS_BATCHES,
) -> datetime:
    """Return where a page begins that ends at `before`: about so many batches earlier.

    `end` is now: of the hour that is running, only so much holds any.
    """
    start, held = before, 0
    for hour in sorted((each for each in counts if each < before), reverse=True):
        count = counts[hour]
        if held + count > share:
            if not held:  # one hour is too much: so much of it as holds a page's share
                length = min(HOUR, end - hour)
                return max(hour, min(before, hour + HOUR) - length * (share / count))
            break
        held += count
        start = hour
    return start


async def entries_of(
    ledger: Ledger, key: JobKey, start: datetime, end: datetime, *, failed_only: bool
) -> AsyncIterator[Entry]:
    """Yield a job's Entries of a span of windows, up to a bound."""
    left = STATUS_BATCHES_MAX + 1
    if start >= end:
        return
    entries = ledger.entries(
        place=key.place if key.id is None else None,
        job=key.id,
        verdict=Verdict.FAIL if failed_only else None,
        window_from=start,
        window_to=end,
        newest_first=True,
        limit=left,
    )
    async for entry in entries:
        if entry.job == key.id and entry.verdict is not None and entry.window is not None:
            yield entry


def row_of(entry: Entry) -> BatchRow:
    """Return an Entry as a list shows it."""
    late = (entry.arrived_at - entry.window[1]).total_seconds() if entry.window else None
    return BatchRow(
        id=entry.id,
        path=f"/batches/{entry.id}",
        key=entry.key,
        verdict=entry.verdict,
        records=entry.records,
        plain_bytes=entry.plain_bytes,
        compressed_bytes=entry.compressed_bytes,
        errors=entry.errors,
        warnings=entry.warnings,
        window=entry.window,
        arrived_at=entry.arrived_at,
        judged_at=entry.judged_at,
        lateness_seconds=late,
        judgements=entry.judgements,
        rewrites=entry.rewrites,
    )


def _older(counts: dict[datetime, int], start: datetime) -> datetime | None:
    """Return the end of the page that follows, if there is anything on it."""
    inside = hour_of(start)
    rest = any(hour < inside for hour in counts) or (start > inside and inside in counts)
    return start if rest else None


async def _nameless(ledger: Ledger, key: JobKey) -> tuple[BatchRow, ...]:
    """Return those of the latest batches whose names tell no window: they are in no hour."""
    if key.id is None:
        return ()
    entries = ledger.entries(job=key.id, newest_first=True, limit=STATUS_BATCHES)
    return tuple([row_of(each) async for each in entries if each.window is None])

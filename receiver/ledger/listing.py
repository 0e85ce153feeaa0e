"""Entries listed a page at a time, by their place in the order: nothing is held open in between."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, select, tuple_, type_coerce

from receiver.check.report import Report, Verdict
from receiver.ledger.database import Database
from receiver.ledger.ledger import Entry, State
from receiver.ledger.places import Places
from receiver.ledger.rows import AnyRow, entry_of, plain_report, unpack_report
from receiver.ledger.tables import FAILED, OPEN, entry, report, state_is
from receiver.limits import LEDGER_PAGE_ROWS


async def entries(
    database: Database,
    places: Places,
    *,
    where: Sequence[ColumnElement[bool]],
    by_window: bool,
    newest_first: bool,
    limit: int | None,
) -> AsyncIterator[Entry]:
    """Yield the Entries that all of `where` holds for, by arrival.

    `by_window`: it names a span of windows, whose index finds them. Then no other index may be
    taken for the order's sake, or all of the ledger is walked through for an hour's Entries.
    """
    arrived: ColumnElement[Any] = entry.c.arrived_at
    if by_window:
        arrived = type_coerce(arrived, BigInteger) + 0
    order = tuple_(arrived, entry.c.id)
    sorting = [each.desc() if newest_first else each.asc() for each in (arrived, entry.c.id)]
    asked = select(entry, arrived.label("arrived")).where(*where).order_by(*sorting)
    names: Mapping[int, str] = {}
    last: tuple[Any, int] | None = None
    left = limit
    while left is None or left > 0:
        count = LEDGER_PAGE_ROWS if left is None else min(left, LEDGER_PAGE_ROWS)
        page = asked
        if last is not None:
            page = asked.where(order < last if newest_first else order > last)
        rows = await _rows(database, page.limit(count))
        if any(row.place_id not in names for row in rows):
            names = await places.names()
        for row in rows:
            yield entry_of(row, names[row.place_id])
        if len(rows) < count:
            return
        last = rows[-1].arrived, rows[-1].id
        left = None if left is None else left - count


async def condition(
    places: Places,
    *,
    place: str | None,
    job: int | None,
    state: State | None,
    verdict: Verdict | None,
    window_from: datetime | None,
    window_to: datetime | None,
    key: str | None,
) -> list[ColumnElement[bool]] | None:
    """Return what all of these mean; None where nothing can be all of this."""
    where: list[ColumnElement[bool]] = []
    if place is not None or key is not None:  # the index of keys begins with the place
        known = [await places.find(place)] if place is not None else list(await places.names())
        here = [number for number in known if number is not None]
        if not here:
            return None
        where.append(entry.c.place_id == here[0] if len(here) == 1 else entry.c.place_id.in_(here))
    if key is not None:
        where.append(entry.c.key == key)
    if job is not None:
        of_job: ColumnElement[int] = entry.c.job
        if window_from is not None and window_to is not None:  # by that index: a job has millions
            of_job = type_coerce(of_job, BigInteger) + 0
        where.append(of_job == job)
    if state is not None:
        where += [state_is(state)] if state is State.JUDGED else [state_is(state), OPEN]
    if verdict is not None:
        where.append(FAILED if verdict is Verdict.FAIL else entry.c.verdict == verdict)
    if window_from is not None:
        where.append(entry.c.begins_at >= window_from)
    if window_to is not None:
        where.append(entry.c.begins_at < window_to)
    return where


async def entry_numbered(database: Database, places: Places, number: int) -> Entry | None:
    """Return one Entry; None where there is none of that number."""
    rows = await _rows(database, select(entry).where(entry.c.id == number))
    if not rows:
        return None
    names = await places.names()
    return entry_of(rows[0], names[rows[0].place_id])


async def report_of(database: Database, places: Places, number: int) -> Report | None:
    """Return the Report of an Entry: from its own table, or from the Entry if that is all."""
    asked = select(entry, report.c.body).outerjoin(report, report.c.entry_id == entry.c.id)
    rows = await _rows(database, asked.where(entry.c.id == number))
    if not rows or rows[0].verdict is None:
        return None
    if rows[0].told:
        return None if rows[0].body is None else unpack_report(rows[0].body)
    names = await places.names()
    return plain_report(entry_of(rows[0], names[rows[0].place_id]))


async def _rows(database: Database, asked: Select[*tuple[Any, ...]]) -> Sequence[AnyRow]:
    async with database.reading() as connection:
        return (await connection.execute(asked)).all()

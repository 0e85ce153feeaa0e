"""What is old forgotten, a step at a time, and its room given back."""

from collections import Counter
from datetime import datetime

from sqlalchemy import Select, Table, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from receiver.ledger.database import Database
from receiver.ledger.ledger import State
from receiver.ledger.places import count as count_entries
from receiver.ledger.tables import entry, place, position, report, segment, unsealed
from receiver.limits import PRUNE_ROWS_MAX


async def prune(
    database: Database,
    *,
    reports_before: datetime,
    entries_before: datetime,
    entries_max: int | None,
    early_before: datetime | None,
) -> int:
    """Forget a step's rows, Reports first; returns how many."""
    left = PRUNE_ROWS_MAX
    async with database.writing() as connection:
        left -= await _reports(connection, reports_before, left)
        left -= await _entries(database, connection, entries_before, left)
        if entries_max is not None:
            kept = (await connection.execute(select(func.sum(place.c.entries)))).scalar() or 0
            more = min(left, int(kept) - entries_max)
            left -= await _entries(database, connection, early_before, more)
        left -= await _lines(connection, entries_before, left)
        left -= await _positions(connection, entries_before, left)
    if left < PRUNE_ROWS_MAX:
        await database.give_room_back()
    return PRUNE_ROWS_MAX - left


async def _reports(connection: AsyncConnection, before: datetime, count: int) -> int:
    judged_at = report.c.judged_at
    old = select(report.c.entry_id).where(judged_at < before).order_by(judged_at).limit(count)
    return await _delete(connection, report, old)


async def _entries(
    database: Database, connection: AsyncConnection, before: datetime | None, count: int
) -> int:
    """Forget the oldest, whose lines are sealed: those are in the order of the judgements too."""
    if count < 1:
        return 0
    unsealed_from = (await connection.execute(select(func.min(unsealed.c.judged_at)))).scalar()
    settled_at = entry.c.settled_at
    old = select(entry.c.id, entry.c.place_id).where(settled_at.is_not(None))
    old = old.where(entry.c.state.in_([State.JUDGED, State.REPLACED]))
    for bound in filter(None, (before, unsealed_from)):
        old = old.where(settled_at < bound)
    old = old.order_by(settled_at).limit(count).with_for_update(skip_locked=True)
    rows = (await connection.execute(old)).all()
    if not rows:
        return 0
    ids = [row.id for row in rows]
    await connection.execute(delete(report).where(database.among(report.c.entry_id, ids)))
    await connection.execute(delete(entry).where(database.among(entry.c.id, ids)))
    for place_id, gone in sorted(Counter(row.place_id for row in rows).items()):
        await count_entries(connection, place_id, -gone)
    return len(rows)


async def _lines(connection: AsyncConnection, before: datetime, count: int) -> int:
    here = segment.c.lines.is_not(None) & (segment.c.end <= before)
    old = select(segment.c.number).where(here).order_by(segment.c.number).limit(count)
    gone = update(segment).where(segment.c.number.in_(old)).values(lines=None)
    return (await connection.execute(gone)).rowcount


async def _positions(connection: AsyncConnection, before: datetime, count: int) -> int:
    listed_at = position.c.listed_at
    rows = select(position.c.place_id, position.c.prefix).where(listed_at < before).limit(count)
    forgotten = 0
    for row in (await connection.execute(rows)).all():
        here = (position.c.place_id == row.place_id) & (position.c.prefix == row.prefix)
        gone = await connection.execute(delete(position).where(here, listed_at < before))
        forgotten += gone.rowcount
    return forgotten


async def _delete(connection: AsyncConnection, table: Table, old: Select[tuple[int]]) -> int:
    (number,) = table.primary_key.columns
    return (await connection.execute(delete(table).where(number.in_(old)))).rowcount

"""Judgements sealed into segments, an hour to each: the chain grows by one transaction a link."""

import zlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from receiver.ledger.chain import Seal
from receiver.ledger.database import Database
from receiver.ledger.ledger import Segment
from receiver.ledger.rows import AnyRow
from receiver.ledger.tables import chain, segment, unsealed
from receiver.limits import LEDGER_PAGE_ROWS, SEGMENT_LINES_MAX

_HOUR: Final = timedelta(hours=1)
_SEGMENTS_PAGE: Final = 10  # each may hold megabytes


async def seal(database: Database, before: datetime) -> list[Segment]:
    """Make segments until nothing judged before then is left; returns them without lines."""
    made = []
    while (sealed := await _seal_next(database, before)) is not None:
        made.append(sealed)
    return made


async def segments(
    database: Database, start: datetime | None, end: datetime | None
) -> AsyncIterator[Segment]:
    """Yield the segments that touch a span, by number."""
    asked = select(segment).order_by(segment.c.number)
    if start is not None:
        asked = asked.where(segment.c.end > start)
    if end is not None:
        asked = asked.where(segment.c.start < end)
    last = 0
    while True:
        async with database.reading() as connection:
            page = asked.where(segment.c.number > last).limit(_SEGMENTS_PAGE)
            rows = (await connection.execute(page)).all()
        for row in rows:
            yield Segment(
                number=row.number,
                start=row.start,
                end=row.end,
                entries=row.entries,
                previous=row.previous,
                hash=row.hash,
                lines=None if row.lines is None else zlib.decompress(row.lines),
            )
        if len(rows) < _SEGMENTS_PAGE:
            return
        last = rows[-1].number


async def _seal_next(database: Database, before: datetime) -> Segment | None:
    """Make one segment of the oldest hour; None where there is nothing, or another is at it."""
    first = select(func.min(unsealed.c.judged_at))
    async with database.reading() as connection:
        oldest = (await connection.execute(first)).scalar()
    if oldest is None or oldest >= before:
        return None
    async with database.writing(durable=True) as connection:
        # whoever has the chain's end seals; PostgreSQL's others go away, SQLite has one writer
        held = select(chain).with_for_update(skip_locked=True)
        end = (await connection.execute(held)).first()
        oldest = (await connection.execute(first)).scalar()
        if end is None or oldest is None or oldest >= before:
            return None
        start = oldest.replace(minute=0, second=0, microsecond=0)
        made = await _make(database, connection, end, start, min(start + _HOUR, before))
        await connection.execute(update(chain).values(number=made.number, hash=made.hash))
    return made


async def _make(
    database: Database,
    connection: AsyncConnection,
    end: AnyRow,
    start: datetime,
    until: datetime,
) -> Segment:
    """Move the lines of an hour, or as many as a segment may have, into a new segment."""
    asked = select(unsealed).where(unsealed.c.judged_at >= start, unsealed.c.judged_at < until)
    asked = asked.order_by(unsealed.c.judged_at, unsealed.c.id).limit(LEDGER_PAGE_ROWS)
    bound, packer, packed = Seal(end.hash), zlib.compressobj(), bytearray()
    count = 0
    while count < SEGMENT_LINES_MAX and (rows := await _page(connection, asked)):
        lines = b"".join(row.line for row in rows)
        bound.feed(lines)
        packed += packer.compress(lines)
        count += len(rows)
        # one by one: what another has just recorded may sort among them
        ids = [row.id for row in rows]
        await connection.execute(delete(unsealed).where(database.among(unsealed.c.id, ids)))
    packed += packer.flush()
    made = Segment(
        number=end.number + 1,
        start=start,
        end=start + _HOUR,
        entries=count,
        previous=end.hash,
        hash=bound.hash(),
    )
    await connection.execute(
        insert(segment).values(
            number=made.number,
            start=made.start,
            end=made.end,
            entries=made.entries,
            previous=made.previous,
            hash=made.hash,
            lines=bytes(packed),
        )
    )
    return made


async def _page(connection: AsyncConnection, asked: Select[*tuple[Any, ...]]) -> Sequence[AnyRow]:
    return (await connection.execute(asked)).all()

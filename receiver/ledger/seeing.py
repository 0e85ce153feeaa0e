"""Objects noted as waiting. Of a page that is known, all it takes is one statement that reads."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from receiver.ledger.database import Database
from receiver.ledger.ledger import State
from receiver.ledger.places import count as count_entries
from receiver.ledger.rows import AnyRow
from receiver.ledger.tables import entry
from receiver.limits import LEDGER_PAGE_ROWS
from receiver.store.store import Object


class _News(msgspec.Struct, frozen=True):
    """What a page of objects has that is not waiting or judged."""

    new: list[tuple[Object, str]]  # with the etag that its name had before
    back: list[int]  # Entries that were replaced


async def see(database: Database, place_id: int, objects: Sequence[Object], now: datetime) -> int:
    """Note objects; returns how many wait now that did not."""
    pages = range(0, len(objects), LEDGER_PAGE_ROWS)
    parts = [objects[start : start + LEDGER_PAGE_ROWS] for start in pages]
    async with database.reading() as connection:
        known = [await _news(database, connection, place_id, part) for part in parts]
    if not any(news.new or news.back for news in known):
        return 0  # no lock was taken
    count = new = 0
    async with database.writing() as connection:
        for part in parts:  # looked at again: others have seen them too
            news = await _news(database, connection, place_id, part)
            count += await _wait_again(database, connection, news.back, now)
            added = await _add(database, connection, place_id, news.new, now)
            new += added
            count += added
        if new:
            await count_entries(connection, place_id, new)
    return count


async def _news(
    database: Database, connection: AsyncConnection, place_id: int, objects: Sequence[Object]
) -> _News:
    keys = list({each.key for each in objects})
    columns = (entry.c.id, entry.c.key, entry.c.etag, entry.c.state)
    asked = select(*columns).where(entry.c.place_id == place_id)
    asked = asked.where(database.among(entry.c.key, keys)).order_by(entry.c.id)
    rows = (await connection.execute(asked)).all()
    known: dict[tuple[str, str], AnyRow] = {(row.key, row.etag): row for row in rows}
    latest = {row.key: row.etag for row in rows}
    news = _News([], [])
    for each in {(each.key, each.etag): each for each in objects}.values():
        row = known.get((each.key, each.etag))
        if row is None:
            news.new.append((each, latest.get(each.key, "")))
            latest[each.key] = each.etag
        elif row.state == State.REPLACED:
            news.back.append(row.id)
    return news


async def _wait_again(
    database: Database, connection: AsyncConnection, entries: list[int], now: datetime
) -> int:
    """An object was overwritten, and overwritten with what it had been."""
    if not entries:
        return 0
    replaced = database.among(entry.c.id, entries) & (entry.c.state == State.REPLACED)
    waiting = {"state": State.WAITING, "queued_at": now, "due_at": None, "tries": 0, "error": ""}
    return (await connection.execute(update(entry).where(replaced).values(waiting))).rowcount


async def _add(
    database: Database,
    connection: AsyncConnection,
    place_id: int,
    new: list[tuple[Object, str]],
    now: datetime,
) -> int:
    if not new:
        return 0
    rows = [
        {
            "place_id": place_id,
            "key": each.key,
            "etag": each.etag,
            "state": State.WAITING,
            "stored_bytes": each.stored_bytes,
            "arrived_at": each.arrived_at,
            "seen_at": now,
            "queued_at": now,
            "rewrites": before,
        }
        for each, before in sorted(new, key=_place)  # one order for all: nobody waits in a circle
    ]
    statement = database.insert(entry).on_conflict_do_nothing(
        index_elements=["place_id", "key", "etag"]
    )
    if database.is_sqlite:  # nobody came between: we have the lock
        await connection.execute(statement, rows)
        return len(rows)
    return len((await connection.execute(statement.returning(entry.c.id), rows)).all())


def _place(new: tuple[Object, str]) -> str:
    return new[0].key  # the sort is stable: of one key, what came first stays first

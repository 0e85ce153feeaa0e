"""Who judges what: claims taken, held longer and given back unjudged, and Entries taken up again.

Of what waits, the part that is due now and the part that will be due are two indexes, each read
from its beginning, so that a claim costs the same whatever waits, was judged or is to be retried.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from receiver.ledger.database import Database
from receiver.ledger.ledger import Claim, State
from receiver.ledger.rows import AnyRow, entry_of
from receiver.ledger.tables import WAITING, entry
from receiver.limits import LEDGER_PAGE_ROWS


async def claim(
    database: Database,
    place_id: int,
    place: str,
    *,
    owner: str,
    now: datetime,
    until: datetime,
    entries_max: int,
    bytes_max: int,
) -> list[Claim]:
    """Take what is due, in the order of its queue, up to so many Entries and bytes."""
    if entries_max < 1:
        return []
    due_at, here = entry.c.due_at, WAITING & (entry.c.place_id == place_id)
    ready = select(entry).where(here, due_at.is_(None)).order_by(entry.c.queued_at, entry.c.id)
    again = select(entry).where(here, due_at.is_not(None), due_at <= now).order_by(due_at)
    async with database.writing() as connection:
        rows = [
            *await _locked(connection, ready.limit(entries_max)),
            *await _locked(connection, again.limit(entries_max)),
        ]
        rows.sort(key=lambda row: (row.queued_at, row.id))
        taken = list(_fitting(rows[:entries_max], bytes_max))
        values = {"owner": owner, "due_at": until, "claims": entry.c.claims + 1}
        for ids in _parts([row.id for row in taken]):
            await connection.execute(
                update(entry).where(database.among(entry.c.id, ids)).values(values)
            )
    return [
        Claim(
            entry=msgspec.structs.replace(entry_of(row, place), next_try_at=None),
            owner=owner,
            until=until,
            number=row.claims + 1,
        )
        for row in taken
    ]


async def extend(database: Database, claims: Sequence[Claim], until: datetime) -> list[Claim]:
    """Hold claims longer; returns those that are still held."""
    held: set[tuple[int, int]] = set()
    async with database.writing() as connection:
        for ids in _parts(sorted({each.entry.id for each in claims})):
            asked = select(entry.c.id, entry.c.claims).where(database.among(entry.c.id, ids))
            asked = asked.where(entry.c.owner.is_not(None)).order_by(entry.c.id).with_for_update()
            held |= {(row.id, row.claims) for row in await connection.execute(asked)}
        ours = [each for each in claims if (each.entry.id, each.number) in held]
        for ids in _parts([each.entry.id for each in ours]):
            longer = update(entry).where(database.among(entry.c.id, ids)).values(due_at=until)
            await connection.execute(longer)
    return [msgspec.structs.replace(each, until=until) for each in ours]


async def put_back(
    database: Database, claim: Claim, *, error: str, next_try_at: datetime | None, park: bool
) -> bool:
    """Give a claim up unjudged; True a second time as well."""
    async with database.writing() as connection:
        row = await locked_entry(connection, claim.entry.id)
        if row is None or row.claims != claim.number:
            return False
        if row.owner is None:
            return row.state in {State.WAITING, State.PARKED}
        values: dict[str, Any] = {"owner": None, "due_at": None if park else next_try_at}
        if park:
            values["state"] = State.PARKED
        if error:
            values |= {"error": error, "tries": row.tries + 1}
        await connection.execute(update(entry).where(entry.c.id == row.id).values(values))
        return True


async def take_up(database: Database, entries: Sequence[int], now: datetime) -> int:
    """Have Entries wait that were judged or parked; returns how many."""
    settled = entry.c.state.in_([State.JUDGED, State.PARKED])
    waiting = {"state": State.WAITING, "queued_at": now, "due_at": None, "tries": 0, "error": ""}
    count = 0
    async with database.writing() as connection:
        for ids in _parts(sorted(set(entries))):
            asked = select(entry.c.id).where(database.among(entry.c.id, ids), settled)
            # in the order in which a verdict locks all contents of a name: nobody waits in a circle
            locked = asked.order_by(entry.c.id).with_for_update()
            here = [row.id for row in await connection.execute(locked)]
            await connection.execute(
                update(entry).where(database.among(entry.c.id, here)).values(waiting)
            )
            count += len(here)
    return count


async def locked_entry(connection: AsyncConnection, number: int) -> AnyRow | None:
    """Return an Entry's row, which nobody else changes until the transaction ends."""
    asked = select(entry).where(entry.c.id == number).with_for_update()
    return (await connection.execute(asked)).first()


async def _locked(connection: AsyncConnection, asked: Select[*tuple[Any, ...]]) -> Sequence[AnyRow]:
    return (await connection.execute(asked.with_for_update(skip_locked=True))).all()


def _fitting(rows: Sequence[AnyRow], bytes_max: int) -> Iterator[AnyRow]:
    """Yield the first, and what follows it as long as the bytes last: a large one is not passed."""
    total = 0
    for number, row in enumerate(rows):
        total += row.stored_bytes
        if number and total > bytes_max:
            return
        yield row


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), LEDGER_PAGE_ROWS):
        yield ids[start : start + LEDGER_PAGE_ROWS]

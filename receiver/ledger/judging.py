"""A verdict recorded: the Entry, its Report, the sums of its hour and its line, all in one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from receiver.ledger.chain import line_of
from receiver.ledger.claiming import locked_entry
from receiver.ledger.database import Database
from receiver.ledger.hours import Share, move, share_of
from receiver.ledger.ledger import Claim, Judgement, State
from receiver.ledger.places import count
from receiver.ledger.rows import AnyRow, columns_of, pack_report
from receiver.ledger.tables import entry, report, unsealed

_GIVEN_UP = {"owner": None, "due_at": None, "error": ""}


async def record(database: Database, claim: Claim, judgement: Judgement, now: datetime) -> bool:
    """Record a verdict under a claim; True a second time as well, and nothing is changed."""
    async with database.writing() as connection:
        contents = await _locked_contents(
            connection, claim, named=judgement.report.window is not None
        )
        row = next((each for each in contents if each.id == claim.entry.id), None)
        if row is None or row.claims != claim.number:
            return False
        if row.owner is None:
            return row.state in {State.JUDGED, State.REPLACED}
        if row.etag == judgement.etag:
            rewritten = len(contents) > 1
            await _judge(database, connection, row, claim, judgement, now, rewritten=rewritten)
            return True
        other, made = await _entry_read(database, connection, row, judgement, now)
        if other.state != State.JUDGED:
            await _judge(database, connection, other, claim, judgement, now, rewritten=True)
        values: dict[str, Any] = dict(_GIVEN_UP)
        if row.judgements:
            values["state"] = State.JUDGED
        else:
            values |= {"state": State.REPLACED, "settled_at": now}
        await connection.execute(update(entry).where(entry.c.id == row.id).values(values))
        if made:
            await count(connection, row.place_id, 1)
        return True


async def _locked_contents(
    connection: AsyncConnection, claim: Claim, *, named: bool
) -> Sequence[AnyRow]:
    """Return what nobody else changes from now on: all contents that the claimed name has had.

    Of those that are judged one counts, and two who judge them at once must agree which. Where the
    name tells no window none does, and the claimed one is all: such an object, a log of something
    else perhaps, may be rewritten every minute for a year.
    """
    if not named:
        row = await locked_entry(connection, claim.entry.id)
        return [] if row is None else [row]
    known = select(entry.c.place_id).where(entry.c.id == claim.entry.id).scalar_subquery()
    asked = select(entry).where(entry.c.place_id == known, entry.c.key == claim.entry.key)
    return (await connection.execute(asked.order_by(entry.c.id).with_for_update())).all()


async def _entry_read(
    database: Database,
    connection: AsyncConnection,
    claimed: AnyRow,
    judgement: Judgement,
    now: datetime,
) -> tuple[AnyRow, bool]:
    """Return the Entry of the content that was read instead, and whether it had to be made."""
    values = {
        "place_id": claimed.place_id,
        "key": claimed.key,
        "etag": judgement.etag,
        "state": State.WAITING,
        "stored_bytes": judgement.report.compressed_bytes,
        "arrived_at": judgement.arrived_at or now,
        "seen_at": now,
        "queued_at": now,
        "rewrites": claimed.etag,
    }
    names = ("place_id", "key", "etag")
    added = database.insert(entry).values(values).on_conflict_do_nothing(index_elements=names)
    made = (await connection.execute(added)).rowcount > 0
    asked = select(entry).where(*(entry.c[name] == values[name] for name in names))
    return (await connection.execute(asked.with_for_update())).one(), made


async def _judge(
    database: Database,
    connection: AsyncConnection,
    row: AnyRow,
    claim: Claim,
    judgement: Judgement,
    now: datetime,
    *,
    rewritten: bool,
) -> None:
    """Write a verdict to an Entry, the claimed one or another; then a claim on that one is lost.

    `rewritten`: its name has had other contents.
    """
    told = judgement.report
    others = await _other_verdicts(connection, row) if rewritten and told.window else []
    is_last = all(each.id < row.id for each in others)
    values = columns_of(told) | {
        **_GIVEN_UP,
        "state": State.JUDGED,
        "claims": row.claims + (row.id != claim.entry.id),
        "digest": judgement.digest,
        "settled_at": now,
        "judgements": row.judgements + 1,
        "told": bool(told.findings or told.notes or told.key != row.key),
    }
    values["begins_at"] = values["window_start"] or row.arrived_at
    share = Share.of(row.place_id, row.arrived_at, values) if is_last else None
    values["counted"] = share is not None
    await connection.execute(update(entry).where(entry.c.id == row.id).values(values))
    replaced = [each for each in others if each.counted and is_last]
    if replaced:
        theirs = database.among(entry.c.id, [each.id for each in replaced])
        await connection.execute(update(entry).where(theirs).values(counted=False))
    before = [row, *replaced] if row.counted else replaced
    await move(database, connection, [share_of(each) for each in before], share)
    if row.told:
        await connection.execute(delete(report).where(report.c.entry_id == row.id))
    if values["told"]:
        body = pack_report(told)
        await connection.execute(insert(report).values(entry_id=row.id, judged_at=now, body=body))
    line = line_of(
        place=claim.entry.place,
        key=row.key,
        etag=row.etag,
        digest=judgement.digest,
        verdict=told.verdict,
        judged_at=now,
        job=told.job,
        records=told.records,
    )
    await connection.execute(insert(unsealed).values(judged_at=now, line=line))


async def _other_verdicts(connection: AsyncConnection, row: AnyRow) -> Sequence[AnyRow]:
    """Return the judged Entries of the other contents that a name has had: locked, as it is."""
    here = (entry.c.place_id == row.place_id, entry.c.key == row.key, entry.c.id != row.id)
    return (
        await connection.execute(select(entry).where(*here, entry.c.verdict.is_not(None)))
    ).all()

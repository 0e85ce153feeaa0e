"""Sums by the hour of the windows, kept with each verdict: nobody counts ten million Entries."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Self

import msgspec
from sqlalchemy import case, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from receiver.check.report import Verdict
from receiver.ledger.database import Database
from receiver.ledger.ledger import Hour
from receiver.ledger.rows import AnyRow
from receiver.ledger.tables import NO_JOB, hour, place

_MICROSECOND: Final = timedelta(microseconds=1)
_KEY: Final = ("start", "place_id", "job")


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one judged Entry adds to the sums of its hour."""

    start: datetime
    place_id: int
    job: int
    batches: int
    failed: int
    warned: int
    records: int
    plain_bytes: int
    compressed_bytes: int
    lateness_sum: int  # microseconds
    lateness_max: int

    @classmethod
    def of(cls, place_id: int, arrived_at: datetime, columns: Mapping[Any, Any]) -> Self | None:
        """Read it from an Entry's columns; None where it has no verdict, or no window."""
        start, verdict = columns["window_start"], columns["verdict"]
        if start is None or verdict is None:
            return None
        lateness = (arrived_at - columns["window_end"]) // _MICROSECOND
        failed = verdict == Verdict.FAIL
        return cls(
            start=start.replace(minute=0, second=0, microsecond=0),
            place_id=place_id,
            job=NO_JOB if columns["job"] is None else columns["job"],
            batches=1,
            failed=int(failed),
            warned=int(not failed and columns["warnings"] > 0),
            records=columns["records"],
            plain_bytes=columns["plain_bytes"],
            compressed_bytes=columns["compressed_bytes"],
            lateness_sum=lateness,
            lateness_max=lateness,
        )

    @property
    def key(self) -> tuple[datetime, int, int]:
        return self.start, self.place_id, self.job


def share_of(row: AnyRow) -> Share:
    """Return what an Entry that is counted has added."""
    share = Share.of(row.place_id, row.arrived_at, row._mapping)  # noqa: SLF001  (its public name)
    assert share is not None
    return share


async def move(
    database: Database, connection: AsyncConnection, before: Sequence[Share], now: Share | None
) -> None:
    """Take shares away and add another: always in one order, so that nobody waits in a circle."""
    signed = [(share, -1) for share in before] + ([(now, 1)] if now is not None else [])
    for share, sign in sorted(signed, key=lambda each: (each[0].key, -each[1])):
        await _add(database, connection, share, sign)


async def _add(database: Database, connection: AsyncConnection, share: Share, sign: int) -> None:
    sums = msgspec.structs.asdict(share)
    values = {
        name: value if name in {*_KEY, "lateness_max"} else sign * value
        for name, value in sums.items()
    }
    added = database.insert(hour).values(values)
    there = {
        name: hour.c[name] + added.excluded[name]
        for name in sums
        if name not in {*_KEY, "lateness_max"}
    }
    latest = added.excluded.lateness_max  # a maximum cannot be taken back: it stays
    there["lateness_max"] = case((latest > hour.c.lateness_max, latest), else_=hour.c.lateness_max)
    await connection.execute(added.on_conflict_do_update(index_elements=list(_KEY), set_=there))
    if sign < 0:
        empty = [hour.c[name] == values[name] for name in _KEY]
        await connection.execute(delete(hour).where(*empty, hour.c.batches == 0))


async def hours(database: Database, start: datetime, end: datetime, job: int | None) -> list[Hour]:
    """Return the sums of the hours that begin in a span."""
    asked = select(hour, place.c.name).join(place, place.c.id == hour.c.place_id)
    asked = asked.where(hour.c.start >= start, hour.c.start < end)
    if job is not None:
        asked = asked.where(hour.c.job == job)
    asked = asked.order_by(hour.c.start, place.c.name, hour.c.job)
    async with database.reading() as connection:
        rows = (await connection.execute(asked)).all()
    return [
        Hour(
            job=None if row.job == NO_JOB else row.job,
            place=row.name,
            start=row.start,
            batches=row.batches,
            failed=row.failed,
            warned=row.warned,
            records=row.records,
            plain_bytes=row.plain_bytes,
            compressed_bytes=row.compressed_bytes,
            lateness_max=row.lateness_max / 1e6,
            lateness_sum=row.lateness_sum / 1e6,
        )
        for row in rows
    ]

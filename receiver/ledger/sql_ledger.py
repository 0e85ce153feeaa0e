"""The Ledger in a database: each call is one of the room's modules, given what it needs."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from receiver.check.report import Report, Verdict
from receiver.ledger import (
    claiming,
    judging,
    listing,
    memories,
    positions,
    pruning,
    sealing,
    seeing,
)
from receiver.ledger.database import Database
from receiver.ledger.hours import hours
from receiver.ledger.ledger import Claim, Entry, Hour, Judgement, Position, Segment, State
from receiver.ledger.places import Places
from receiver.store.store import Object


class SQLLedger:
    """SQLite or PostgreSQL, as `open_ledger` has opened it. See the contract for every call."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._places = Places(database)

    async def see(self, place: str, objects: Sequence[Object], *, now: datetime) -> int:
        if not objects:
            return 0
        place_id = await self._places.make(place)
        return await seeing.see(self._database, place_id, objects, now)

    async def claim(
        self,
        place: str,
        *,
        owner: str,
        now: datetime,
        until: datetime,
        entries_max: int,
        bytes_max: int,
    ) -> list[Claim]:
        place_id = await self._places.find(place)
        if place_id is None:
            return []
        return await claiming.claim(
            self._database,
            place_id,
            place,
            owner=owner,
            now=now,
            until=until,
            entries_max=entries_max,
            bytes_max=bytes_max,
        )

    async def extend(self, claims: Sequence[Claim], *, until: datetime) -> list[Claim]:
        return await claiming.extend(self._database, claims, until)

    async def record(self, claim: Claim, judgement: Judgement, *, now: datetime) -> bool:
        return await judging.record(self._database, claim, judgement, now)

    async def put_back(
        self, claim: Claim, *, error: str = "", next_try_at: datetime | None, park: bool = False
    ) -> bool:
        return await claiming.put_back(
            self._database, claim, error=error, next_try_at=next_try_at, park=park
        )

    async def take_up(self, entries: Sequence[int], *, now: datetime) -> int:
        return await claiming.take_up(self._database, entries, now)

    async def position(self, place: str, prefix: str) -> Position | None:
        place_id = await self._places.find(place)
        return None if place_id is None else await positions.find(self._database, place_id, prefix)

    async def set_position(self, place: str, position: Position) -> None:
        await positions.note(self._database, await self._places.make(place), position)

    async def recall(self, name: str) -> bytes | None:
        return await memories.recall(self._database, name)

    async def remember(self, name: str, content: bytes) -> None:
        await memories.remember(self._database, name, content)

    async def entries(
        self,
        *,
        place: str | None = None,
        job: int | None = None,
        state: State | None = None,
        verdict: Verdict | None = None,
        window_from: datetime | None = None,
        window_to: datetime | None = None,
        key: str | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> AsyncIterator[Entry]:
        where = await listing.condition(
            self._places,
            place=place,
            job=job,
            state=state,
            verdict=verdict,
            window_from=window_from,
            window_to=window_to,
            key=key,
        )
        if where is None:
            return
        async for entry in listing.entries(
            self._database,
            self._places,
            where=where,
            by_window=window_from is not None or window_to is not None,
            newest_first=newest_first,
            limit=limit,
        ):
            yield entry

    async def entry(self, number: int) -> Entry | None:
        return await listing.entry_numbered(self._database, self._places, number)

    async def report(self, entry: int) -> Report | None:
        return await listing.report_of(self._database, self._places, entry)

    async def hours(self, *, start: datetime, end: datetime, job: int | None = None) -> list[Hour]:
        return await hours(self._database, start, end, job)

    async def seal(self, *, before: datetime) -> list[Segment]:
        return await sealing.seal(self._database, before)

    def segments(
        self, *, start: datetime | None = None, end: datetime | None = None
    ) -> AsyncIterator[Segment]:
        return sealing.segments(self._database, start, end)

    async def prune(
        self,
        *,
        reports_before: datetime,
        entries_before: datetime,
        entries_max: int | None = None,
        early_before: datetime | None = None,
    ) -> int:
        return await pruning.prune(
            self._database,
            reports_before=reports_before,
            entries_before=entries_before,
            entries_max=entries_max,
            early_before=early_before,
        )

    async def close(self) -> None:
        await self._database.close()

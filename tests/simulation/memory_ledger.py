"""A Ledger in memory: the contract as plainly as it can be written. For tests only.

It knows no hours and no segments; what survives the end of a process is what is in it.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import msgspec

from receiver.check.report import Report, Verdict
from receiver.ledger.ledger import (
    Claim,
    Entry,
    Hour,
    Judgement,
    Position,
    Segment,
    State,
)
from receiver.store.store import Object


class _Row(msgspec.Struct):
    entry: Entry
    queued_at: datetime
    owner: str | None = None
    due_at: datetime | None = None
    claims: int = 0


class MemoryLedger:
    """Entries in a dict."""

    def __init__(self) -> None:
        self.rows: dict[int, _Row] = {}
        self.reports: dict[int, Report] = {}
        self.positions: dict[tuple[str, str], Position] = {}
        self.memories: dict[str, bytes] = {}
        self._ids: dict[tuple[str, str, str], int] = {}
        self._latest: dict[tuple[str, str], str] = {}
        self._waiting: dict[str, dict[int, None]] = {}
        self.writes = 0

    async def see(self, place: str, objects: Sequence[Object], *, now: datetime) -> int:
        new = 0
        for obj in objects:
            known = self._ids.get((place, obj.key, obj.etag))
            if known is None:
                self._add(place, obj, self._latest.get((place, obj.key), ""), now)
                new += 1
            elif self.rows[known].entry.state is State.REPLACED:
                self._change(self.rows[known], state=State.WAITING, tries=0, error="")
                self._queue(self.rows[known], now)
                new += 1
        self.writes += bool(new)
        return new

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
        due = [
            row
            for row in map(self.rows.__getitem__, self._waiting.get(place, ()))
            if row.due_at is None or row.due_at <= now
        ]
        due.sort(key=lambda row: (row.queued_at, row.entry.id))
        claims: list[Claim] = []
        for row in due[:entries_max]:
            bytes_max -= row.entry.stored_bytes
            if claims and bytes_max < 0:
                break
            row.owner, row.due_at, row.claims = owner, until, row.claims + 1
            claims.append(Claim(entry=row.entry, owner=owner, until=until, number=row.claims))
        return claims

    async def extend(self, claims: Sequence[Claim], *, until: datetime) -> list[Claim]:
        ours = [claim for claim in claims if self._held(claim)]
        for claim in ours:
            self.rows[claim.entry.id].due_at = until
        return [msgspec.structs.replace(claim, until=until) for claim in ours]

    async def record(self, claim: Claim, judgement: Judgement, *, now: datetime) -> bool:
        row = self.rows[claim.entry.id]
        if row.claims != claim.number:
            return False
        if row.owner is None:
            return row.entry.state in {State.JUDGED, State.REPLACED}
        if judgement.etag == row.entry.etag:
            self._judge(row, judgement, now)
            return True
        known = self._ids.get((row.entry.place, row.entry.key, judgement.etag))
        if known is None:
            obj = Object(
                key=row.entry.key,
                etag=judgement.etag,
                stored_bytes=judgement.report.compressed_bytes,
                arrived_at=judgement.arrived_at or now,
            )
            known = self._add(row.entry.place, obj, row.entry.etag, now)
        other = self.rows[known]
        if other.entry.state is not State.JUDGED:
            other.claims += 1
            self._judge(other, judgement, now)
        judged = row.entry.judgements > 0
        self._settle(row, State.JUDGED if judged else State.REPLACED)
        return True

    async def put_back(
        self, claim: Claim, *, error: str = "", next_try_at: datetime | None, park: bool = False
    ) -> bool:
        row = self.rows[claim.entry.id]
        if row.claims != claim.number:
            return False
        if row.owner is None:
            return row.entry.state in {State.WAITING, State.PARKED}
        if error:
            self._change(row, error=error, tries=row.entry.tries + 1)
        if park:
            self._settle(row, State.PARKED)
        else:
            row.owner, row.due_at = None, next_try_at
            self._change(row, next_try_at=next_try_at)
        return True

    async def take_up(self, entries: Sequence[int], *, now: datetime) -> int:
        rows = [self.rows[each] for each in entries]
        settled = [row for row in rows if row.entry.state in {State.JUDGED, State.PARKED}]
        for row in settled:
            self._change(row, state=State.WAITING, tries=0, error="")
            self._queue(row, now)
        return len(settled)

    async def recall(self, name: str) -> bytes | None:
        return self.memories.get(name)

    async def remember(self, name: str, content: bytes) -> None:
        self.memories[name] = content

    async def position(self, place: str, prefix: str) -> Position | None:
        return self.positions.get((place, prefix))

    async def set_position(self, place: str, position: Position) -> None:
        self.writes += 1
        self.positions[place, position.prefix] = position

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
        if any(each is not None for each in (job, window_from, window_to, limit)):
            raise NotImplementedError
        rows = sorted(self.rows.values(), key=lambda row: (row.entry.arrived_at, row.entry.id))
        for row in reversed(rows) if newest_first else rows:
            entry = row.entry
            asked = ((place, entry.place), (state, entry.state), (verdict, entry.verdict))
            if all(each is None or each == of for each, of in (*asked, (key, entry.key))):
                yield entry

    async def entry(self, number: int) -> Entry | None:
        row = self.rows.get(number)
        return None if row is None else row.entry

    async def report(self, entry: int) -> Report | None:
        return self.reports.get(entry)

    async def hours(self, *, start: datetime, end: datetime, job: int | None = None) -> list[Hour]:
        raise NotImplementedError

    async def seal(self, *, before: datetime) -> list[Segment]:
        raise NotImplementedError

    def segments(
        self, *, start: datetime | None = None, end: datetime | None = None
    ) -> AsyncIterator[Segment]:
        raise NotImplementedError

    async def prune(
        self,
        *,
        reports_before: datetime,
        entries_before: datetime,
        entries_max: int | None = None,
        early_before: datetime | None = None,
    ) -> int:
        raise NotImplementedError

    async def close(self) -> None:
        pass

    def _add(self, place: str, obj: Object, rewrites: str, now: datetime) -> int:
        number = len(self.rows) + 1
        entry = Entry(
            id=number,
            place=place,
            key=obj.key,
            etag=obj.etag,
            state=State.WAITING,
            stored_bytes=obj.stored_bytes,
            arrived_at=obj.arrived_at,
            seen_at=now,
            rewrites=rewrites,
        )
        self.rows[number] = _Row(entry, now)
        self._ids[place, obj.key, obj.etag] = number
        self._latest[place, obj.key] = obj.etag
        self._queue(self.rows[number], now)
        return number

    def _queue(self, row: _Row, now: datetime) -> None:
        row.queued_at, row.owner, row.due_at = now, None, None
        self._waiting.setdefault(row.entry.place, {})[row.entry.id] = None

    def _settle(self, row: _Row, state: State) -> None:
        row.owner = row.due_at = None
        self._waiting.get(row.entry.place, {}).pop(row.entry.id, None)
        self._change(row, state=state, next_try_at=None)

    def _judge(self, row: _Row, judgement: Judgement, now: datetime) -> None:
        report = judgement.report
        self.reports[row.entry.id] = report
        self._change(
            row,
            error="",
            job=report.job,
            verdict=report.verdict,
            records=report.records,
            digest=judgement.digest,
            judged_at=now,
            judgements=row.entry.judgements + 1,
            window=report.window,
        )
        self._settle(row, State.JUDGED)

    def _held(self, claim: Claim) -> bool:
        row = self.rows[claim.entry.id]
        return row.owner is not None and row.claims == claim.number

    def _change(self, row: _Row, **values: object) -> None:
        row.entry = msgspec.structs.replace(row.entry, **values)

"""What the pages ask of a ledger: sums, spans and a few Entries, however many there are."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from receiver.check.report import Report, Verdict
from receiver.daemon.status.batch_page import batch_page
from receiver.daemon.status.job_page import Span, find_job, job_page
from receiver.daemon.status.overview import overview, parked_objects, queue
from receiver.ledger.ledger import Entry, Hour, Ledger, State
from receiver.limits import STATUS_PARKED_MAX, STATUS_REPORTS_MAX
from tests.unit.daemon.status.day import scene

_DAY = timedelta(days=1)


class Counting:
    """A ledger that refuses what would cost more, the more Entries there are."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.calls = 0
        self.reports = 0

    async def hours(
        self, *, start: datetime, end: datetime, job: int | None = None
    ) -> Sequence[Hour]:
        assert end - start <= (31 * _DAY if job is not None else _DAY / 4)
        self.calls += 1
        return await self._ledger.hours(start=start, end=end, job=job)

    async def entry(self, number: int) -> Entry | None:
        self.calls += 1
        return await self._ledger.entry(number)

    async def report(self, entry: int) -> Report | None:
        self.reports += 1
        return await self._ledger.report(entry)

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
        self.calls += 1
        if key is None:
            assert limit is not None
            assert limit <= STATUS_PARKED_MAX + 1
            narrow = window_from and window_to and window_to - window_from <= 7 * _DAY
            assert narrow or job is not None or state in {State.PARKED, State.WAITING}
        async for entry in self._ledger.entries(
            place=place,
            job=job,
            state=state,
            verdict=verdict,
            window_from=window_from,
            window_to=window_to,
            key=key,
            newest_first=newest_first,
            limit=limit,
        ):
            yield entry


async def test_no_page_walks_through_the_ledger(day: Ledger) -> None:
    counting = Counting(day)
    seen = scene(counting)  # type: ignore[arg-type]
    await overview(seen)
    assert counting.calls <= 4 + 3 + 1 + 2  # a day's sums; each job; what is silent; the queue
    await parked_objects(seen)
    await queue(seen)
    await batch_page(seen, 1)
    for slug in ("146", "147", "148"):
        known = await find_job(seen, slug)
        assert known is not None
        for span in Span:
            counting.calls = counting.reports = 0
            await job_page(seen, known, span=span)
            assert counting.reports <= STATUS_REPORTS_MAX
            assert counting.calls <= 2 * 24 + 20

"""A job's page: a span of its days in buckets, its findings, its batches."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from receiver.daemon.status.batches import list_batches
from receiver.daemon.status.buckets import HOUR, buckets_of, hour_of, totals_of
from receiver.daemon.status.findings import findings_of
from receiver.daemon.status.jobs import DAY, JobKey, KnownJob, known_jobs
from receiver.daemon.status.scene import Scene
from receiver.daemon.status.views import JobPage
from receiver.ledger.ledger import Hour, Ledger


class Span(StrEnum):
    """How far a job's page looks back."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"

    @property
    def step(self) -> timedelta:
        """How much one bar of a chart holds."""
        return _STEPS[self]

    @property
    def length(self) -> timedelta:
        """All of it."""
        return _LENGTHS[self]

    @property
    def words(self) -> str:
        """How a sentence names it."""
        return _WORDS[self]


_STEPS: Final = {Span.DAY: HOUR, Span.WEEK: 6 * HOUR, Span.MONTH: DAY}
_LENGTHS: Final = {Span.DAY: DAY, Span.WEEK: 7 * DAY, Span.MONTH: 30 * DAY}
_WORDS: Final = {Span.DAY: "24 hours", Span.WEEK: "7 days", Span.MONTH: "30 days"}
_SLICE: Final = 6 * HOUR


async def find_job(scene: Scene, slug: str) -> KnownJob | None:
    """Return the job that a path names: of the roster, or one that the ledger knows."""
    known = {each.key.slug: each for each in known_jobs(scene.jobs(), (), scene.place_errors())}
    if slug in known:
        return known[slug]
    if not slug.isascii() or not slug.isdecimal() or len(slug) > 18:
        return None
    async for _ in scene.ledger.entries(job=int(slug), newest_first=True, limit=1):
        return known_jobs((), (JobKey(id=int(slug)),), {})[0]
    return None


async def job_page(
    scene: Scene,
    known: KnownJob,
    *,
    span: Span = Span.DAY,
    before: datetime | None = None,
    failed_only: bool = False,
) -> JobPage:
    """Look at one job. `before` is where the list of batches goes on."""
    now, ledger, key = scene.clock.now(), scene.ledger, known.key
    end = _end(now, span.step)
    start = end - span.length
    day = hour_of(now) + HOUR - DAY
    hours = await _hours(ledger, key, min(start, day), max(end, hour_of(now) + HOUR))
    inside = [each for each in hours if start <= each.start < end]
    return JobPage(
        at=now,
        job=await known.look(ledger, [each for each in hours if each.start >= day], now=now),
        span=span,
        totals=totals_of(inside),
        buckets=buckets_of(inside, start=start, step=span.step, count=span.length // span.step),
        findings=await findings_of(ledger, key, inside),
        list=await list_batches(
            ledger,
            key,
            inside,
            before=before,
            end=now,
            failed_only=failed_only,
        ),
    )


def _end(now: datetime, step: timedelta) -> datetime:
    """Return the end of the step that is running: of UTC's day, its quarter, or an hour."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + ((now - midnight) // step + 1) * step


async def _hours(ledger: Ledger, key: JobKey, start: datetime, end: datetime) -> list[Hour]:
    if key.id is not None:
        return await ledger.hours(start=start, end=end, job=key.id)
    found: list[Hour] = []
    while start < end:  # of all jobs, so in steps that the event loop survives
        part = await ledger.hours(start=start, end=min(start + _SLICE, end))
        found += [each for each in part if key.has(each)]
        start += _SLICE
    return found

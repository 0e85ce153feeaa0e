"""The first page: is something wrong, since when, where to look; then jobs, places, what is parked.

Of ten million Entries it reads sums by the hour, and the latest Entries of each job that it shows.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from receiver.check.report import Verdict
from receiver.daemon.status.buckets import HOUR, hour_of, totals_of
from receiver.daemon.status.jobs import JobKey, KnownJob, job_view, known_jobs
from receiver.daemon.status.scene import LISTED_WITHIN, Scene, Watched
from receiver.daemon.status.troubles import troubles_of
from receiver.daemon.status.views import (
    JobView,
    Level,
    Overview,
    Parked,
    ParkedView,
    PlaceView,
)
from receiver.errors import LedgerError
from receiver.ledger.ledger import Entry, Hour, Ledger, State
from receiver.limits import STATUS_JOBS_MAX, STATUS_PARKED_MAX

_SLICE: Final = 6 * HOUR
_DAY_HOURS: Final = 24


async def overview(scene: Scene, *, page: int = 1) -> Overview:
    """Look at everything, and at a page of the jobs closely.

    A ledger that does not answer is one of the troubles, and all else is shown without it.
    """
    now = scene.clock.now()
    places = tuple(place_view(scene, each, now) for each in scene.places())
    jobs = Jobs(scene, (), now=now)
    parked = oldest = None
    error = ""
    try:
        jobs = Jobs(scene, await day_hours(scene.ledger, now), now=now)
        page = min(max(page, 1), jobs.pages)
        await jobs.look(scene.ledger, page=page)
        parked = await parked_objects(scene)
        oldest = await _oldest_waiting(scene.ledger)
    except LedgerError as failed:
        error = str(failed)
    troubles = troubles_of(
        scene, now=now, jobs=jobs.all, places=places, parked=parked, waiting=oldest, error=error
    )
    wrong = any(each.level is Level.ERROR for each in troubles)
    return Overview(
        at=now,
        verdict=_verdict(jobs, wrong=wrong),
        troubles=troubles,
        totals=jobs.totals,
        jobs=jobs.of(page),
        jobs_count=len(jobs.all),
        page=page,
        pages=jobs.pages,
        places=places,
        parked=len(parked.parked) if parked else 0,
        parked_more=bool(parked and parked.more),
        unwatched=tuple(each.reason for each in scene.unwatched()),
        ledger_error=error,
    )


class Jobs:
    """All jobs, by the sums of a day; those on a page, and those that are quiet, looked at."""

    def __init__(self, scene: Scene, hours: Sequence[Hour], *, now: datetime) -> None:
        self._now = now
        self._hours: dict[JobKey, list[Hour]] = defaultdict(list)
        for hour in hours:
            self._hours[JobKey.of(hour.job, hour.place)].append(hour)
        known = known_jobs(scene.jobs(), list(self._hours), scene.place_errors())
        views = [(each, self._view(each)) for each in known]
        views.sort(key=lambda pair: _rank(pair[1]))
        self._known = [each for each, _ in views]
        self.all = [view for _, view in views]
        self.totals = totals_of(hours)
        self.pages = max(1, -(-len(views) // STATUS_JOBS_MAX))

    def of(self, page: int) -> tuple[JobView, ...]:
        """Return the jobs of a page, those in trouble first."""
        return tuple(sorted((self.all[number] for number in self._numbers(page)), key=_rank))

    async def look(self, ledger: Ledger, *, page: int) -> None:
        """Look at the newest Entry of those on the page, and of those that may be silent."""
        quiet = [at for at, view in enumerate(self.all) if _is_quiet(view)]
        for number in sorted({*self._numbers(page), *quiet[:STATUS_JOBS_MAX]}):
            known = self._known[number]
            hours = self._hours.get(known.key, [])
            self.all[number] = await known.look(ledger, hours, now=self._now)

    def _view(self, known: KnownJob) -> JobView:
        return job_view(known, now=self._now, hours=self._hours.get(known.key, ()))

    def _numbers(self, page: int) -> range:
        start = (page - 1) * STATUS_JOBS_MAX
        return range(start, min(start + STATUS_JOBS_MAX, len(self.all)))


async def day_hours(ledger: Ledger, now: datetime) -> list[Hour]:
    """Return the sums of the last 24 hours, of all jobs; in steps that the event loop survives."""
    end = hour_of(now) + HOUR
    start = end - _DAY_HOURS * HOUR
    found: list[Hour] = []
    while start < end:
        found += await ledger.hours(start=start, end=min(start + _SLICE, end))
        start += _SLICE
    return found


async def parked_objects(scene: Scene) -> Parked:
    """Return the objects that are parked, newest first, up to a bound."""
    entries = scene.ledger.entries(
        state=State.PARKED, newest_first=True, limit=STATUS_PARKED_MAX + 1
    )
    found = [each async for each in entries]
    return Parked(
        at=scene.clock.now(),
        parked=tuple(
            ParkedView(**{name: getattr(each, name) for name in ParkedView.__struct_fields__})
            for each in found[:STATUS_PARKED_MAX]
        ),
        more=len(found) > STATUS_PARKED_MAX,
    )


def place_view(scene: Scene, watched: Watched, now: datetime) -> PlaceView:
    """Return how watching a place goes."""
    listed = watched.last_listed_at
    return PlaceView(
        place=watched.place,
        last_listed_at=listed,
        last_arrival=watched.last_arrival,
        next_poll_at=watched.next_poll_at,
        error=watched.error,
        read_error=scene.read_errors().get(watched.place, ""),
        number=scene.place_number(watched.place),
        stale=listed is None or now - listed > LISTED_WITHIN,
    )


async def queue(scene: Scene) -> tuple[float, int]:
    """Return for how many seconds what waits longest has waited, and how much is parked."""
    oldest, now = await _oldest_waiting(scene.ledger), scene.clock.now()
    waited = max(0.0, (now - oldest.seen_at).total_seconds()) if oldest else 0.0
    return waited, len((await parked_objects(scene)).parked)


async def _oldest_waiting(ledger: Ledger) -> Entry | None:
    async for entry in ledger.entries(state=State.WAITING, limit=1):
        return entry
    return None


def _is_quiet(view: JobView) -> bool:
    """Whether its last two hours are empty."""
    return view.configured and not any(hour.totals.batches for hour in view.hours[-2:])


def _rank(view: JobView) -> tuple[int, str, int]:
    trouble = 4
    if view.failing_since is not None:
        trouble = 0 if view.failing_until is None else 2
    if view.silent_since is not None or view.place_error or view.nameless_failed:
        trouble = min(trouble, 1)
    elif view.last_arrival is None and _is_quiet(view):
        trouble = min(trouble, 3)
    return trouble, view.dataset, view.id or 0


def _verdict(jobs: Jobs, *, wrong: bool) -> Verdict:
    """Sum up as `verify` does: fail by one failed batch; inconclusive if something was not seen."""
    if jobs.totals.failed or any(each.nameless_failed for each in jobs.all):
        return Verdict.FAIL
    return Verdict.PASS if jobs.totals.batches and not wrong else Verdict.INCONCLUSIVE

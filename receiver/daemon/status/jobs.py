"""Jobs as the ledger and the roster know them together, and how one of them is doing."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Self

import msgspec

from receiver.check.report import Severity, Verdict
from receiver.daemon.status.buckets import (
    HOUR,
    SILENCE_MIN,
    Silence,
    buckets_of,
    failing_of,
    hour_of,
    silence_of,
    totals_of,
)
from receiver.daemon.status.scene import RosteredJob
from receiver.daemon.status.views import JobView
from receiver.daemon.status.words import foreign
from receiver.ledger.ledger import Entry, Hour, Ledger
from receiver.limits import STATUS_BATCHES

DAY: Final = timedelta(days=1)
_USUAL_DAYS: Final = 7 * DAY
_DIGEST_CHARS: Final = 10
_FAILS_BY_MAX: Final = 3
_FAILS_BY_CHARS: Final = 80


class JobKey(msgspec.Struct, frozen=True, kw_only=True):
    """A job's id; of jobs that have none, the place: there they cannot be told apart."""

    id: int | None
    place: str = ""

    @classmethod
    def of(cls, job: int | None, place: str) -> Self:
        """Return the key of a job's batches at a place."""
        return cls(id=job, place="" if job is not None else place)

    @property
    def slug(self) -> str:
        """How a path names it."""
        if self.id is not None:
            return str(self.id)
        return f"at-{hashlib.sha256(self.place.encode()).hexdigest()[:_DIGEST_CHARS]}"

    def has(self, hour: Hour) -> bool:
        """Whether the sums of an hour are its."""
        return hour.job == self.id and (self.id is not None or hour.place == self.place)


class KnownJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job of the roster, or one that only the ledger knows."""

    key: JobKey
    name: str = ""
    dataset: str = ""
    options: str = ""
    places: tuple[str, ...] = ()
    configured: bool = False
    grace_until: datetime | None = None
    place_error: str = ""

    async def look(self, ledger: Ledger, hours: Sequence[Hour], *, now: datetime) -> JobView:
        """Say how it is doing, by the sums of the last 24 hours and its latest Entries."""
        latest = await latest_entries(ledger, self.key, hours)
        newest, silence = (latest[0] if latest else None), None
        if newest is not None and self.configured and now - newest.arrived_at > SILENCE_MIN:
            silence = await _silence(ledger, self.key, newest.arrived_at)
        view = job_view(self, now=now, hours=hours, latest=latest, silence=silence)
        return msgspec.structs.replace(view, fails_by=await _fails_by(ledger, latest))


def known_jobs(
    rostered: Iterable[RosteredJob], keys: Iterable[JobKey], errors: Mapping[str, str]
) -> list[KnownJob]:
    """Return the jobs of the roster, then those that only the ledger knows.

    `errors` says of places why they cannot be listed or read.
    """
    found: dict[JobKey, KnownJob] = {}
    for job in rostered:
        key = JobKey.of(job.id, job.place)
        known = found.get(key)
        if known is None:
            found[key] = KnownJob(
                key=key,
                name=job.name,
                dataset=job.dataset,
                options=job.options,
                places=(job.place,),
                configured=True,
                grace_until=job.grace_until,
                place_error=errors.get(job.place, ""),
            )
            continue
        names = ("name", "dataset", "options")
        both = {name: _joined(getattr(known, name), getattr(job, name)) for name in names}
        ends = [each for each in (known.grace_until, job.grace_until) if each is not None]
        found[key] = msgspec.structs.replace(
            known,
            **both,
            places=tuple(dict.fromkeys((*known.places, job.place))),
            grace_until=max(ends, default=None),
            place_error=known.place_error or errors.get(job.place, ""),
        )
    for key in keys:
        found.setdefault(key, KnownJob(key=key, places=(key.place,) if key.place else ()))
    return list(found.values())


def job_view(
    known: KnownJob,
    *,
    now: datetime,
    hours: Sequence[Hour],
    latest: Sequence[Entry] = (),
    silence: Silence | None = None,
) -> JobView:
    """Put together what is known of a job's last 24 hours."""
    end = hour_of(now) + HOUR
    buckets = buckets_of(hours, start=end - DAY, step=HOUR, count=24)
    totals = totals_of(hours)
    failing = failing_of(buckets)
    newest = latest[0] if latest else None
    window_end = max((each.window[1] for each in latest if each.window), default=None)
    nameless = [
        each.arrived_at
        for each in latest
        if not each.window and each.verdict is Verdict.FAIL and now - each.arrived_at < DAY
    ]
    silent = newest is not None and silence is not None and _is_silent(newest, silence, now)
    return JobView(
        id=known.key.id,
        name=known.name,
        dataset=known.dataset,
        options=known.options,
        places=known.places or tuple(dict.fromkeys(each.place for each in hours)),
        path=f"/jobs/{known.key.slug}",
        verdict=_verdict(totals.batches, totals.failed + len(nameless)),
        configured=known.configured,
        totals=totals,
        last_arrival=newest.arrived_at if newest else None,
        last_window_end=window_end,
        lag_seconds=(now - window_end).total_seconds() if window_end else None,
        failing_since=failing.since if failing else None,
        failing_since_before=bool(failing and failing.since_before),
        failing_until=failing.until if failing else None,
        nameless_failed=len(nameless),
        nameless_failed_since=min(nameless, default=None),
        silent_since=newest.arrived_at if newest and silent else None,
        usual=silence.usual if silence and silent else "",
        grace_until=known.grace_until,
        place_error=known.place_error,
        hours=buckets,
    )


async def latest_entries(ledger: Ledger, key: JobKey, hours: Sequence[Hour]) -> list[Entry]:
    """Return the Entries that arrived last; of jobs without ids, of the hours given only."""
    if key.id is not None:
        entries = ledger.entries(job=key.id, newest_first=True, limit=STATUS_BATCHES)
        return [each async for each in entries]
    start = max((each.start for each in hours), default=None)
    if start is None:
        return []
    entries = ledger.entries(
        place=key.place,
        window_from=start,
        window_to=start + HOUR,
        newest_first=True,
        limit=STATUS_BATCHES,
    )
    return [each async for each in entries if each.job is None and each.verdict is not None]


async def _fails_by(ledger: Ledger, latest: Sequence[Entry]) -> tuple[str, ...]:
    """Return what the last failed one of the latest Entries failed by."""
    failed = next((each for each in latest if each.verdict is Verdict.FAIL), None)
    report = await ledger.report(failed.id) if failed else None
    if report is None:
        return ()
    errors = [each for each in report.findings if each.severity is Severity.ERROR]
    told = dict.fromkeys(f"{each.code} {each.field}".strip() for each in errors)
    return tuple(foreign(each, _FAILS_BY_CHARS) for each in list(told)[:_FAILS_BY_MAX])


async def _silence(ledger: Ledger, key: JobKey, last: datetime) -> Silence | None:
    """Return what is usual of a job, by its last week with batches."""
    if key.id is None:
        return None  # the sums of all jobs would have to be read
    hours = await ledger.hours(start=hour_of(last) - _USUAL_DAYS, end=last, job=key.id)
    return silence_of(hours)


def _is_silent(newest: Entry, silence: Silence, now: datetime) -> bool:
    return now - newest.arrived_at > silence.after


def _verdict(batches: int, failed: int) -> Verdict:
    if failed:
        return Verdict.FAIL
    return Verdict.PASS if batches else Verdict.INCONCLUSIVE


def _joined(one: str, other: str) -> str:
    return one if other in {"", one} else f"{one}, {other}" if one else other

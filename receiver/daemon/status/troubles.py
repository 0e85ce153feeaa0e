"""What is wrong, worst first: each with since when and where to look."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from receiver.daemon.status.scene import Scene, Sourced
from receiver.daemon.status.views import JobView, Level, Parked, PlaceView, Trouble
from receiver.ledger.ledger import Entry
from receiver.limits import STATUS_TROUBLES_MAX
from receiver.report.phrase import counted

_BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)
_WRITING_MAX: Final = 3

WAITING_MAX: Final = timedelta(minutes=10)
"""What was seen is judged within seconds; after so long something holds it up."""


def troubles_of(
    scene: Scene,
    *,
    now: datetime,
    jobs: Iterable[JobView],
    places: Sequence[PlaceView],
    parked: Parked | None,
    waiting: Entry | None,
    error: str,
) -> tuple[Trouble, ...]:
    """Return all that is wrong: errors first, then what began first. The list is bounded.

    What has no beginning was never otherwise, as far as anybody knows.
    """
    jobs = tuple(jobs)
    found: list[Trouble] = []
    if error:
        what = "The ledger does not answer: nothing can be judged or shown"
        found.append(Trouble(level=Level.ERROR, what=what, detail=error))
    found += _of_places(places, jobs)
    for job in jobs:
        found += _of_job(job)
    found += _of_queue(parked, waiting, now)
    found += _of_sources(scene.sources())
    order = list(Level)
    found.sort(key=lambda each: (order.index(each.level), each.since or _BEFORE_ALL))
    return tuple(found[:STATUS_TROUBLES_MAX])


def headline(troubles: Sequence[Trouble], *, batches: int) -> str:
    """Say in a few words whether something is wrong; without a batch nobody can say "well"."""
    wrong = sum(each.level is Level.ERROR for each in troubles)
    if wrong:
        return f"{wrong:,} thing{'s are' if wrong > 1 else ' is'} wrong"
    if troubles:
        return f"{counted(len(troubles), 'thing')} to look at"
    return "All is well" if batches else "No batches in 24 hours"


def job_words(job: JobView) -> str:
    """How a sentence names a job."""
    if job.id is None:
        return f"The job without an id{f' ({job.dataset})' if job.dataset else ''}"
    return f"Job {job.id}{f' {job.dataset}' if job.dataset else ''}"


def _of_places(places: Iterable[PlaceView], jobs: Sequence[JobView]) -> Iterator[Trouble]:
    for place in places:
        since, said = place.last_listed_at, place.error
        if said:
            what = "cannot be looked at"
        elif since is None:
            continue  # it was started a moment ago; /readyz waits for it
        elif place.stale:
            what, said = "is not listed", "its watcher has not looked for longer than it should"
        elif place.read_error:
            what, since, said = "cannot be read", None, place.read_error
        else:
            continue
        writing = [job_words(each) for each in jobs if place.place in each.places]
        yield Trouble(
            level=Level.ERROR,
            what=f"{place.place} {what}",
            since=since,
            detail=f"{said}; {_listed(writing)} there" if writing else said,
            look="/#places",
            look_at="the places",
        )


def _listed(writing: Sequence[str]) -> str:
    if len(writing) == 1:
        return f"{writing[0]} writes"
    if len(writing) <= _WRITING_MAX:
        return f"{', '.join(writing[:-1])} and {writing[-1]} write"
    return f"{writing[0]} and {len(writing) - 1} more write"


def _of_sources(sources: Iterable[Sourced]) -> Iterator[Trouble]:
    for source in sources:
        if not source.error:
            continue
        never = source.answered_at is None
        told = "has told no jobs yet: they are not judged"
        yield Trouble(
            level=Level.ERROR if never else Level.WARNING,
            what=f"{source.name} {told if never else 'tells no jobs: those known before stay'}",
            since=source.answered_at,
            detail=source.error,
        )


def _of_job(job: JobView) -> Iterator[Trouble]:
    name, totals = job_words(job), job.totals
    if job.failing_since is not None:
        over = job.failing_until is not None
        batches = counted(totals.batches, "batch", "batches")
        said = f"{totals.failed:,} of {batches} in 24 hours"
        if job.failing_until is not None:
            said += f"; none since {job.failing_until:%H:%M} UTC"
        if job.fails_by:
            said += f"; the last by {', '.join(job.fails_by)}"
        yield Trouble(
            level=Level.WARNING if over else Level.ERROR,
            what=f"{name} {'failed' if over else 'fails'}",
            since=job.failing_since,
            since_before=job.failing_since_before,
            detail=said,
            look=f"{job.path}#findings",
            look_at="its findings",
        )
    if job.nameless_failed:
        yield Trouble(
            level=Level.ERROR,
            what=f"{name} has failed batches whose names tell no window",
            since=job.nameless_failed_since,
            detail=f"{counted(job.nameless_failed, 'batch', 'batches')} of the latest; without a"
            " window they are in no sum",
            look=f"{job.path}#batches",
            look_at="them",
        )
    if job.silent_since is not None:
        yield Trouble(
            level=Level.ERROR,
            what=f"{name} is silent: no batch arrives",
            since=job.silent_since,
            detail=job.usual,
            look=job.path,
            look_at="its page",
        )


def _of_queue(parked: Parked | None, waiting: Entry | None, now: datetime) -> Iterator[Trouble]:
    if parked is not None and parked.parked:
        more = "more than " if parked.more else ""
        objects = counted(len(parked.parked), "object")
        yield Trouble(
            level=Level.ERROR,
            what=f"{more}{objects} could not be read and {'is' if objects == '1 object' else 'are'}"
            " parked",
            since=min(each.seen_at for each in parked.parked),
            detail=parked.parked[0].error,
            look="/parked",
            look_at="what is parked",
        )
    if waiting is not None and now - waiting.seen_at > WAITING_MAX:
        yield Trouble(
            level=Level.WARNING,
            what="Objects wait to be judged for longer than they should",
            since=waiting.seen_at,
            detail=waiting.error or f"the oldest is at {waiting.place}",
            look="/#places",
            look_at="the places",
        )

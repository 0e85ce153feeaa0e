"""What the status page looks at: the ledger, the jobs that are watched, the places' watchers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from receiver.clock import Clock
from receiver.daemon.roster import Unwatched
from receiver.daemon.roster_watch import Watch
from receiver.ledger.ledger import Ledger
from receiver.report.phrase import counted
from receiver.report.sweep_report import sweep_job

LISTED_WITHIN: Final = timedelta(minutes=10)
"""A place that was not listed for so long is not being watched, whatever its watcher says."""


class Watched(Protocol):
    """How watching one place goes. `error` is why it cannot be looked at now; "" if it can."""

    @property
    def place(self) -> str: ...
    @property
    def last_listed_at(self) -> datetime | None: ...
    @property
    def last_arrival(self) -> datetime | None: ...
    @property
    def error(self) -> str: ...
    @property
    def next_poll_at(self) -> datetime | None: ...


class Sourced(Protocol):
    """How one source of jobs is doing. `error` is why it did not answer; "" if it did."""

    @property
    def name(self) -> str: ...
    @property
    def answered_at(self) -> datetime | None: ...
    @property
    def error(self) -> str: ...


class RosteredJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that is watched at one place, as the page shows it."""

    id: int | None
    name: str
    dataset: str
    place: str  # the identity of its Destination, as the ledger has it
    options: str  # in words: "141 fields, unixnano"
    grace_until: datetime | None = None  # it has changed, and what it was is accepted till then


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Whatever can change is asked for each time."""

    ledger: Ledger
    clock: Clock
    jobs: Callable[[], Sequence[RosteredJob]]
    places: Callable[[], Sequence[Watched]]
    unwatched: Callable[[], Sequence[Unwatched]] = tuple
    sources: Callable[[], Sequence[Sourced]] = tuple
    read_errors: Callable[[], Mapping[str, str]] = dict  # why nothing can be read, by place
    place_number: Callable[[str], str] = lambda _: ""  # how the metrics call a place

    def place_errors(self) -> dict[str, str]:
        """Return why places cannot be listed, or why nothing can be read there."""
        errors = self.read_errors()
        told = {each.place: each.error or errors.get(each.place, "") for each in self.places()}
        return {place: error for place, error in told.items() if error}


def rostered(watches: Iterable[Watch]) -> tuple[RosteredJob, ...]:
    """Return the Roster's watches as the page shows them: each job once at each place.

    Of a job in its grace there are two, what it is and what it was: told as it is. Gone jobs are
    told while their grace lasts.
    """
    found: dict[tuple[str, int | None, str, str], RosteredJob] = {}
    for watch in sorted(watches, key=lambda each: each.until is not None):
        expected = watch.expectation
        key = (watch.place, expected.job_id, expected.dataset, expected.job_name)
        if expected.job_id is not None:
            key = (watch.place, expected.job_id, "", "")
        known = found.get(key)
        if known is not None:
            ends = [each for each in (known.grace_until, watch.until) if each is not None]
            found[key] = msgspec.structs.replace(known, grace_until=max(ends, default=None))
            continue
        job = sweep_job(expected)
        default = "default " if job.fields_default else ""
        fields = f"{default}fields"
        if job.fields is not None:
            fields = counted(job.fields, f"{default}field")
        sample = f", sample {job.sample:g}" if job.sample != 1 else ""
        found[key] = RosteredJob(
            id=job.id,
            name=job.name,
            dataset=job.dataset,
            place=watch.place,
            options=f"{fields}, {job.timestamps}{sample}",
            grace_until=watch.until,
        )
    return tuple(found.values())

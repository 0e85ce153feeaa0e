"""The Roster: which places are watched, and what their batches are held against.

It goes by what the jobs are now and what they were a while ago: Logpush follows a change of a job
after minutes only. It asks nobody, and has no clock: both are given.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from receiver.daemon.job_source import GivenJob
from receiver.daemon.roster_memory import read_memory, write_memory
from receiver.daemon.roster_watch import Watch, fingerprint, without_secrets
from receiver.destination.destination import Scheme
from receiver.errors import ConfigError, SelectionInvalid
from receiver.job.expect import expectation, unverifiable
from receiver.job.job import label
from receiver.limits import GRACE_SECONDS
from receiver.secret import REDACTED
from receiver.selection.target import Target, targets_of_jobs

GRACE: Final = timedelta(seconds=GRACE_SECONDS)

_Key = tuple[str, str]  # the place's identity, and a digest of the Expectation


class Why(StrEnum):
    """Why a job's batches are not judged."""

    DISABLED = "disabled"
    UNREADABLE = "unreadable"  # where it writes, nothing can be read back
    UNJUDGED = "unjudged"  # its records are in a form that is not judged
    INVALID = "invalid"  # a person is needed: the job makes no sense to us
    UNKNOWN = "unknown"  # where it writes, or wrote, is not known since the start


class Unwatched(msgspec.Struct, frozen=True, kw_only=True):
    """A job whose batches are not judged, and why."""

    label: str
    source: str
    why: Why
    reason: str


class Roster:
    """Give it the jobs as often as they are known anew; it says what is watched from then on."""

    def __init__(self, *, memory: bytes = b"") -> None:
        restored = read_memory(memory)
        self._watches: dict[_Key, Watch] = {
            (each.place, fingerprint(each.expectation)): each for each in restored or ()
        }
        self._places: dict[str, Target] = {}
        self._unwatched: list[Unwatched] = []
        self._notes: list[str] = []
        if restored is None:
            self._notes.append("what was watched before the restart cannot be read: no job of then")

    def update(
        self,
        jobs: Iterable[GivenJob],
        *,
        now: datetime,
        unanswered: Collection[str] = (),
        grace: timedelta = GRACE,
    ) -> None:
        """Take the jobs as they are now; what was watched and is not among them, for a grace yet.

        `unanswered` are sources that could not be asked yet: what they gave is not gone.
        """
        self._unwatched, self._notes = [], []
        asked: dict[_Key, Watch] = {}
        places: dict[str, Target] = {}
        for given in jobs:
            target = self._target_of(given)
            if target is not None:
                self._add(given, target, places, asked)
        self._watches = {**asked, **dict(self._leaving(asked, now, unanswered, grace))}
        known = {**self._places, **places}
        self._places = {
            each.place: known[each.place] for each in self._watches.values() if each.place in known
        }
        self._name_the_unknown()

    def targets(self) -> tuple[Target, ...]:
        """Return what is watched: a Target for each place, with what its jobs are and lately were.

        One that is not `judged` holds batches that nobody judges: they are no other job's.
        """
        found = []
        for place, target in self._places.items():
            here = [each for each in self._watches.values() if each.place == place]
            here.sort(key=lambda watch: watch.until is not None)  # a batch that fits both is new
            expectations = tuple(
                msgspec.structs.replace(each.expectation, former=each.until is not None)
                for each in here
            )
            found.append(msgspec.structs.replace(target, expectations=expectations))
        return tuple(found)

    def absence(self, place: str) -> str:
        """Say why a place is not watched, as of now."""
        for watch in self._watches.values():
            if watch.place == place and place not in self._places:
                return f"{watch.label}: {_unknown(watch)}"
        return "no job of the configuration writes there any more"

    @property
    def watches(self) -> tuple[Watch, ...]:
        """The jobs that are watched; those with an `until` are in their grace."""
        return tuple(each for each in self._watches.values() if each.place in self._places)

    @property
    def unwatched(self) -> tuple[Unwatched, ...]:
        """The jobs whose batches are not judged."""
        return tuple(self._unwatched)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is unusual about the jobs, and was taken all the same."""
        return tuple(self._notes)

    @property
    def next_change(self) -> datetime | None:
        """When the next grace ends: `update` then, with the same jobs."""
        return min((each.until for each in self._watches.values() if each.until), default=None)

    def memory(self) -> bytes:
        """Return what the Roster of the next start has to know; there is no secret in it."""
        return write_memory(self._watches.values())

    def _target_of(self, given: GivenJob) -> Target | None:
        """Return a job's place, with its Expectation; None where it is not watched."""
        job, conf = given.job, given.job.destination_conf
        if not job.enabled:
            self._leave_out(given, Why.DISABLED, "it is disabled, so Logpush writes nothing")
            return None
        if conf is None or REDACTED in conf.reveal():
            said = "it has no destination_conf" if conf is None else "its secrets are redacted"
            self._leave_out(given, Why.INVALID, f"{said}; give the job with it")
            return None
        try:
            expected, unjudged = expectation(job), unverifiable(job)
            (target,) = targets_of_jobs(
                [(job, expected)], span=None, endpoint_url=given.endpoint_url
            )
        except ConfigError as error:
            unreadable = isinstance(error, SelectionInvalid)
            self._leave_out(given, Why.UNREADABLE if unreadable else Why.INVALID, str(error))
            return None
        if target.destination.scheme is Scheme.FILE:  # it is on no server
            target = msgspec.structs.replace(target, endpoint_url=None)
        if unjudged:
            self._leave_out(given, Why.UNJUDGED, unjudged)
        return target

    def _add(
        self,
        given: GivenJob,
        target: Target,
        places: dict[str, Target],
        asked: dict[_Key, Watch],
    ) -> None:
        place, name = target.destination.identity, label(given.job)
        first = places.setdefault(place, target)
        if first.endpoint_url != target.endpoint_url:
            self._leave_out(
                given, Why.INVALID, f"{target.destination} is watched at another endpoint_url"
            )
            return
        (expected,) = target.expectations
        key = (place, fingerprint(expected))
        if key in asked:
            self._notes.append(f"{name} is given more than once: watched once")
            return
        if given.job.id is not None and any(each.job.id == given.job.id for each in asked.values()):
            self._notes.append(f"different jobs have the id {given.job.id}: they are told as one")
        asked[key] = Watch(
            place=place,
            source=given.source,
            job=without_secrets(given.job),
            expectation=expected,
        )

    def _leaving(
        self,
        asked: Mapping[_Key, Watch],
        now: datetime,
        unanswered: Collection[str],
        grace: timedelta,
    ) -> Iterator[tuple[_Key, Watch]]:
        """Yield what was watched, is not asked for any more, and is accepted yet."""
        for key, watch in self._watches.items():
            if key in asked:
                continue
            until = watch.until
            if until is None and watch.source not in unanswered:
                until = now + grace
            elif until is not None:  # a clock set back makes no grace longer
                until = min(until, now + GRACE)
            if until is None or until > now:
                yield key, msgspec.structs.replace(watch, until=until)

    def _name_the_unknown(self) -> None:
        for watch in self._watches.values():
            if watch.place not in self._places:
                self._unwatched.append(
                    Unwatched(
                        label=watch.label,
                        source=watch.source,
                        why=Why.UNKNOWN,
                        reason=f"{watch.label}: {_unknown(watch)}",
                    )
                )

    def _leave_out(self, given: GivenJob, why: Why, reason: str) -> None:
        name = label(given.job)
        said = reason if reason.startswith(f"{name}: ") else f"{name}: {reason}"
        self._unwatched.append(Unwatched(label=name, source=given.source, why=why, reason=said))


def _unknown(watch: Watch) -> str:
    if watch.until is None:
        return f"where it writes is not known before {watch.source} answers"
    return "it has changed or gone, and where it wrote is remembered nowhere"

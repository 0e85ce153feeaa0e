"""The contract of a ledger: what was seen, who judges it, what came of it, what was sealed.

Every implementation joins `tests/conformance/ledger_suite.py`. Each call is one transaction (of
`seal`, each segment): it is done whole or not at all, whenever the process ends.

All times are the caller's clock, UTC. Callers whose clocks differ by some seconds judge nothing
twice: a claim has a number, and who holds an older one has lost it. By so many seconds a claim may
be taken early, its work done again in vain, or late; let claims last many times longer.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from receiver.check.report import Report, Verdict
from receiver.store.store import Object


class State(StrEnum):
    """How far an Entry has come."""

    WAITING = "waiting"  # seen, and to be judged: now, or when its next try is due
    JUDGED = "judged"
    PARKED = "parked"  # it could not be read, time and again; the reason stands with it
    REPLACED = "replaced"  # overwritten before it was read: the new content is an Entry of its own


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One object name and etag of a place. What is not known (yet) is None, or empty."""

    id: int
    place: str  # the identity of its Destination: bucket and folder, no secret
    key: str
    etag: str
    state: State
    stored_bytes: int
    arrived_at: datetime  # the store's time stamp
    seen_at: datetime
    rewrites: str = ""  # the etag that this name had before
    tries: int = 0  # how often it could not be read
    next_try_at: datetime | None = None
    error: str = ""  # why it could not be read, the last time
    job: int | None = None
    verdict: Verdict | None = None
    records: int = 0
    plain_bytes: int = 0
    compressed_bytes: int = 0
    errors: int = 0
    warnings: int = 0
    window: tuple[datetime, datetime] | None = None
    event_time: tuple[datetime, datetime] | None = None
    digest: str = ""  # SHA-256 of the stored bytes, as hex
    judged_at: datetime | None = None
    judgements: int = 0  # more than one: it was replayed


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """The right to judge one Entry, until it expires; after that until somebody else takes it."""

    entry: Entry
    owner: str
    until: datetime
    number: int  # of this Entry's claims: only the last one counts


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What came of reading one object: its Report, and which content that is about."""

    report: Report
    etag: str  # of what was read
    digest: str
    arrived_at: datetime | None = None  # of what was read, where it is not what was claimed


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """How far a prefix of a place has been listed."""

    prefix: str
    after: str  # the last key seen
    listed_at: datetime
    walked_at: datetime | None = None  # when it was last listed from its beginning


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A link of the manifest: what was judged in one hour, bound to all that was before.

    `hash` is over the previous segment's hash and the lines; the lines are the judgements, one
    JSON object each (see chain.py). Old segments lose their lines to retention and keep their hash.
    An hour has several segments where it is busy, or where something was recorded late.
    """

    number: int
    start: datetime
    end: datetime
    entries: int
    previous: str
    hash: str
    lines: bytes | None = None


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """All that one job had of one hour of windows, added up. Kept when Entries are gone.

    Judged again, a batch counts as it was judged last; of a name that was overwritten the newest
    content counts, as soon as it is judged. One whose name tells no window is in none: it could
    be said neither when it was to come nor how late it was.
    """

    job: int | None
    place: str
    start: datetime
    batches: int
    failed: int
    warned: int  # not failed, and there are warnings
    records: int
    plain_bytes: int
    compressed_bytes: int
    lateness_max: float  # seconds from a window's end to its arrival; before it: below 0
    lateness_sum: float


class Ledger(Protocol):
    """Safe for several tasks of a process, and for several processes at once.

    Every call raises LedgerError's children and nothing else: LedgerUnavailable (worth asking
    again: locked, full, no connection), LedgerInvalid (another program's, or a newer version's).
    After LedgerUnavailable it may not be known whether a call was done: any call can be made again
    as it was and is done once. `record` and `put_back` answer as the first time; what a lost
    `claim` has taken expires.
    """

    async def see(self, place: str, objects: Sequence[Object], *, now: datetime) -> int:
        """Note objects as waiting; those known by name and etag stay as they are.

        Returns how many were new. A name known with another etag is new, and says what it rewrites.
        A replaced Entry whose content is there again waits again, and counts as new.
        """
        ...

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
        """Take waiting Entries of a place that are due and unclaimed, those seen first first.

        At least one if there is any, however large; no Entry is in two unexpired claims. Those
        taken up come after what was seen before they were. Of more than `entries_max` that are due
        again (a try, or a claim that expired), those due longest come first.
        """
        ...

    async def extend(self, claims: Sequence[Claim], *, until: datetime) -> list[Claim]:
        """Hold claims longer; returns those that still are ours."""
        ...

    async def record(self, claim: Claim, judgement: Judgement, *, now: datetime) -> bool:
        """Record a verdict and give the claim up. False, and nothing is changed, where it was lost.

        Where the content read has another etag than the one claimed, the verdict belongs to an
        Entry of that etag (made if need be, left alone if judged), and the claimed one is replaced,
        or stays judged as it was.
        """
        ...

    async def put_back(
        self, claim: Claim, *, error: str = "", next_try_at: datetime | None, park: bool = False
    ) -> bool:
        """Give a claim up unjudged: for another try (counted if there is an error), or parked."""
        ...

    async def take_up(self, entries: Sequence[int], *, now: datetime) -> int:
        """Have Entries judged once more, for a replay or out of parking; returns how many.

        Those judged or parked are; the others wait already, or are gone.
        """
        ...

    async def position(self, place: str, prefix: str) -> Position | None:
        """Return how far a prefix was listed."""
        ...

    async def set_position(self, place: str, position: Position) -> None:
        """Note how far a prefix was listed."""
        ...

    async def recall(self, name: str) -> bytes | None:
        """Return what was last remembered by a name; None where nothing was."""
        ...

    async def remember(self, name: str, content: bytes) -> None:
        """Keep something small of the daemon's own, in the place of what it remembered before."""
        ...

    def entries(
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
        """Yield Entries that are all of this, by arrival, without holding them all in memory.

        Of a window its start counts: from `window_from` on, before `window_to`. What was judged
        and has no window, as its name tells none, is there by its arrival.
        """
        ...

    async def entry(self, number: int) -> Entry | None:
        """Return the Entry of a number; None where there is none, or no longer."""
        ...

    async def report(self, entry: int) -> Report | None:
        """Return the whole Report of an Entry; None where it has none, or no longer."""
        ...

    async def hours(self, *, start: datetime, end: datetime, job: int | None = None) -> list[Hour]:
        """Return the sums by hour of the windows' start, sorted."""
        ...

    async def seal(self, *, before: datetime) -> list[Segment]:
        """Seal what was judged before then and is in no segment yet, an hour to a segment.

        Of several daemons that do it at once, one does. Returns the segments made, without
        their lines.
        """
        ...

    def segments(
        self, *, start: datetime | None = None, end: datetime | None = None
    ) -> AsyncIterator[Segment]:
        """Yield the segments that touch a span, by number, lines included where they are kept."""
        ...

    async def prune(
        self,
        *,
        reports_before: datetime,
        entries_before: datetime,
        entries_max: int | None = None,
        early_before: datetime | None = None,
    ) -> int:
        """Forget Reports, then judged Entries and segments' lines, that are older; a bounded step.

        Of more Entries than `entries_max` the oldest judged go early, but none judged from
        `early_before` on: what is still listed would be new again. What is waiting, parked or not
        yet sealed is kept. Their age is counted from when they were judged, not from their
        arrival. Positions that old are forgotten too. Returns how much was forgotten: 0 when there
        is nothing more to do.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and files."""
        ...

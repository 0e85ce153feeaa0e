"""The Entries of a replay that wait to be judged: by our own intake, which tells, or by another
daemon's, whose verdicts are looked for in the ledger.
"""

from collections.abc import Callable
from enum import StrEnum
from itertools import islice
from typing import Final, Self

import msgspec

from receiver.check.report import Report, Severity, Verdict
from receiver.clock import Clock
from receiver.errors import Reason
from receiver.intake.alarm import Alarm
from receiver.intake.insistence import Insistence
from receiver.intake.observer import Unobserved
from receiver.ledger.ledger import Entry, Judgement, Ledger, State

LOOK_SECONDS: Final = 2.0
"""So often it is looked what others have judged."""

LOOKS_MAX: Final = 50
"""Entries that are looked for at once, a question each; those that wait longest first."""

TRIES_MAX: Final = 3
"""After so many tries an object is told of as unread; the daemon goes on trying."""

_REWRITTEN: Final = "it was rewritten since; its new content is an entry of its own"


class Fate(StrEnum):
    """What came of judging once more."""

    SAME = "same"
    FINDINGS = "findings"  # the same verdict, by other findings
    VERDICT = "verdict"  # another one
    FIRST = "first"  # it had none: it was parked
    GONE = "gone"  # the object is not there any more: it keeps the verdict that it had
    UNREAD = "unread"
    UNWATCHED = "unwatched"  # no job that is known writes there


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict, and what came with it."""

    verdict: Verdict
    job: int | None
    records: int
    errors: int
    warnings: int

    @classmethod
    def of_entry(cls, entry: Entry) -> Self | None:
        """Return what an Entry has; None where it was never judged."""
        if entry.verdict is None:
            return None
        return cls(
            verdict=entry.verdict,
            job=entry.job,
            records=entry.records,
            errors=entry.errors,
            warnings=entry.warnings,
        )

    @classmethod
    def of_report(cls, report: Report) -> Self:
        """Return what a Report has."""
        counts = dict.fromkeys(Severity, 0)
        for finding in report.findings:
            counts[finding.severity] += finding.count
        return cls(
            verdict=report.verdict,
            job=report.job,
            records=report.records,
            errors=counts[Severity.ERROR],
            warnings=counts[Severity.WARNING],
        )


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """One Entry of a replay."""

    fate: Fate
    id: int
    place: str
    key: str
    before: Outcome | None
    now: Outcome | None = None
    detail: str = ""


def replayed(entry: Entry, fate: Fate, detail: str = "") -> Replayed:
    """Return what is told of an Entry that was not judged."""
    return Replayed(
        fate=fate,
        id=entry.id,
        place=entry.place,
        key=entry.key,
        before=Outcome.of_entry(entry),
        detail=detail,
    )


class Pending(Unobserved):
    """Those that wait, as they were before; an observer of our own intake."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        insistence: Insistence,
        clock: Clock,
        tell: Callable[[Replayed], None],
    ) -> None:
        self._ledger = ledger
        self._insistence = insistence
        self._tell = tell
        self._alarm = Alarm(clock)
        self._entries: dict[int, Entry] = {}

    @property
    def count(self) -> int:
        """How many wait."""
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        """Have one more."""
        self._entries[entry.id] = entry

    async def wait_until(self, count: int) -> None:
        """Wait until no more than so many wait."""
        while len(self._entries) > count:
            if not await self._alarm.wait(LOOK_SECONDS):
                await self._look()

    def judged(self, entry: Entry, judgement: Judgement, *, read_seconds: float) -> None:
        rewritten = judgement.etag != entry.etag
        self._end(entry.id, Outcome.of_report(judgement.report), _REWRITTEN if rewritten else "")

    def put_back(self, entry: Entry, *, error: str, reason: Reason | None) -> None:
        if error and entry.tries + 1 >= TRIES_MAX:
            self._unread(entry.id, f"{error}; the daemon tries it again")

    def parked(self, entry: Entry, *, error: str, reason: Reason | None) -> None:
        self._unread(entry.id, f"{error}; it is parked")

    async def _look(self) -> None:
        """Look for what another daemon has made of those that wait longest."""
        for before in list(islice(self._entries.values(), LOOKS_MAX)):
            entry = await self._insistence.ask(lambda before=before: self._find(before))  # type: ignore[misc]
            if before.id not in self._entries:
                continue
            self._entries[before.id] = self._entries.pop(before.id)  # the next time, the others
            if entry is None or entry.state is State.REPLACED:
                self._unread(before.id, _REWRITTEN)
            elif entry.state is State.JUDGED and entry.judgements == before.judgements:
                self._unread(before.id, _REWRITTEN)  # this one stays as it was
            elif entry.state is State.JUDGED:
                self._end(before.id, Outcome.of_entry(entry))
            elif entry.state is State.PARKED:
                self._unread(before.id, f"{entry.error}; it is parked")
            elif entry.tries >= TRIES_MAX:
                self._unread(before.id, f"{entry.error}; the daemon tries it again")

    async def _find(self, before: Entry) -> Entry | None:
        async for entry in self._ledger.entries(place=before.place, key=before.key):
            if entry.id == before.id:
                return entry
        return None

    def _end(self, number: int, now: Outcome | None, detail: str = "") -> None:
        entry = self._entries.pop(number, None)
        if entry is None or now is None:
            return
        before = Outcome.of_entry(entry)
        if before is None:
            fate = Fate.FIRST
        elif before.verdict is not now.verdict:
            fate = Fate.VERDICT
        else:
            fate = Fate.SAME if before == now else Fate.FINDINGS
        self._tell(msgspec.structs.replace(replayed(entry, fate, detail), now=now))
        self._alarm.ring()

    def _unread(self, number: int, detail: str) -> None:
        entry = self._entries.pop(number, None)
        if entry is not None:
            self._tell(replayed(entry, Fate.UNREAD, detail))
            self._alarm.ring()

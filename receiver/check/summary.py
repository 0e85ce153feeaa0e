"""Summary: Reports folded into one bounded value, in any order and grouping the same.

Workers and daemons fold apart and merge later, so nothing here may depend on which came first.
"""

from datetime import datetime
from typing import Final, Self

import msgspec

from receiver.check.report import Finding, Report, Severity, Verdict

KINDS_MAX: Final = 64
"""Of one job, code and severity so many fields are kept apart: hostile records invent names.

Those that sort first are kept. A kind that is among the first of all is so in every part, so its
count is whole however the parts are merged.
"""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What makes findings of several batches one; a Group where `field` is left empty."""

    job: int | None
    code: str
    severity: Severity
    field: str = ""


class Seen(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """The first place where a kind of finding was seen: by key, then by line."""

    key: str
    line: int
    got_shown: str  # the value in that line
    expected: str
    got: str


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """Departures of one kind, the batches that have them, and where to look first."""

    count: int
    batches: int
    first: Seen

    def merge(self, other: Self) -> Self:
        """Add another total of the same kind."""
        return type(self)(
            count=self.count + other.count,
            batches=self.batches + other.batches,
            first=min(self.first, other.first),
        )


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """All of some Reports. `groups` hold every departure; `kinds` part them by field, bounded."""

    batches: int = 0
    failed: int = 0  # batches with an error
    noted: int = 0  # batches whose Report has notes
    records: int = 0
    plain_bytes: int = 0
    compressed_bytes: int = 0
    errors: int = 0  # departures
    warnings: int = 0
    window: tuple[datetime, datetime] | None = None  # from the first start to the last end
    records_of: dict[int | None, int] = {}  # by job; None: of no job that has an id
    groups: dict[Kind, Total] = {}
    kinds: dict[Kind, Total] = {}

    @classmethod
    def of(cls, report: Report) -> Self:
        """Summarize one Report."""
        counts = dict.fromkeys(Severity, 0)
        groups: dict[Kind, Total] = {}
        kinds: dict[Kind, Total] = {}
        for finding in report.findings:
            counts[finding.severity] += finding.count
            total = Total(count=finding.count, batches=1, first=_seen(report.key, finding))
            _gather(groups, _kind(report.job, finding, field=""), total)
            _gather(kinds, _kind(report.job, finding, field=finding.field), total)
        return cls(
            batches=1,
            failed=int(report.verdict is Verdict.FAIL),
            noted=int(bool(report.notes)),
            records=report.records,
            plain_bytes=report.plain_bytes,
            compressed_bytes=report.compressed_bytes,
            errors=counts[Severity.ERROR],
            warnings=counts[Severity.WARNING],
            window=report.window,
            records_of={report.job: report.records},
            groups=groups,
            kinds=_bounded(kinds),
        )

    def merge(self, other: Self) -> Self:
        """Add another Summary, of other batches."""
        records_of = dict(self.records_of)
        for job, records in other.records_of.items():
            records_of[job] = records_of.get(job, 0) + records
        return type(self)(
            batches=self.batches + other.batches,
            failed=self.failed + other.failed,
            noted=self.noted + other.noted,
            records=self.records + other.records,
            plain_bytes=self.plain_bytes + other.plain_bytes,
            compressed_bytes=self.compressed_bytes + other.compressed_bytes,
            errors=self.errors + other.errors,
            warnings=self.warnings + other.warnings,
            window=_joined(self.window, other.window),
            records_of=records_of,
            groups=_merged(self.groups, other.groups),
            kinds=_bounded(_merged(self.kinds, other.kinds)),
        )


def _kind(job: int | None, finding: Finding, *, field: str) -> Kind:
    return Kind(job=job, code=finding.code, severity=finding.severity, field=field)


def _seen(key: str, finding: Finding) -> Seen:
    first = min(finding.examples, key=lambda example: (example.line, example.got), default=None)
    return Seen(
        key=key,
        line=first.line if first else 0,
        got_shown=first.got if first else "",
        expected=finding.expected,
        got=finding.got,
    )


def _gather(totals: dict[Kind, Total], kind: Kind, total: Total) -> None:
    """Add a finding of the same batch: its departures count, the batch does not count again."""
    known = totals.get(kind)
    if known is not None:
        total = Total(
            count=known.count + total.count, batches=1, first=min(known.first, total.first)
        )
    totals[kind] = total


def _merged(one: dict[Kind, Total], other: dict[Kind, Total]) -> dict[Kind, Total]:
    if not other:  # most batches are good, and values are frozen: share it
        return one
    merged = dict(one)
    for kind, total in other.items():
        merged[kind] = merged[kind].merge(total) if kind in merged else total
    return merged


def _bounded(kinds: dict[Kind, Total]) -> dict[Kind, Total]:
    if len(kinds) <= KINDS_MAX:
        return kinds
    parts: dict[Kind, list[Kind]] = {}
    for kind in kinds:
        parts.setdefault(msgspec.structs.replace(kind, field=""), []).append(kind)
    for part in parts.values():
        part.sort(key=lambda kind: kind.field)
    return {kind: kinds[kind] for part in parts.values() for kind in part[:KINDS_MAX]}


def _joined(
    one: tuple[datetime, datetime] | None, other: tuple[datetime, datetime] | None
) -> tuple[datetime, datetime] | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])

"""What is wrong with a job's batches: the Reports of the newest bad ones, gathered by code."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from receiver.check.codes import MEANINGS, Code, Meaning
from receiver.check.report import Finding, Report, Severity
from receiver.daemon.status.batches import entries_of
from receiver.daemon.status.buckets import HOUR
from receiver.daemon.status.jobs import JobKey
from receiver.daemon.status.views import Findings, FindingView, Shown
from receiver.daemon.status.words import foreign
from receiver.ledger.ledger import Entry, Hour, Ledger
from receiver.limits import EXAMPLES_MAX, STATUS_HOURS_MAX, STATUS_REPORTS_MAX

_FIELDS_MAX: Final = 8
_FIELD_CHARS: Final = 80


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A bad batch."""

    path: str
    report: Report


async def findings_of(ledger: Ledger, key: JobKey, hours: Sequence[Hour]) -> Findings:
    """Gather the findings of a job's newest bad batches: of those that failed first."""
    found = [
        Found(path=f"/batches/{entry.id}", report=report)
        async for entry in _bad(ledger, key, hours)
        if (report := await ledger.report(entry.id)) is not None
    ]
    return Findings(
        batches=len(found),
        of=sum(each.failed + each.warned for each in hours),
        findings=gather(found),
    )


def gather(found: Iterable[Found]) -> tuple[FindingView, ...]:
    """Gather Reports by code and severity: errors first, then the most frequent."""
    groups: dict[tuple[str, Severity], list[tuple[Found, Finding]]] = {}
    for each in found:
        for finding in each.report.findings:
            groups.setdefault((finding.code, finding.severity), []).append((each, finding))
    order = list(Severity)
    views = [_view(group) for group in groups.values()]
    views.sort(key=lambda each: (order.index(each.severity), -each.count, each.code))
    return tuple(views)


def meaning_of(code: str, field: str) -> tuple[str, str]:
    """Return what a code means and what to do; of a field, if it is of one."""
    try:
        said = MEANINGS[Code(code)]
    except ValueError:  # a newer version's: several daemons share a ledger
        said = Meaning(severity=Severity.ERROR, meaning="A newer version knows it.", remedy="")
    named = foreign(field, _FIELD_CHARS) or "the field"
    return said.meaning.format(field=named), said.remedy.format(field=named)


def _view(group: Sequence[tuple[Found, Finding]]) -> FindingView:
    first = group[0][1]
    fields: Counter[str] = Counter()
    for _, finding in group:
        fields[finding.field] += finding.count
    meaning, remedy = meaning_of(first.code, first.field if len(fields) == 1 else "")
    named = [(field, count) for field, count in fields.most_common() if field]
    return FindingView(
        code=first.code,
        severity=first.severity,
        count=sum(finding.count for _, finding in group),
        batches=len({each.path for each, _ in group}),
        fields=tuple(named[:_FIELDS_MAX]),
        fields_more=max(0, len(named) - _FIELDS_MAX),
        expected=_same(finding.expected for _, finding in group),
        got=_same(finding.got for _, finding in group),
        meaning=meaning,
        remedy=remedy,
        examples=tuple(_examples(group))[:EXAMPLES_MAX],
    )


def _examples(group: Sequence[tuple[Found, Finding]]) -> Iterable[Shown]:
    """Yield one example of each batch, the newest first."""
    seen = set()
    for each, finding in group:
        if each.path in seen:
            continue
        seen.add(each.path)
        line, got = (
            (finding.examples[0].line, finding.examples[0].got) if finding.examples else (0, "")
        )
        yield Shown(batch=each.path, key=each.report.key, line=line, got=got, field=finding.field)


def _same(said: Iterable[str]) -> str:
    one, *others = set(said)
    return "" if others else one


async def _bad(ledger: Ledger, key: JobKey, hours: Sequence[Hour]) -> AsyncIterator[Entry]:
    """Yield a job's newest bad Entries, from the hours that have any: so many, and no more."""
    left = STATUS_REPORTS_MAX
    for failed_only in (True, False):
        starts = {each.start for each in hours if (each.failed if failed_only else each.warned)}
        for start in sorted(starts, reverse=True)[:STATUS_HOURS_MAX]:
            async for entry in _bad_of_hour(ledger, key, start, failed_only=failed_only):
                yield entry
                left -= 1
                if not left:
                    return


async def _bad_of_hour(
    ledger: Ledger, key: JobKey, start: datetime, *, failed_only: bool
) -> AsyncIterator[Entry]:
    entries = entries_of(ledger, key, start, start + HOUR, failed_only=failed_only)
    async for entry in entries:
        if failed_only or (entry.warnings and not entry.errors):
            yield entry

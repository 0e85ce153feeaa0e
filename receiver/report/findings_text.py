"""A sweep's findings as text: gathered by code and field, worst first, each with an example."""

from collections.abc import Iterator
from typing import Final

import msgspec
from rich.cells import cell_len

from receiver.check.codes import MEANINGS, Code
from receiver.check.report import Severity
from receiver.check.summary import Kind, Seen, Total
from receiver.report.ink import STYLE_OF_SEVERITY, Ink, Style
from receiver.report.phrase import counted, elided, padded, visible, wrap, wrap_words
from receiver.report.sweep_report import SweepReport

_FIELDS_SHOWN: Final = 4  # of one code: a job for another data set lacks a hundred at once
_FIELDS_NAMED: Final = 12
_COUNT_COLUMN: Final = 47
_KEY_LINES: Final = 2
_INDENT: Final = "  "

# Where the code itself says all; of the others, what was expected and what was there.
_SELF_EVIDENT: Final = frozenset({
    Code.BATCH_EMPTY, Code.BATCH_TOO_LARGE, Code.GZIP_TRUNCATED, Code.LINE_BLANK,
    Code.LINE_KEY_REPEATED, Code.FIELD_MISSING, Code.FIELD_UNEXPECTED, Code.FIELD_NULL,
    Code.RECORD_REPEATED, Code.KEY_WINDOW, Code.DATE_UNSUBSTITUTED,
})  # fmt: skip
_QUESTIONS: Final = ("Was ", "Did ", "Does ", "Is ")


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """All findings of one code (and job), the most frequent fields first."""

    code: str
    severity: Severity
    job: int | None
    total: Total
    fields: tuple[tuple[str, Total], ...]


def group_findings(swept: SweepReport) -> list[Group]:
    """Gather a SweepReport's findings: errors first, then the most frequent."""
    fields: dict[Kind, list[tuple[str, Total]]] = {}
    for kind, total in swept.summary.kinds.items():
        group = msgspec.structs.replace(kind, field="")
        fields.setdefault(group, []).append((kind.field, total))
    groups = [
        Group(
            code=kind.code,
            severity=kind.severity,
            job=kind.job,
            total=total,
            fields=tuple(sorted(fields[kind], key=lambda each: (-each[1].count, each[0]))),
        )
        for kind, total in swept.summary.groups.items()
    ]
    groups += _groups_of_sweep(swept)
    order = list(Severity)
    groups.sort(
        key=lambda each: (
            order.index(each.severity), -each.total.count, each.code, each.job or 0
        )
    )  # fmt: skip
    return groups


def findings_lines(swept: SweepReport, *, ink: Ink, columns: int) -> Iterator[str]:
    """Yield the lines of all findings, and at the end where to read more."""
    groups = group_findings(swept)
    blocks = [_Block(group, swept, ink, columns) for group in groups]
    widest = max((len(counts) for block in blocks for counts in block.counts()), default=0)
    for block in blocks:
        yield ""
        yield from block.lines(column=min(_COUNT_COLUMN, columns - widest))
    if groups:
        yield ""
        yield from wrap(
            f"More on a code: logpush-receiver explain {groups[0].code}", columns=columns
        )


class _Block:
    """The lines of one group."""

    def __init__(self, group: Group, swept: SweepReport, ink: Ink, columns: int) -> None:
        self._group = group
        self._prefix = swept.prefix
        self._several_jobs = len(swept.jobs) > 1
        self._ink = ink
        self._columns = columns

    def counts(self) -> list[str]:
        """Return how often each field shown has it, as the lines will say."""
        return [self._counts(total) for _, total in self._group.fields[:_FIELDS_SHOWN]]

    def lines(self, *, column: int) -> Iterator[str]:
        """Yield all lines; `column` is where the counts begin if there is room."""
        meaning = MEANINGS[Code(self._group.code)]
        place: tuple[str, int] | None = None
        for number, (field, total) in enumerate(self._group.fields[:_FIELDS_SHOWN]):
            yield from self._head(field, total, column)
            if place != (total.first.key, total.first.line):
                yield from self._place(total.first)
            place = (total.first.key, total.first.line)
            yield from self._difference(total.first)
            if number == 0:
                named = visible(field) or "the field"
                yield from self._indented(meaning.meaning.format(field=named))
                yield from self._indented(_advice(meaning.remedy.format(field=named)))
        yield from self._left_out()

    def _left_out(self) -> Iterator[str]:
        """Name the fields for which there is no room, and how often they have it."""
        names = [visible(field) for field, _ in self._group.fields[_FIELDS_SHOWN:]]
        shown = sum(total.count for _, total in self._group.fields[:_FIELDS_SHOWN])
        if not names:
            return
        more = ", ..." if len(names) > _FIELDS_NAMED else ""
        times = f"{self._group.total.count - shown:,} times in all"
        yield from self._indented(f"Also {', '.join(names[:_FIELDS_NAMED])}{more}: {times}")

    def _head(self, field: str, total: Total, column: int) -> Iterator[str]:
        warning = "warning: " if self._group.severity is Severity.WARNING else ""
        label = warning + self._group.code
        counts = self._counts(total)
        head = label + (f"  {visible(field)}" if field else "")
        head = elided(head, self._columns)
        coloured = self._ink(label, STYLE_OF_SEVERITY[self._group.severity])
        line = padded(head, column) + counts
        if cell_len(line) <= self._columns:
            yield coloured + line[len(label) :]
        else:
            yield coloured + head[len(label) :]
            yield _INDENT + counts

    def _counts(self, total: Total) -> str:
        if not total.first.key:
            return "the sweep as a whole"
        batches = counted(total.batches, "batch", "batches")
        one = _counted_thing(self._group.code)
        words = f"{counted(total.count, one)} in {batches}" if one else batches
        job = self._group.job
        return words + (f" of job {job}" if self._several_jobs and job is not None else "")

    def _place(self, seen: Seen) -> Iterator[str]:
        key = visible(seen.key.removeprefix(self._prefix))
        if not key:
            return
        words = [elided(key, _KEY_LINES * (self._columns - 4))]
        if seen.line:
            words.append(f" line {seen.line:,}")
        elif seen.got_shown.startswith("after line") and seen.got_shown != "after line 0":
            words.append(f" {visible(seen.got_shown)}")
        for text in wrap_words(words, columns=self._columns, indent=_INDENT, hang="   "):
            yield _INDENT + self._ink(text[len(_INDENT) :], Style.FAINT)

    def _difference(self, seen: Seen) -> Iterator[str]:
        if self._group.code in _SELF_EVIDENT:
            return
        got, shown = visible(seen.got), visible(seen.got_shown)
        words = f"Expected {visible(seen.expected)}, got {got}"
        if shown and shown not in {got, visible(seen.key)} and seen.line:
            words += f": {shown}"
        yield from self._indented(words)

    def _indented(self, text: str) -> Iterator[str]:
        return wrap(text, columns=self._columns, indent=_INDENT)


def _groups_of_sweep(swept: SweepReport) -> Iterator[Group]:
    for finding in swept.findings:
        nowhere = Seen(key="", line=0, got_shown="", expected=finding.expected, got=finding.got)
        total = Total(count=finding.count, batches=0, first=nowhere)
        yield Group(
            code=finding.code,
            severity=finding.severity,
            job=None,
            total=total,
            fields=((finding.field, total),),
        )


def _counted_thing(code: str) -> str:
    """What departures of a code are counted in; "" where a batch has it or not."""
    family = code.partition("-")[0]
    if code == Code.NOT_GZIP or family in {"gzip", "batch", "key", "date"}:
        return ""
    return "line" if family == "line" else "record"


def _advice(remedy: str) -> str:
    if remedy.startswith(_QUESTIONS):
        return f"Look at: {remedy[0].lower()}{remedy[1:]}"
    return remedy

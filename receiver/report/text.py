"""A SweepReport as text for people: 80 columns, worst first, every finding with where to look."""

from collections.abc import Iterator
from typing import Final

from receiver.check.report import Severity
from receiver.report.findings_text import findings_lines, group_findings
from receiver.report.ink import STYLE_OF_VERDICT, Ink, Style
from receiver.report.phrase import counted, elided, size, span, visible, wrap, wrap_words
from receiver.report.sweep_report import SweepJob, SweepReport, Unread

COLUMNS: Final = 80
_LISTED_MAX: Final = 10  # of objects that could not be read, and of notes: the JSON has them all


def write_text(swept: SweepReport, *, colour: bool = False) -> Iterator[str]:
    """Yield the lines of a SweepReport's report, without their ends."""
    ink = Ink(colour=colour)
    for job in swept.jobs:
        yield from _job_lines(job)
    for source in swept.sources:
        yield from wrap(f"in {visible(source)}", columns=COLUMNS, hang="  ")
    if swept.summary.batches:
        yield from wrap_words(_totals(swept), columns=COLUMNS)
    yield ""
    words, rest = _verdict(swept)
    first, *others = wrap(words + rest, columns=COLUMNS, hang="  ")
    yield ink(words, STYLE_OF_VERDICT[swept.verdict]) + first[len(words) :]
    yield from others
    yield from findings_lines(swept, ink=ink, columns=COLUMNS)
    yield from _unread(swept.unread, ink)
    yield from _notes(swept)


def _job_lines(job: SweepJob) -> Iterator[str]:
    default = "default " if job.fields_default else ""
    if job.fields is not None:
        fields = counted(job.fields, f"{default}field")
    else:
        fields = "default fields" if default else "fields not checked"
    parts = [visible(job.words), fields, job.timestamps]
    if job.sample != 1:
        parts.append(f"sample {job.sample:g}")
    line = ", ".join(parts) + (f" -> {visible(job.where)}" if job.where else "")
    return wrap(line, columns=COLUMNS, hang="  ")


def _totals(swept: SweepReport) -> list[str]:
    """Return what the line of totals is made of: it breaks between these only."""
    summary = swept.summary
    compressed = summary.compressed_bytes != summary.plain_bytes
    gzip = f" ({size(summary.compressed_bytes)} gzip)" if compressed else ""
    parts = [
        counted(summary.batches, "batch", "batches"),
        counted(summary.records, "record"),
        size(summary.plain_bytes) + gzip,
    ]
    if summary.window is not None:
        parts.append(span(*summary.window))
    return [f"{part}," for part in parts[:-1]] + parts[-1:]


def _verdict(swept: SweepReport) -> tuple[str, str]:
    """Return the verdict's word, and what it says of the batches and of what was asked."""
    summary = swept.summary
    batches = counted(summary.batches, "batch", "batches")
    told = []
    if not summary.batches:
        told.append("nothing was found to judge")
    elif summary.failed:
        told.append(f"{summary.failed:,} of {batches}")
    else:
        told.append(batches)
    groups = group_findings(swept)
    errors = sum(group.severity is Severity.ERROR for group in groups)
    warnings = len(groups) - errors
    if errors:
        kinds_told = counted(errors, "kind of error", "kinds of error")
        told.append(kinds_told + (f", {warnings} of warning" if warnings else ""))
    elif warnings:
        told.append(counted(warnings, "kind of warning", "kinds of warning"))
    if swept.unread:
        told.append(f"{len(swept.unread):,} could not be read")
    if swept.unanswered:
        told.append(f"{counted(len(swept.unanswered), 'question')} not answered")
    if swept.interrupted:
        told.append("interrupted: this is what was verified by then")
    return swept.verdict.upper(), "  " + "; ".join(told)


def _unread(unread: tuple[Unread, ...], ink: Ink) -> Iterator[str]:
    for number, each in enumerate(unread):
        if number == 0:
            yield ""
            yield ink("could not be read", Style.DOUBTFUL)
        if number == _LISTED_MAX:
            yield f"  and {len(unread) - number:,} more (--format json lists them all)"
            return
        yield f"  {elided(visible(each.key), COLUMNS - 2)}"
        yield from wrap(visible(each.error), columns=COLUMNS, indent="    ")


def _notes(swept: SweepReport) -> Iterator[str]:
    notes = [
        *(f"Not answered: {text}" for text in swept.unanswered),
        *(f"Not checked: {text}" for text in swept.unchecked),
        *(f"Note: {text}" for text in swept.notes),
    ]
    if swept.ignored:
        one, many = "object that is no batch", "objects that are no batches"
        notes.append(f"Ignored: {counted(len(swept.ignored), one, many)}")
    if swept.summary.noted:
        noted = counted(swept.summary.noted, "batch has", "batches have")
        notes.append(f"Note: {noted} notes of their own (--format json shows them)")
    if notes:
        yield ""
    for note in notes[:_LISTED_MAX]:
        yield from wrap(visible(note), columns=COLUMNS, hang="  ")
    if len(notes) > _LISTED_MAX:
        yield f"and {len(notes) - _LISTED_MAX:,} more notes (--format json shows them)"

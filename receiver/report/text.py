"""A Run as text for people: 80 columns, worst first, every finding with where to look."""

from collections.abc import Iterator
from typing import Final

from receiver.check.report import Severity
from receiver.report.findings_text import findings_lines, group_findings
from receiver.report.ink import STYLE_OF_VERDICT, Ink, Style
from receiver.report.phrase import counted, elided, size, span, visible, wrap, wrap_words
from receiver.report.run import Run, RunJob, Unread

COLUMNS: Final = 80
_LISTED_MAX: Final = 10  # of objects that could not be read, and of notes: the JSON has them all


def write_text(run: Run, *, colour: bool = False) -> Iterator[str]:
    """Yield the lines of a Run's report, without their ends."""
    ink = Ink(colour=colour)
    for job in run.jobs:
        yield from _job_lines(job)
    for source in run.sources:
        yield from wrap(f"in {visible(source)}", columns=COLUMNS, hang="  ")
    if run.summary.batches:
        yield from wrap_words(_totals(run), columns=COLUMNS)
    yield ""
    words, rest = _verdict(run)
    first, *others = wrap(words + rest, columns=COLUMNS, hang="  ")
    yield ink(words, STYLE_OF_VERDICT[run.verdict]) + first[len(words) :]
    yield from others
    yield from findings_lines(run, ink=ink, columns=COLUMNS)
    yield from _unread(run.unread, ink)
    yield from _notes(run)


def _job_lines(job: RunJob) -> Iterator[str]:
    fields = "default fields" if job.fields is None else counted(job.fields, "field")
    parts = [visible(job.words), fields, job.timestamps]
    if job.sample != 1:
        parts.append(f"sample {job.sample:g}")
    line = ", ".join(parts) + (f" -> {visible(job.where)}" if job.where else "")
    return wrap(line, columns=COLUMNS, hang="  ")


def _totals(run: Run) -> list[str]:
    """Return what the line of totals is made of: it breaks between these only."""
    summary = run.summary
    parts = [
        counted(summary.batches, "batch", "batches"),
        counted(summary.records, "record"),
        f"{size(summary.plain_bytes)} ({size(summary.compressed_bytes)} gzip)",
    ]
    if summary.window is not None:
        parts.append(span(*summary.window))
    return [f"{part}," for part in parts[:-1]] + parts[-1:]


def _verdict(run: Run) -> tuple[str, str]:
    """Return the verdict's word, and what it says of the batches and of what was asked."""
    summary = run.summary
    batches = counted(summary.batches, "batch", "batches")
    told = []
    if not summary.batches:
        told.append("nothing was found to judge")
    elif summary.failed:
        told.append(f"{summary.failed:,} of {batches}")
    else:
        told.append(batches)
    groups = group_findings(run)
    errors = sum(group.severity is Severity.ERROR for group in groups)
    warnings = len(groups) - errors
    if errors:
        kinds_told = counted(errors, "kind of error", "kinds of error")
        told.append(kinds_told + (f", {warnings} of warning" if warnings else ""))
    elif warnings:
        told.append(counted(warnings, "kind of warning", "kinds of warning"))
    if run.unread:
        told.append(f"{len(run.unread):,} could not be read")
    if run.unanswered:
        told.append(f"{counted(len(run.unanswered), 'question')} not answered")
    if run.interrupted:
        told.append("interrupted: this is what was verified by then")
    return run.verdict.upper(), "  " + "; ".join(told)


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


def _notes(run: Run) -> Iterator[str]:
    notes = [
        *(f"Not answered: {text}" for text in run.unanswered),
        *(f"Not checked: {text}" for text in run.unchecked),
        *(f"Note: {text}" for text in run.notes),
    ]
    if run.ignored:
        one, many = "object that is no batch", "objects that are no batches"
        notes.append(f"Ignored: {counted(len(run.ignored), one, many)}")
    if run.summary.noted:
        noted = counted(run.summary.noted, "batch has", "batches have")
        notes.append(f"Note: {noted} notes of their own (--format json shows them)")
    if notes:
        yield ""
    for note in notes[:_LISTED_MAX]:
        yield from wrap(visible(note), columns=COLUMNS, hang="  ")
    if len(notes) > _LISTED_MAX:
        yield f"and {len(notes) - _LISTED_MAX:,} more notes (--format json shows them)"

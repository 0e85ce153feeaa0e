"""The status page in 80 columns: what is wrong first, then jobs, findings, places."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from receiver.check.report import Severity
from receiver.cli.status_answer import Answer
from receiver.daemon.status.troubles import headline, job_words
from receiver.daemon.status.views import FindingView, JobView, Level, Overview, PlaceView, Trouble
from receiver.daemon.status.words import ago, duration
from receiver.report.ink import STYLE_OF_SEVERITY, STYLE_OF_VERDICT, Ink, Style
from receiver.report.phrase import counted, elided, size, visible, wrap
from receiver.report.text import COLUMNS

_FINDINGS_MAX: Final = 5  # of one job; its page has them all
_LISTED_MAX: Final = 20


def status_lines(answer: Answer, ink: Ink) -> Iterator[str]:
    """Yield lines of 80 columns."""
    view = answer.overview
    assert view is not None
    if answer.answered:
        words = headline(view.troubles, batches=view.totals.batches)
        style = STYLE_OF_VERDICT[view.verdict]
        yield ink(words, style) + f", says {answer.url}/"
    else:
        yield ink("The daemon does not answer.", Style.BAD) + " This is what the ledger knows:"
    for trouble in view.troubles:
        yield from _trouble_lines(trouble, view.at, ink)
    yield ""
    yield from wrap(_totals(view), columns=COLUMNS, hang="  ")
    for job in view.jobs:
        yield from _job_lines(job, view.at, ink)
        findings = answer.findings.get(job.path, ())
        for finding in findings[:_FINDINGS_MAX]:
            yield from _finding_lines(finding, ink)
        if len(findings) > _FINDINGS_MAX:
            yield f"    and {len(findings) - _FINDINGS_MAX} more: {job.path} of the status page"
    if view.jobs_count > len(view.jobs):
        yield f"and {counted(view.jobs_count - len(view.jobs), 'more job')} that are well or quiet"
    if view.places:
        yield ""
        yield from _listed([_place_line(each, view.at) for each in view.places])
    if view.parked:
        more = "more than " if view.parked_more else ""
        yield f"{more}{counted(view.parked, 'object')} parked: ledger list --state parked"
    if view.unwatched:
        yield ""
        yield "not watched, or not judged"
        for reason in view.unwatched[:_LISTED_MAX]:
            yield from wrap(visible(reason), columns=COLUMNS, indent="  ", hang="    ")


def _trouble_lines(trouble: Trouble, now: datetime, ink: Ink) -> Iterator[str]:
    bad = trouble.level is Level.ERROR
    word = "wrong" if bad else "look at"
    since = ""
    if trouble.since:
        before = "before " if trouble.since_before else ""
        since = f", since {before}{trouble.since:%-d %b %H:%M} UTC ({ago(trouble.since, now)})"
    text = visible(f"{word}  {trouble.what}{since}")
    first, *others = wrap(text, columns=COLUMNS, hang="    ")
    yield ink(word, Style.BAD if bad else Style.DOUBTFUL) + first[len(word) :]
    yield from others
    if trouble.detail:
        yield from wrap(visible(trouble.detail), columns=COLUMNS, indent="    ")


def _totals(view: Overview) -> str:
    totals = view.totals
    told = [counted(totals.batches, "batch", "batches")]
    if totals.failed:
        told.append(f"{totals.failed:,} failed")
    if totals.warned:
        told.append(f"{totals.warned:,} with warnings")
    told += [counted(totals.records, "record"), size(totals.plain_bytes)]
    return f"24 hours: {', '.join(told)}"


def _job_lines(job: JobView, now: datetime, ink: Ink) -> Iterator[str]:
    word = job.verdict.upper()
    totals = job.totals
    told = [job_words(job) + (f" {job.name}" if job.name else "")]
    batches = counted(totals.batches, "batch", "batches")
    told.append(f"{totals.failed:,} of {batches} failed" if totals.failed else batches)
    if totals.warned:
        told.append(f"{totals.warned:,} with warnings")
    told.append(counted(totals.records, "record"))
    if job.last_arrival:
        told.append(f"the last came {ago(job.last_arrival, now)}")
        if job.lag_seconds is not None and job.lag_seconds > 0:
            told.append(f"its window ended {duration(job.lag_seconds)} ago")
    else:
        told.append("none has come yet")
    if job.place_error:
        told.append("its place cannot be read")
    if job.grace_until:
        told.append(f"changed; the old form is accepted until {job.grace_until:%H:%M} UTC")
    if not job.configured:
        told.append("not watched")
    first, *others = wrap(visible(f"{word}  {', '.join(told)}"), columns=COLUMNS, hang="    ")
    yield ink(word, STYLE_OF_VERDICT[job.verdict]) + first[len(word) :]
    yield from others


def _finding_lines(finding: FindingView, ink: Ink) -> Iterator[str]:
    warning = "warning: " if finding.severity is Severity.WARNING else ""
    label = f"{warning}{visible(finding.code)}"
    fields = ", ".join(visible(field) for field, _ in finding.fields[:3])
    batches = counted(finding.batches, "batch", "batches")
    text = f"{label}  {fields + '  ' if fields else ''}{finding.count:,} in {batches}"
    first, *others = wrap(text, columns=COLUMNS, indent="    ", hang="      ")
    yield "    " + ink(label, STYLE_OF_SEVERITY[finding.severity]) + first[4 + len(label) :]
    yield from others
    if finding.examples:
        shown = finding.examples[0]
        line = f"  line {shown.line:,}" if shown.line else ""
        yield f"      {elided(visible(shown.key), COLUMNS - 6 - len(line))}{line}"


def _place_line(place: PlaceView, now: datetime) -> str:
    listed = f"listed {ago(place.last_listed_at, now)}" if place.last_listed_at else "not listed"
    state = listed
    if place.error or place.read_error:
        state = f"cannot be {'looked at' if place.error else 'read'}, {listed}"
    return f"{elided(visible(place.place), COLUMNS - len(state) - 2)}  {state}"


def _listed(lines: list[str]) -> Iterator[str]:
    yield from lines[:_LISTED_MAX]
    if len(lines) > _LISTED_MAX:
        yield f"and {len(lines) - _LISTED_MAX} more places"

"""A reference against what arrived: the sample rate judged, or what stands in the way."""

from collections.abc import Sequence
from typing import Final

import msgspec

from receiver.check.codes import Code
from receiver.check.report import Finding, Severity
from receiver.check.summary import Summary
from receiver.cli.jobs import AskedJob
from receiver.delivery.sample import SampleReason, SampleState, SampleVerdict, judge_sample
from receiver.errors import ConfigError
from receiver.job.job import label
from receiver.report.phrase import elided

_DIGITS_MAX: Final = 15  # so far the arithmetic is exact
_SHOWN_CHARS: Final = 40
_UNCLEAR: Final = {
    SampleReason.TOO_FEW_RECORDS: "too few records to tell",
    SampleReason.REFERENCE_INCOMPLETE: "more arrived than the reference counts",
    SampleReason.REFERENCE_EMPTY: "the reference counts no record",
}


class SampleAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say of the jobs' samples."""

    findings: tuple[Finding, ...] = ()
    unanswered: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def parse_references(texts: Sequence[str], asked: Sequence[AskedJob]) -> dict[int, int]:
    """Read every `--reference-count`, `N` or `JOB=N`; the result is by the job's place in `asked`.

    Raises:
        ConfigError: it is no count, or does not say of which of several jobs.
    """
    found: dict[int, int] = {}
    for text in texts:
        shown = f"--reference-count {elided(text, _SHOWN_CHARS)}"
        try:
            place, count = _parse_reference(text, asked)
        except ConfigError as error:
            raise ConfigError(f"{shown}: {error}") from None
        if place in found:
            raise ConfigError(f"{shown}: the job has a reference already")
        found[place] = count
    return found


def _parse_reference(text: str, asked: Sequence[AskedJob]) -> tuple[int, int]:
    """Return the place of a reference's job in `asked`, and its count."""
    job, equals, digits = text.rpartition("=")
    if not digits.isdecimal() or (equals and not job.isdecimal()):
        raise ConfigError("write a count of records, or JOB=COUNT")
    if len(digits) > _DIGITS_MAX:
        raise ConfigError(f"nobody has counted so many records; write {_DIGITS_MAX} digits at most")
    if not equals and len(asked) > 1:
        raise ConfigError(f"of which job? Write JOB={digits}")
    if not equals:
        return 0, int(digits)
    places = [place for place, each in enumerate(asked) if str(each.job.id) == job.lstrip("0")]
    if not places:
        raise ConfigError(f"there is no job {elided(job, _SHOWN_CHARS)} in --job")
    if len(places) > 1:
        raise ConfigError(f"{len(places)} different jobs have the id {job}: give --job only one")
    return places[0], int(digits)


def judge_samples(
    asked: Sequence[AskedJob], references: dict[int, int], summary: Summary, *, complete: bool
) -> SampleAnswer:
    """Judge every job that has a reference; `complete` says that all its batches were read."""
    answer = SampleAnswer()
    for place, each in enumerate(asked):
        sample = each.expectation.sample
        name = f"{label(each.job)}: " if len(asked) > 1 else ""
        if place in references:
            told = _judged(each, references[place], summary, name, complete=complete)
        elif sample < 1 and not each.unverifiable:
            note = f"{name}sample {sample:g} has nothing to be compared with (--reference-count)"
            told = SampleAnswer(unchecked=(note,))
        else:
            continue
        answer = _joined(answer, told)
    return answer


def _judged(
    each: AskedJob, reference: int, summary: Summary, name: str, *, complete: bool
) -> SampleAnswer:
    sample = each.expectation.sample
    question = f"{name}sample {sample:g} against {reference:,} records"
    if each.unverifiable:
        return SampleAnswer(unanswered=(f"{question}: the job's records cannot be counted",))
    if each.job.transformer_id is not None:
        return SampleAnswer(unanswered=(f"{question}: the job's transformer may drop records",))
    if not complete:
        return SampleAnswer(unanswered=(f"{question}: not all batches could be read",))
    delivered = summary.records_of.get(each.job.id, 0) - _foreign(each, summary)
    verdict = judge_sample(configured=sample, reference=reference, delivered=delivered)
    notes = _conditions(each, name)
    if verdict.verdict is SampleState.INSUFFICIENT:
        why = _UNCLEAR[verdict.reason]
        return SampleAnswer(unanswered=(f"{question}: {delivered:,} arrived, {why}",), notes=notes)
    if verdict.verdict is SampleState.CONSISTENT:
        good = f"{name}sample {sample:g} as promised: {_share(verdict, delivered, reference)}"
        return SampleAnswer(notes=(good, *notes))
    low, high = verdict.band
    finding = Finding(
        code=Code.SAMPLE_RATE,
        severity=Severity.ERROR,
        expected=f"{name}a share of {low:.4g} to {high:.4g}",
        got=_share(verdict, delivered, reference),
        count=1,
    )
    return SampleAnswer(findings=(finding,), notes=notes)


def _foreign(each: AskedJob, summary: Summary) -> int:
    """Return how many records of other data sets came in the job's batches: never a part of it."""
    return sum(
        total.count
        for kind, total in summary.groups.items()
        if kind.job == each.job.id and kind.code == Code.DATASET_OTHER
    )


def _share(verdict: SampleVerdict, delivered: int, reference: int) -> str:
    return f"{verdict.share:.4g} ({delivered:,} of {reference:,} records)"


def _conditions(each: AskedJob, name: str) -> tuple[str, ...]:
    """A reference of other records than the job's makes any answer worthless: say what it needs."""
    needs = []
    if each.job.filter:
        needs.append("records that pass the job's filter")
    if each.job.filter_attack_traffic:
        needs.append("no attack traffic, which the job leaves out")
    return (f"{name}the reference must count {' and '.join(needs)}",) if needs else ()


def _joined(one: SampleAnswer, other: SampleAnswer) -> SampleAnswer:
    return SampleAnswer(
        findings=one.findings + other.findings,
        unanswered=one.unanswered + other.unanswered,
        unchecked=one.unchecked + other.unchecked,
        notes=one.notes + other.notes,
    )

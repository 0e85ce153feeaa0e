"""A reference against what arrived: the sample rate judged, or what stands in the way."""

from collections.abc import Sequence

import msgspec

from receiver.check.codes import Code
from receiver.check.report import Finding, Severity
from receiver.check.summary import Summary
from receiver.cli.jobs import AskedJob
from receiver.delivery.sample import SampleReason, SampleState, SampleVerdict, judge_sample
from receiver.errors import ConfigError
from receiver.job.job import label

_UNCLEAR = {
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
    places = {each.job.id: place for place, each in enumerate(asked)}
    found: dict[int, int] = {}
    for text in texts:
        job, equals, count = text.rpartition("=")
        if not count.isdecimal() or (equals and not job.isdecimal()):
            raise ConfigError(f"--reference-count {text}: write a count of records, or JOB=COUNT")
        if not equals and len(asked) > 1:
            raise ConfigError(f"--reference-count {text}: of which job? Write JOB={count}")
        place = places.get(int(job)) if equals else 0
        if place is None:
            raise ConfigError(f"--reference-count {text}: there is no job {job} in --job")
        if place in found:
            raise ConfigError(f"--reference-count {text}: the job has a reference already")
        found[place] = int(count)
    return found


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
    delivered = summary.records_of.get(each.job.id, 0)
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

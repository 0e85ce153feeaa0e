"""A SweepReport: all that one verification found, as every kind of report shows it."""

from enum import IntEnum
from typing import Final

import msgspec

from receiver.check.report import Finding, Report, Severity, Verdict
from receiver.check.summary import Summary
from receiver.job.expectation import Expectation


class Exit(IntEnum):
    """How the program ends; scripts rely on the numbers."""

    PASS = 0
    FAIL = 1
    CONFIG = 2  # usage or configuration
    UNREAD = 3  # something could not be looked at
    INCONCLUSIVE = 4
    INTERRUPTED = 130


class SweepJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that batches were held against, as far as a report shows it."""

    id: int | None
    name: str
    dataset: str
    fields: int | None  # how many a record must have; None if nobody knows
    fields_default: bool = False  # the job names none
    timestamps: str
    sample: float
    where: str = ""  # its Destination printed; "" where a source was named instead

    @property
    def words(self) -> str:
        """How a line names the job: "job 146 http_requests"."""
        return self.dataset if self.id is None else f"job {self.id} {self.dataset}"


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """An object that could not be read; or a whole store, by its Destination."""

    key: str
    error: str


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """An object that is no batch."""

    key: str
    reason: str


class SweepReport(msgspec.Struct, frozen=True, kw_only=True):
    """One verification from beginning to end. Tuples of objects are sorted by key."""

    jobs: tuple[SweepJob, ...] = ()
    sources: tuple[str, ...] = ()  # what was named to be read, printed
    prefix: str = ""  # what all keys begin with: the text leaves it out
    summary: Summary = Summary()
    reports: tuple[Report, ...] = ()  # empty where only text is wanted
    findings: tuple[Finding, ...] = ()  # of the sweep as a whole
    unread: tuple[Unread, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    unanswered: tuple[str, ...] = ()  # what was asked and could not be answered
    unchecked: tuple[str, ...] = ()  # what nobody asked and what cannot be checked
    notes: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def errors(self) -> int:
        """Departures that are errors, of batches and of the sweep."""
        return self.summary.errors + _departures(self.findings, Severity.ERROR)

    @property
    def warnings(self) -> int:
        """Departures that are warnings, of batches and of the sweep."""
        return self.summary.warnings + _departures(self.findings, Severity.WARNING)

    @property
    def verdict(self) -> Verdict:
        """Fail by one error; inconclusive if something was not looked at, answered or found."""
        if self.summary.failed or _departures(self.findings, Severity.ERROR):
            return Verdict.FAIL
        complete = self.summary.batches and not (self.unread or self.unanswered or self.interrupted)
        return Verdict.PASS if complete else Verdict.INCONCLUSIVE

    @property
    def exit_code(self) -> Exit:
        """The number that the command ends with."""
        if self.interrupted:
            return Exit.INTERRUPTED
        if self.verdict is Verdict.FAIL:
            return Exit.FAIL
        if self.unread:
            return Exit.UNREAD
        return _EXITS[self.verdict]


_EXITS: Final = {Verdict.PASS: Exit.PASS, Verdict.INCONCLUSIVE: Exit.INCONCLUSIVE}


def sweep_job(expectation: Expectation, *, where: str = "") -> SweepJob:
    """Return what a report shows of the job behind an Expectation."""
    fields = expectation.fields
    return SweepJob(
        id=expectation.job_id,
        name=expectation.job_name,
        dataset=expectation.dataset,
        fields=None if fields is None else len(fields),
        fields_default=not expectation.fields_explicit,
        timestamps=expectation.timestamps,
        sample=expectation.sample,
        where=where,
    )


def _departures(findings: tuple[Finding, ...], severity: Severity) -> int:
    return sum(finding.count for finding in findings if finding.severity is severity)

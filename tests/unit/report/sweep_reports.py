"""Runs to report on: valid, but for what a test spoils."""

from datetime import UTC, datetime, timedelta
from functools import reduce

from receiver.check.report import Example, Finding, Report, Severity
from receiver.check.summary import Summary
from receiver.check.tally import verdict_of
from receiver.report.sweep_report import SweepJob, SweepReport

START = datetime(2026, 11, 22, tzinfo=UTC)
JOB = SweepJob(
    id=146,
    name="http",
    dataset="http_requests",
    fields=141,
    timestamps="unixnano",
    sample=1.0,
    where="s3://acme-logs/http/{DATE}",
)


def finding(
    code: str = "field-missing",
    field: str = "BotScore",
    *,
    count: int = 1,
    line: int = 40_211,
    severity: Severity = Severity.ERROR,
    expected: str = "the key",
    got: str = "no such key",
    shown: str = "",
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        field=field,
        expected=expected,
        got=got,
        count=count,
        examples=(Example(line=line, got=shown),),
    )


def report(*findings: Finding, key: str = "", minute: int = 0) -> Report:
    start = START + timedelta(minutes=minute)
    end = start + timedelta(minutes=1)
    name = f"{start:%Y%m%dT%H%M%SZ}_{end:%Y%m%dT%H%M%SZ}_9af500e2.log.gz"
    return Report(
        key=key or f"http/20261122/{name}",
        job=146,
        verdict=verdict_of(findings),
        records=26_538,
        plain_bytes=49_722_222,
        compressed_bytes=4_236_111,
        window=(start, end),
        event_time=(start, start + timedelta(seconds=59, microseconds=123_000)),
        findings=findings,
        notes=(),
    )


def report_of(*reports: Report, **others: object) -> SweepReport:
    """A SweepReport of one job; `others` are SweepReport's own fields."""
    given: dict[str, object] = {
        "jobs": (JOB,),
        "prefix": "http/",
        "summary": reduce(Summary.merge, map(Summary.of, reports), Summary()),
        "reports": tuple(sorted(reports, key=lambda each: each.key)),
    }
    return SweepReport(**(given | others))  # type: ignore[arg-type]

"""The Report of one batch: findings, counts and notes, bounded whatever the batch holds."""

from datetime import datetime
from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """An error fails the batch; a warning never does."""

    ERROR = "error"
    WARNING = "warning"


class Verdict(StrEnum):
    """Inconclusive is of a run as a whole: nothing failed, and something asked was not answered."""

    PASS = "pass"  # noqa: S105  (a verdict, not a password)
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """One line where a finding was seen; line 0 is the batch as a whole."""

    line: int
    got: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Equal departures of one batch (or, in a run's own findings, of the run)."""

    code: str
    severity: Severity
    field: str = ""
    expected: str = ""
    got: str = ""
    count: int
    examples: tuple[Example, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All of one batch. Times are UTC; bytes are before (plain) and after (compressed) gzip."""

    key: str
    job: int | None
    verdict: Verdict
    records: int
    plain_bytes: int
    compressed_bytes: int
    window: tuple[datetime, datetime] | None
    event_time: tuple[datetime, datetime] | None
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

"""Rows of the tables as values of the contract, and what of a Report is not in its Entry."""

import json
import zlib
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Row

from receiver.check.report import Report, Severity, Verdict
from receiver.ledger.ledger import Entry, State

AnyRow: TypeAlias = Row[*tuple[Any, ...]]


def entry_of(row: AnyRow, place: str) -> Entry:
    """Read a row of the entries' table."""
    return Entry(
        id=row.id,
        place=place,
        key=row.key,
        etag=row.etag,
        state=State(row.state),
        stored_bytes=row.stored_bytes,
        arrived_at=row.arrived_at,
        seen_at=row.seen_at,
        rewrites=row.rewrites,
        tries=row.tries,
        next_try_at=row.due_at if row.owner is None else None,
        error=row.error,
        job=row.job,
        verdict=None if row.verdict is None else Verdict(row.verdict),
        records=row.records,
        plain_bytes=row.plain_bytes,
        compressed_bytes=row.compressed_bytes,
        errors=row.errors,
        warnings=row.warnings,
        window=_pair(row.window_start, row.window_end),
        event_time=_pair(row.event_first, row.event_last),
        digest=row.digest,
        judged_at=None if row.verdict is None else row.settled_at,
        judgements=row.judgements,
    )


def columns_of(report: Report) -> dict[str, Any]:
    """Return what of a Report goes into the entries' table."""
    start, end = report.window or (None, None)
    first, last = report.event_time or (None, None)
    return {
        "job": report.job,
        "verdict": report.verdict,
        "records": report.records,
        "plain_bytes": report.plain_bytes,
        "compressed_bytes": report.compressed_bytes,
        "errors": _departures(report, Severity.ERROR),
        "warnings": _departures(report, Severity.WARNING),
        "window_start": start,
        "window_end": end,
        "event_first": first,
        "event_last": last,
    }


def plain_report(entry: Entry) -> Report:
    """Return the Report of an Entry that has nothing to tell: all of it is in the Entry."""
    assert entry.verdict is not None
    return Report(
        key=entry.key,
        job=entry.job,
        verdict=entry.verdict,
        records=entry.records,
        plain_bytes=entry.plain_bytes,
        compressed_bytes=entry.compressed_bytes,
        window=entry.window,
        event_time=entry.event_time,
        findings=(),
        notes=(),
    )


def pack_report(report: Report) -> bytes:
    """Write a Report for its own table. In ASCII: what it quotes may be half of a character."""
    return zlib.compress(json.dumps(msgspec.to_builtins(report), separators=(",", ":")).encode())


def unpack_report(body: bytes) -> Report:
    """Read what `pack_report` wrote."""
    return msgspec.convert(json.loads(zlib.decompress(body)), Report)


def _departures(report: Report, severity: Severity) -> int:
    return sum(finding.count for finding in report.findings if finding.severity is severity)


def _pair(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime] | None:
    return None if start is None or end is None else (start, end)

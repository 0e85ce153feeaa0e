"""Batches that are valid but for what a test spoils, and their Reports."""

import gzip
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

from receiver.check.plan import Plan
from receiver.check.report import Finding, Report
from receiver.check.verifier import BatchVerifier
from receiver.destination.destination import Destination
from receiver.job.expect import expectation_of
from receiver.job.expectation import Expectation
from receiver.job.options import parse_logpull_options

KEY = "20261122/20261122T100000Z_20261122T100500Z_9af500e2.log.gz"
ARRIVED = datetime(2026, 11, 22, 10, 6, tzinfo=UTC)
FIELDS = "ClientIP,EdgeStartTimestamp,EdgeEndTimestamp,EdgeResponseStatus,CacheCacheStatus"
MORE_FIELDS = "SecurityActions,RequestHeaders,BotTags,CacheReserveUsed,OriginResponseDurationMs"
SECOND = 1_795_341_660  # 10:01:00


def record(**changed: Any) -> dict[str, Any]:
    """Return a good record of `http_job`; a value of ... leaves the key out."""
    good = {
        "ClientIP": "203.0.113.7",
        "EdgeStartTimestamp": SECOND * 10**9,
        "EdgeEndTimestamp": SECOND * 10**9 + 1,
        "EdgeResponseStatus": 200,
        "CacheCacheStatus": "hit",
        "SecurityActions": ["block"],
        "RequestHeaders": {"host": "a"},
        "BotTags": [],
        "CacheReserveUsed": False,
        "OriginResponseDurationMs": 12,
    }
    return {key: value for key, value in (good | changed).items() if value is not ...}


def lines(*records: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in records)


@cache
def http_job(options: str = "", *, dataset: str = "http_requests") -> Expectation:
    """Return the Expectation of a job whose options are the usual ones and these."""
    fields = "" if "fields=" in options or dataset != "http_requests" else f"{FIELDS},{MORE_FIELDS}"
    query = "&".join(part for part in (f"fields={fields}" if fields else "", options) if part)
    return expectation_of(dataset, parse_logpull_options(query), job_id=146)


_PLANS: dict[tuple[int, ...], Plan] = {}  # a plan holds its jobs, so that no id comes again


def plan_of(*jobs: Expectation) -> Plan:
    """Return a plan of the jobs, made once: that takes longer than most batches here."""
    key = tuple(map(id, jobs))
    if key not in _PLANS:
        _PLANS[key] = Plan(jobs)
    return _PLANS[key]


def report_of(
    plain: bytes | dict[str, Any],
    *jobs: Expectation,
    key: str = KEY,
    destination: Destination | None = None,
    packed: bytes | None = None,
) -> Report:
    """Verify one batch, given as text, as a record or as an object's bytes."""
    text = lines(plain) if isinstance(plain, dict) else plain
    plan = plan_of(*(jobs or (http_job(),)))
    verifier = BatchVerifier(plan, key=key, arrived_at=ARRIVED, destination=destination)
    verifier.feed(gzip.compress(text, 1) if packed is None else packed)
    return verifier.close()


def found(report: Report) -> list[tuple[str, str, str, int]]:
    """The findings of a Report in short: code, severity, field and count."""
    return [(each.code, each.severity, each.field, each.count) for each in report.findings]


def only(report: Report) -> Finding:
    """The one finding that there must be."""
    (finding,) = report.findings
    return finding

"""The JSON report holds what its contract says, to the letter."""

import json
from typing import Any

import msgspec

from receiver.check.report import Severity
from receiver.report.json import JsonReport, json_report, write_json
from receiver.report.sweep_report import Ignored, SweepReport, Unread
from tests.unit.report.sweep_reports import finding, report, report_of


def written(swept: SweepReport) -> Any:
    return json.loads("".join(write_json(swept)))


def full() -> SweepReport:
    return report_of(
        report(finding(count=812), finding("line-blank", "", severity=Severity.WARNING)),
        report(minute=1),
        findings=(finding("sample-rate", "", line=0),),
        unread=(Unread(key="http/x", error="access denied"),),
        ignored=(Ignored(key="http/test.txt.gz", reason="Logpush's test"),),
        unanswered=("the sample",),
        unchecked=("the filter",),
        notes=("a note",),
    )


def test_its_keys_are_the_contract() -> None:
    whole = written(full())
    assert list(whole) == [
        "verdict", "jobs", "totals", "findings", "batches", "unread", "ignored", "notes",
    ]  # fmt: skip
    assert whole["verdict"] == "fail"
    assert whole["jobs"] == [{"id": 146, "name": "http", "dataset": "http_requests"}]
    assert whole["totals"] == {
        "batches": 2,
        "records": 53_076,
        "plain_bytes": 99_444_444,
        "compressed_bytes": 8_472_222,
        "errors": 813,
        "warnings": 1,
    }
    assert list(whole["batches"][0]) == [
        "key", "job", "verdict", "records", "plain_bytes", "compressed_bytes", "window",
        "event_time", "findings", "notes",
    ]  # fmt: skip
    assert whole["unread"] == [{"key": "http/x", "error": "access denied"}]
    assert whole["ignored"] == [{"key": "http/test.txt.gz", "reason": "Logpush's test"}]


def test_a_finding_has_field_expected_got_count_and_examples() -> None:
    assert written(full())["batches"][0]["findings"][0] == {
        "code": "field-missing",
        "severity": "error",
        "field": "BotScore",
        "expected": "the key",
        "got": "no such key",
        "count": 812,
        "examples": [{"line": 40211, "got": ""}],
    }


def test_times_are_rfc_3339_utc() -> None:
    batch = written(full())["batches"][0]
    assert batch["window"] == ["2026-11-22T00:00:00Z", "2026-11-22T00:01:00Z"]
    assert batch["event_time"] == ["2026-11-22T00:00:00Z", "2026-11-22T00:00:59.123000Z"]


def test_notes_tell_what_was_not_answered_and_not_checked() -> None:
    assert written(full())["notes"] == [
        "inconclusive: the sample",
        "not checked: the filter",
        "a note",
    ]


def test_what_is_written_is_what_the_struct_documents() -> None:
    swept = full()
    assert msgspec.json.decode("".join(write_json(swept)), type=JsonReport) == json_report(swept)


def test_an_empty_run_is_json_too() -> None:
    whole = written(SweepReport())
    assert whole["verdict"] == "inconclusive"
    assert whole["batches"] == []

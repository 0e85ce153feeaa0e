"""Several jobs in one folder: which of them a batch is held against."""

import msgspec
import pytest

from receiver.check.plan import Plan, choose
from tests.unit.check.factories import found, http_job, lines, record, report_of

SMALL = http_job("fields=ClientIP,EdgeResponseStatus")
SAME = http_job("fields=EdgeResponseStatus,ClientIP&timestamps=unix")
WIDE = http_job()
DNS = http_job("fields=QueryName,ColoCode,ResponseCached", dataset="dns_logs")
RECORD = {"ClientIP": "203.0.113.7", "EdgeResponseStatus": 200}
DNS_RECORD = {"QueryName": "a.example", "ColoCode": "FRA", "ResponseCached": True}


def test_one_job_is_no_choice() -> None:
    plan = Plan([SMALL])
    for records in ([], [{"x": 1}], [DNS_RECORD]):
        assert choose(plan, records).job is plan.jobs[0]


def test_the_job_that_asks_for_exactly_these_fields_wins() -> None:
    for jobs in ([WIDE, SMALL, DNS], [DNS, SMALL, WIDE]):
        plan = Plan(jobs)
        choice = choose(plan, [{"x": 1}, RECORD])
        assert choice.job is not None
        assert (choice.job.expectation, choice.notes) == (SMALL, ())


def test_of_two_with_the_same_fields_the_first_named_wins_and_a_note_says_so() -> None:
    report = report_of(RECORD, msgspec.structs.replace(SAME, job_id=7), SMALL)
    assert report.findings == ()
    assert report.notes == (
        "the records follow several jobs (job 7, job 146); they were held against the first",
    )


@pytest.mark.parametrize(
    ("form", "time"),
    [
        ("unixnano", 1763805600123456789),
        ("unix", 1763805600),
        ("rfc3339", "2026-11-22T10:00:00Z"),
        ("rfc3339ns", "2026-11-22T10:00:00.123456789Z"),
    ],
)
def test_of_several_with_the_same_fields_the_one_that_writes_times_so_wins(
    form: str, time: object
) -> None:
    fields = "fields=ClientIP,EdgeStartTimestamp&timestamps="
    plan = Plan([http_job(fields + each) for each in ("unix", "unixnano", "rfc3339", "rfc3339ns")])
    choice = choose(plan, [{"ClientIP": "203.0.113.7", "EdgeStartTimestamp": time}])
    assert choice.job is not None
    assert choice.job.expectation.timestamps == form
    assert choice.notes == ()


def test_a_batch_of_a_job_as_it_was_before_its_last_change_says_so() -> None:
    former = msgspec.structs.replace(WIDE, former=True)
    report = report_of(record(), SMALL, former)
    assert report.findings == ()
    assert "job 146 as it was before its last change" in report.notes
    assert report_of(RECORD, SMALL, former).notes == ()


def test_a_faulty_record_is_held_against_the_job_that_is_nearest() -> None:
    report = report_of(record(ClientIP=...), DNS, SMALL, WIDE)
    assert found(report) == [("field-missing", "error", "ClientIP", 1)]


def test_records_of_none_of_the_jobs_are_of_another_data_set() -> None:
    report = report_of(lines(DNS_RECORD, {**DNS_RECORD, "QueryName": "b"}), SMALL, WIDE)
    assert found(report) == [("dataset-other", "error", "", 2)]
    assert report.job is None
    assert report.findings[0].got == "fields of dns_firewall_logs or dns_logs"


def test_records_that_nobody_knows_follow_no_job() -> None:
    report = report_of({"a": 1, "b": 2}, SMALL, DNS)
    assert found(report) == [("dataset-other", "error", "", 1)]
    assert report.findings[0].got == "fields of no data set of these jobs"
    assert report.job is None


def test_a_batch_without_a_record_follows_no_job_and_is_no_failure() -> None:
    for text in (b"", b"\n"):
        report = report_of(text, SMALL, DNS)
        assert (report.job, report.verdict) == (None, "pass")
        assert report.notes == (
            "no record shows which job the batch is of: only its gzip was checked",
        )


def test_lines_before_the_first_record_are_judged_as_lines() -> None:
    report = report_of(b"\n{\n" + lines(DNS_RECORD), SMALL, DNS)
    assert found(report) == [("line-not-json", "error", "", 1), ("line-blank", "warning", "", 1)]
    assert [each.examples[0].line for each in report.findings] == [2, 1]
    assert report.records == 1


def test_a_long_line_before_the_first_block_is_counted() -> None:
    long = lines({**RECORD, "ClientIP": "x" * 600_000})
    report = report_of(long + lines(DNS_RECORD), SMALL, DNS)
    assert report.records == 2


TRANSFORMED = msgspec.structs.replace(SMALL, job_id=147, fields=None, types={}, vocabulary={})
CSV = msgspec.structs.replace(SMALL, job_id=148, plain=False)


def test_a_batch_that_follows_no_job_may_be_of_one_whose_records_nobody_knows() -> None:
    report = report_of({"a": 1, "b": 2}, SMALL, TRANSFORMED)
    assert (report.job, report.verdict, report.findings) == (147, "pass", ())
    assert report.notes == ("not checkable: it follows no other job, and job 147 may be any",)


def test_a_batch_with_exactly_a_jobs_fields_is_that_jobs_all_the_same() -> None:
    report = report_of({"ClientIP": 7, "EdgeResponseStatus": 200}, TRANSFORMED, CSV, SMALL)
    assert report.job == 146
    assert found(report) == [("field-type", "error", "ClientIP", 1)]


def test_lines_of_another_format_are_not_held_against_a_neighbour() -> None:
    report = report_of(b'203.0.113.7,200\n"203.0.113.8",404\n', SMALL, CSV)
    assert (report.job, report.verdict, report.records) == (148, "pass", 0)
    assert report.findings == ()

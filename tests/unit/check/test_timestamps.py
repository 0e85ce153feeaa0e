"""Timestamps: format, precision and range, in each of a job's formats, and what no value is."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from receiver.check.report import Report
from tests.unit.check.factories import SECOND, found, http_job, lines, only, report_of

NANO = SECOND * 10**9
AT = "2026-11-22T10:01:00"
FORMATS = {"unixnano": NANO, "unix": SECOND, "rfc3339": AT + "Z", "rfc3339ms": AT + ".123Z"}
FORMATS |= {"rfc3339ns": AT + ".123456789Z"}
RFC3339 = [name for name in FORMATS if name.startswith("rfc3339")]


def judged(form: str, value: Any, *, event: bool = False, **job: Any) -> Report:
    """Report on a record whose event time, or other timestamp, is the value."""
    event_time, other = (value, FORMATS[form]) if event else (FORMATS[form], value)
    record = {"EdgeStartTimestamp": event_time, "EdgeEndTimestamp": other}
    expected = http_job(f"fields=EdgeStartTimestamp,EdgeEndTimestamp&timestamps={form}")
    return report_of(record, expected, **job)


def codes(report: Report) -> list[str]:
    return [each.code for each in report.findings]


@pytest.mark.parametrize("form", FORMATS)
def test_a_time_in_the_job_format_is_fine(form: str) -> None:
    assert judged(form, FORMATS[form]).findings == ()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("other", FORMATS)
def test_a_time_in_another_format_is_told(form: str, other: str) -> None:
    report = judged(form, FORMATS[other])
    if form == other or (form == "rfc3339ms" and other == "rfc3339"):
        assert report.findings == ()
    elif form == "rfc3339ns" and other in RFC3339:
        assert report.findings == ()  # fewer digits are fine
    elif form in RFC3339 and other in RFC3339:
        assert found(report) == [("timestamp-precision", "warning", "EdgeEndTimestamp", 1)]
    else:
        assert found(report) == [("timestamp-format", "error", "EdgeEndTimestamp", 1)]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("value", [True, 1.5, [], {}, "yesterday", str(NANO)])
def test_what_is_no_time_at_all_has_the_wrong_format(form: str, value: Any) -> None:
    assert codes(judged(form, value)) == ["timestamp-format"]


@pytest.mark.parametrize("value", [10**400, -(10**400), 2**63, -1])
def test_an_integer_of_any_size_is_a_time_that_cannot_be(value: int) -> None:
    assert codes(judged("unixnano", value)) == ["timestamp-range"]


@pytest.mark.parametrize("digits", [1000, 5000])
def test_more_digits_than_python_reads_are_a_time_that_cannot_be(digits: int) -> None:
    line = b'{"EdgeStartTimestamp":%d,"EdgeEndTimestamp":1%b}\n' % (NANO, b"0" * digits)
    job = http_job("fields=EdgeStartTimestamp,EdgeEndTimestamp")
    assert codes(report_of(line, job)) == ["timestamp-range"]


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("unixnano", 0),
        ("unix", 0),
        *((form, value) for form in FORMATS for value in [None]),
        *(
            (form, value)
            for form in RFC3339
            for value in (
                "",
                "1970-01-01T00:00:00Z",
                "1970-01-01T00:00:00.000Z",
                "1970-01-01T01:00:00+01:00",
                "0001-01-01T00:00:00Z",
            )
        ),
    ],
)
def test_no_value_is_fine_but_in_the_event_time(form: str, value: Any) -> None:
    assert judged(form, value).findings == ()
    report = judged(form, value, event=True)
    assert found(report) == [("timestamp-range", "error", "EdgeStartTimestamp", 1)]
    assert report.event_time is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "2026-02-29T00:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T10:60:00Z",
            "0000-01-01T00:00:00Z",
        ),
        *("2026-11-22T10:01:61Z", "2026-11-22T10:01:00", "2026-11-22", "2026-11-22T10:01:00.Z"),
        *(
            "2026-11-22T10:01:00+24:00",
            "2026-11-22T10:01:00ZZ",
            " 2026-11-22T10:01:00Z",
            "２026-11-22T10:01:00Z",
        ),
    ],
)
@pytest.mark.parametrize("form", RFC3339)
def test_what_looks_like_rfc_3339_and_is_none(form: str, text: str) -> None:
    assert codes(judged(form, text)) == ["timestamp-format"]


@pytest.mark.parametrize(
    "text",
    [AT + "+00:00", "2026-11-22t10:01:00Z", AT + "z", "2026-11-22 10:01:00Z", AT + ".0123456789Z"],
)
@pytest.mark.parametrize("form", RFC3339)
def test_another_spelling_is_only_unusual(form: str, text: str) -> None:
    report = judged(form, text)
    assert found(report) == [("timestamp-precision", "warning", "EdgeEndTimestamp", 1)]
    assert report.verdict == "pass"


def test_an_offset_is_reckoned_with() -> None:
    assert codes(judged("rfc3339", "2010-01-01T00:30:00+01:00")) == ["timestamp-range"]
    assert codes(judged("rfc3339", "2009-12-31T23:30:00-01:00")) == ["timestamp-precision"]


def test_a_leap_second_is_the_last_moment_of_its_minute() -> None:
    assert judged("rfc3339", "2016-12-31T23:59:60Z").findings == ()


@pytest.mark.parametrize(
    ("form", "first", "last", "step"),
    [
        ("unixnano", 1_262_304_000 * 10**9, (SECOND + 300 + 86_400) * 10**9, 1),
        ("unix", 1_262_304_000, SECOND + 300 + 86_400, 1),
    ],
)
def test_integers_may_be_from_2010_to_a_day_after_arrival(
    form: str, first: int, last: int, step: int
) -> None:
    assert judged(form, first).findings == judged(form, last).findings == ()
    assert (
        codes(judged(form, first - step)) == codes(judged(form, last + step)) == ["timestamp-range"]
    )


def test_texts_may_be_from_2010_to_a_day_after_arrival() -> None:
    for text in ("2010-01-01T00:00:00Z", "2026-11-23T10:06:00Z"):
        assert judged("rfc3339ns", text).findings == (), text
    for text in ("2009-12-31T23:59:59.999999999Z", "2026-11-23T10:06:00.000000001Z"):
        assert codes(judged("rfc3339ns", text)) == ["timestamp-range"], text


def test_the_event_time_may_be_five_minutes_after_the_window() -> None:
    for text in ("2026-11-22T10:10:00Z", "2026-11-22T09:00:00Z"):
        assert judged("rfc3339ns", text, event=True).findings == ()
    late = judged("rfc3339ns", "2026-11-22T10:10:00.000000001Z", event=True)
    assert found(late) == [("timestamp-after-window", "warning", "EdgeStartTimestamp", 1)]
    assert judged("rfc3339ns", "2026-11-22T10:10:01Z").findings == ()  # not the event time
    assert codes(judged("rfc3339", "2026-11-22T10:10:01.5Z", event=True)) == ["timestamp-precision"]


@pytest.mark.parametrize(
    "name",
    ["20261122T100000Z_9af500e2.log.gz", "x.log.gz", "20261122T100000Z_20261122T090000Z_9a.log.gz"],
)
def test_a_name_without_a_window_has_no_end_to_be_after(name: str) -> None:
    report = judged("rfc3339", "2026-11-22T20:00:00Z", event=True, key=name)
    assert "timestamp-after-window" not in codes(report)


def test_the_event_time_is_the_first_of_the_fields_that_the_job_delivers() -> None:
    job = http_job("fields=EdgeEndTimestamp,ClientIP")
    report = report_of({"EdgeEndTimestamp": 0, "ClientIP": "x"}, job)
    assert found(report) == [("timestamp-range", "error", "EdgeEndTimestamp", 1)]


def test_milliseconds_stay_plain_integers_in_every_format() -> None:
    for form in FORMATS:
        job = http_job(f"fields=EventTimestampMs&timestamps={form}", dataset="workers_trace_events")
        assert report_of({"EventTimestampMs": SECOND * 1000}, job).findings == ()
        for value, code in ((0, "range"), (SECOND, "range"), (SECOND * 10**6, "range")):
            assert codes(report_of({"EventTimestampMs": value}, job)) == [f"timestamp-{code}"]
        for wrong in (None, "1", 1.5, True, 2**63):
            assert codes(report_of({"EventTimestampMs": wrong}, job)) == ["field-type"]


def test_milliseconds_beyond_64_bits_are_a_matter_of_type_among_any_others() -> None:
    job = http_job("fields=EventTimestampMs,ScriptName", dataset="workers_trace_events")
    records = [
        {"EventTimestampMs": 2**63 - 1, "ScriptName": "x" * 80 + str(i)} for i in range(3000)
    ]
    records += [{"EventTimestampMs": 2**63, "ScriptName": str(i)} for i in range(3000)]
    assert {(each.code, each.count) for each in report_of(lines(*records), job).findings} == {
        ("timestamp-range", 3000),
        ("field-type", 3000),
    }


def test_the_report_spans_the_plausible_event_times() -> None:
    values = [NANO + 5_000, 0, NANO - 7_000, 1, NANO * 3, NANO + 1_999]
    job = http_job("fields=EdgeStartTimestamp")
    report = report_of(lines(*({"EdgeStartTimestamp": value} for value in values)), job)
    assert report.event_time == (
        datetime(2026, 11, 22, 10, 0, 59, 999_993, tzinfo=UTC),
        datetime(2026, 11, 22, 10, 1, 0, 5, tzinfo=UTC),
    )


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "odd", [None, "", "1970-01-01T00:00:00Z", AT + ".5Z", AT + "+00:00", 1, NANO]
)
def test_one_odd_time_among_thousands_is_told_as_if_it_were_alone(form: str, odd: Any) -> None:
    good = {"EdgeStartTimestamp": FORMATS[form], "EdgeEndTimestamp": FORMATS[form]}
    job = http_job(f"fields=EdgeStartTimestamp,EdgeEndTimestamp&timestamps={form}")
    many = json.dumps(good).encode() + b"\n"
    for field in good:
        alone = report_of({**good, field: odd}, job).findings
        among = report_of(many * 3000 + lines({**good, field: odd}) + many * 3000, job).findings
        told = [each for each in among if each.code != "record-repeated"]
        assert [(each.code, each.got, each.count) for each in told] == [
            (each.code, each.got, each.count) for each in alone
        ]


def test_a_wrong_time_is_quoted() -> None:
    report = judged("unixnano", "2026-11-22T10:01:00Z")
    finding = only(report)
    assert (finding.expected, finding.got) == ("unixnano", "RFC 3339")
    assert finding.examples[0].got == '"2026-11-22T10:01:00Z"'

"""Fields: presence, types, nulls, vocabulary, the CVE option, and records of another data set."""

from typing import Any

import pytest

from receiver.job.catalogue import dataset
from receiver.job.expect import expectation_of
from receiver.job.options import parse_logpull_options, parse_output_options
from receiver.limits import FINDINGS_MAX, VOCABULARY_VALUES_MAX
from tests.unit.check.factories import (
    FIELDS,
    MORE_FIELDS,
    found,
    http_job,
    lines,
    only,
    record,
    report_of,
)


def test_a_field_asked_for_and_absent_is_an_error() -> None:
    report = report_of(record(ClientIP=...))
    assert found(report) == [("field-missing", "error", "ClientIP", 1)]
    assert report.verdict == "fail"


def test_a_key_that_nobody_asked_for_is_an_error_and_its_value_is_not_judged() -> None:
    report = report_of(record(ClientCountry=5))
    assert found(report) == [("field-unexpected", "error", "ClientCountry", 1)]
    assert only(report).examples[0].got == "5"


def test_another_case_is_another_field() -> None:
    report = report_of(record(ClientIP=..., clientip="203.0.113.7"))
    assert found(report) == [
        ("field-missing", "error", "ClientIP", 1),
        ("field-unexpected", "error", "clientip", 1),
    ]


def test_default_fields_that_differ_are_warnings() -> None:
    default = http_job("fields=")
    assert not default.fields_explicit
    report = report_of(record(), default)
    assert {severity for _, severity, *_ in found(report)} == {"warning"}
    assert {code for code, *_ in found(report)} == {"field-missing", "field-unexpected"}
    assert report.verdict == "pass"


def test_unknown_default_fields_are_not_asked_for_but_their_types_are_checked() -> None:
    job = http_job(dataset="dns_logs")
    assert job.fields is None
    report = report_of({"QueryName": 5, "Unheard": 1}, job)
    assert found(report) == [("field-type", "error", "QueryName", 1)]


def test_subrequests_may_come_unasked_and_are_then_checked() -> None:
    options = parse_output_options(
        {"field_names": f"{FIELDS},{MORE_FIELDS}".split(","), "merge_subrequests": True}
    )
    job = expectation_of("http_requests", options)
    assert report_of(lines(record(), record(Subrequests=[{}])), job).findings == ()
    assert found(report_of(record(Subrequests=5), job)) == [
        ("field-type", "error", "Subrequests", 1)
    ]


def test_a_field_that_no_document_types_may_hold_anything() -> None:
    job = http_job("fields=ClientIP,Brand_New")
    for value in (None, 1, "x", [1, "x"], {"a": None}):
        assert report_of({"ClientIP": "x", "Brand_New": value}, job).findings == ()
    assert only(report_of({"ClientIP": "x"}, job)).code == "field-missing"


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("ClientIP", ["", "x"], [1, 1.5, True, None, [], {}]),
        ("EdgeResponseStatus", [0, -1, 2**63 - 1], [1.0, 2**63, True, "1", None, []]),
        ("CacheReserveUsed", [True, False], [0, "true", None]),
        ("RequestHeaders", [{}, {"a": ["b"]}], ["{}", [], 1]),
        ("SecurityActions", [[], ["block", ""]], ["block", [1], ["block", None], {}]),
    ],
)
def test_a_value_is_of_the_documented_type(field: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert report_of(record(**{field: value})).findings == (), value
    for value in bad:
        assert found(report_of(record(**{field: value}))) == [("field-type", "error", field, 1)], (
            value
        )


def test_an_integer_is_a_valid_float_of_any_size() -> None:
    fields = dataset("dex_device_state_events").types()
    name = next(name for name, field_type in fields.items() if field_type == "float")
    job = http_job(f"fields={name}", dataset="dex_device_state_events")
    for text in (b"1", b"1.5", b"1e3", b"1e999", b"-0", b"1" + b"0" * 400):
        assert report_of(b'{"%b":%b}\n' % (name.encode(), text), job).findings == (), text


@pytest.mark.parametrize("text", [b"200.0", b"2e2", b"9223372036854775808", b"1" + b"0" * 5000])
def test_a_number_that_is_no_64_bit_integer_is_no_int(text: bytes) -> None:
    line = lines(record()).replace(b'"EdgeResponseStatus": 200', b'"EdgeResponseStatus":' + text)
    assert found(report_of(line)) == [("field-type", "error", "EdgeResponseStatus", 1)]


@pytest.mark.parametrize("field", ["RequestHeaders", "SecurityActions", "BotTags"])
def test_null_for_an_array_or_an_object_is_only_unusual(field: str) -> None:
    report = report_of(record(**{field: None}))
    assert found(report) == [("field-null", "warning", field, 1)]
    assert report.verdict == "pass"


def test_an_undocumented_word_is_a_warning_that_quotes_it() -> None:
    report = report_of(
        lines(*(record(CacheCacheStatus="teapot", ClientIP=str(i)) for i in range(900)))
    )
    assert found(report) == [("field-value", "warning", "CacheCacheStatus", 900)]
    assert only(report).got == '"teapot"'


def test_no_word_at_all_is_fine() -> None:
    assert report_of(record(CacheCacheStatus="", SecurityActions=[""])).findings == ()


def test_words_of_an_array_are_told_under_the_name_of_the_field() -> None:
    report = report_of(record(SecurityActions=["new", "block", "new", "newer"]))
    assert [(each.field, each.got, each.count) for each in report.findings] == [
        ("SecurityActions", '"new"', 1),
        ("SecurityActions", '"newer"', 1),
    ]


def test_so_many_words_of_a_field_are_told_and_no_more() -> None:
    words = (f"w{number % 500}" for number in range(1500))
    records = (record(CacheCacheStatus=word, ClientIP=str(i)) for i, word in enumerate(words))
    report = report_of(lines(*records))
    told = {each.got for each in report.findings}
    assert told == {f'"w{number}"' for number in range(VOCABULARY_VALUES_MAX)}
    assert {each.count for each in report.findings} == {3}
    assert any("CacheCacheStatus: more than 32" in note for note in report.notes)


def test_a_long_word_that_is_told_is_counted_to_the_end() -> None:
    words = ["long" * 40, *(f"w{number % 50}" for number in range(9000)), "long" * 40]
    records = (record(CacheCacheStatus=word, ClientIP=str(i)) for i, word in enumerate(words))
    counts = {each.got: each.count for each in report_of(lines(*records)).findings}
    assert next(count for got, count in counts.items() if got.startswith('"long')) == 2


@pytest.mark.parametrize("wrong", [True, 1.0, [1], "1", {"1": 1}])
def test_a_word_is_counted_only_where_the_value_has_the_right_type(wrong: object) -> None:
    job = http_job("fields=Status,ClientBytes", dataset="spectrum_events")
    words = [{"Status": 1, "ClientBytes": number} for number in range(50)]
    others = [{"Status": wrong, "ClientBytes": number} for number in range(9000)]
    report = report_of(
        lines(*words, *others, *({**each, "ClientBytes": -1} for each in words[:1])), job
    )
    assert {(each.code, each.count) for each in report.findings} == {
        ("field-type", 9000),
        ("field-value", 51),
    }


def test_what_the_job_should_have_rewritten_is_told_once_a_line() -> None:
    job = http_job("CVE-2021-44228=true")
    report = report_of(lines(record(ClientIP="${a}${b}"), record(ClientIP="x{a}")) + b"${\n", job)
    assert ("record-unrewritten", "error", "", 2) in found(report)
    assert report_of(record(ClientIP="${a}")).findings == ()


def test_a_record_of_another_data_set_says_that_and_nothing_else() -> None:
    other = {"ColoCode": "FRA", "QueryName": "a.example", "EDNSSubnet": "", "ResponseCached": False}
    report = report_of(lines(record(), *({**other, "QueryName": str(i)} for i in range(2000))))
    assert found(report) == [("dataset-other", "error", "", 2000)]
    assert only(report).got == "fields of dns_firewall_logs or dns_logs"
    assert report.records == 2001


def test_one_key_that_no_document_knows_is_enough_to_say_nothing_of_another_data_set() -> None:
    report = report_of({"ColoName": "FRA", "QueryName": "a", "Unheard": 0})
    assert {code for code, *_ in found(report)} == {"field-missing", "field-unexpected"}


def test_more_kinds_of_finding_than_a_report_holds_are_counted_by_code() -> None:
    extra = {f"Unheard{number}": 1 for number in range(FINDINGS_MAX + 100)}
    report = report_of(lines(*(record(ClientIP=str(number), **extra) for number in range(400))))
    assert sum(each.count for each in report.findings) == 400 * len(extra)
    assert len(report.findings) == FINDINGS_MAX + 1
    assert any("more than 200 kinds" in note for note in report.notes)


@pytest.mark.parametrize(
    "key", ['a"b', "back\\slash", "\x00", "", "é", "__class__", "f0", "k" * 70_000]
)
def test_a_key_of_any_name_can_be_unexpected_in_every_line(key: str) -> None:
    report = report_of(lines(*(record(ClientIP=str(number), **{key: 1}) for number in range(900))))
    assert found(report) == [("field-unexpected", "error", key[:80], 900)]


def test_a_job_of_an_unknown_data_set_is_checked_for_presence_alone() -> None:
    job = expectation_of("brand_new_logs", parse_logpull_options("fields=A,B"))
    assert report_of({"A": 1, "B": None}, job).findings == ()
    assert found(report_of({"A": 1}, job)) == [("field-missing", "error", "B", 1)]

"""Lines that hold no record, or the same key twice, or the same record again."""

import pytest

from receiver.limits import EXAMPLES_MAX, LINE_BYTES_MAX, MIB
from tests.unit.check.factories import found, lines, only, record, report_of

GOOD = lines(record())


@pytest.mark.parametrize(
    ("line", "code", "severity"),
    [
        (b"", "line-blank", "warning"),
        (b" \t\r", "line-blank", "warning"),
        (b"\x0c", "line-not-json", "error"),
        (b'{"ClientIP":"\xff"}', "line-not-utf8", "error"),
        (b'{"ClientIP":"\xed\xa0\x80"}', "line-not-utf8", "error"),
        (b'{"ClientIP":"\\ud800"}', "line-not-utf8", "error"),
        (b'{"\\udc00":1}', "line-not-utf8", "error"),
        (b'{"a":"\\ud800","a":"x"}', "line-not-utf8", "error"),
        (b'{"ClientIP":NaN}', "line-not-json", "error"),
        (b'{"ClientIP":-Infinity}', "line-not-json", "error"),
        (b'{"ClientIP":"1",}', "line-not-json", "error"),
        (b'{"ClientIP":01}', "line-not-json", "error"),
        (b"{} {}", "line-not-json", "error"),
        (b"{", "line-not-json", "error"),
        (b"\xef\xbb\xbf{}", "line-not-json", "error"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "line-not-json", "error"),  # too deep for any
        (b"[{}]", "line-not-object", "error"),
        (b'"text"', "line-not-object", "error"),
        (b"1e999", "line-not-object", "error"),
        (b"null", "line-not-object", "error"),
    ],
)
def test_a_line_without_a_record_has_one_finding_and_no_other(
    line: bytes, code: str, severity: str
) -> None:
    report = report_of(GOOD + line + b"\n" + lines(record(ClientIP="203.0.113.8")))
    assert found(report) == [(code, severity, "", 1)]
    assert [example.line for example in only(report).examples] == [2]
    assert report.records == 2


def test_white_space_around_a_record_is_fine() -> None:
    assert report_of(b" \t" + GOOD[:-1] + b" \r\n").findings == ()


def test_the_last_line_counts_without_its_newline() -> None:
    report = report_of(GOOD + b"{")
    assert found(report) == [("line-not-json", "error", "", 1)]
    assert report_of(GOOD[:-1]).records == 1


@pytest.mark.parametrize(
    ("spoilt", "field"),
    [
        (GOOD.replace(b"{", b'{"ClientIP":"x",', 1), "ClientIP"),
        (GOOD.replace(b"{", b'{"Client\\u0049P":"x",', 1), "ClientIP"),
        (GOOD.replace(b'"host"', b'"host":"b","host"'), "host"),
        (GOOD.replace(b'"host": "a"', b'"a":{"b":[{"c":1,"c":1}]}'), "c"),
        (GOOD.replace(b'"host": "a"', b'"":1,"":2'), ""),
    ],
)
def test_a_key_given_twice_is_named_wherever_it_is(spoilt: bytes, field: str) -> None:
    report = report_of(GOOD + spoilt)
    assert found(report) == [("line-key-repeated", "error", field, 1)]
    assert report.records == 2


def test_of_a_key_given_twice_the_last_value_is_checked() -> None:
    twice = GOOD.replace(
        b'"EdgeResponseStatus": 200', b'"EdgeResponseStatus":1,"EdgeResponseStatus":"x"'
    )
    assert {code for code, *_ in found(report_of(twice))} == {"line-key-repeated", "field-type"}


def test_a_line_again_is_a_warning_and_blank_lines_are_none() -> None:
    report = report_of(GOOD + lines(record(ClientIP="1")) + GOOD + b"\n\n \n \n" + GOOD)
    assert found(report) == [
        ("line-blank", "warning", "", 4),
        ("record-repeated", "warning", "", 2),
    ]
    assert [each.line for each in report.findings[1].examples] == [3, 8]
    assert report.verdict == "pass"


def test_lines_that_differ_in_spelling_alone_are_no_repeat() -> None:
    assert report_of(GOOD + GOOD.replace(b": ", b":")).findings == ()


def test_repeats_are_found_across_all_of_a_batch() -> None:
    many = [lines(record(ClientIP=str(number))) for number in range(5000)]
    report = report_of(b"".join([*many, many[4000], many[17]]))
    assert found(report) == [("record-repeated", "warning", "", 2)]
    assert [each.line for each in only(report).examples] == [5001, 5002]


@pytest.mark.parametrize("length", [LINE_BYTES_MAX + 1, 20 * MIB])
@pytest.mark.parametrize("newline", [b"\n", b""])
def test_a_line_too_long_is_skipped_and_its_neighbours_are_not(length: int, newline: bytes) -> None:
    report = report_of(GOOD + b"x" * length + newline)
    assert found(report) == [("line-too-long", "error", "", 1)]
    assert [each.line for each in only(report).examples] == [2]
    after = report_of(GOOD + b"x" * length + b"\n" + b"{\n")
    assert ("line-not-json", "error", "", 1) in found(after)
    assert [each.examples[0].line for each in after.findings if each.code == "line-not-json"] == [3]


@pytest.mark.parametrize("blocks", [5, 8, 128])
def test_a_long_line_may_end_where_a_block_ends(blocks: int) -> None:
    frame = len(lines(record(ClientIP="")))
    line = lines(record(ClientIP="x" * (blocks * 131_072 - frame)))
    report = report_of(line + GOOD)
    assert (report.records, report.findings) == (2, ())


def test_of_a_long_line_what_is_inside_long_values_is_left_unchecked_and_said() -> None:
    report = report_of(lines(record(BotTags=["x" * MIB], EdgeResponseStatus="200")))
    assert found(report) == [("field-type", "error", "EdgeResponseStatus", 1)]
    assert report.notes == ("line 1: what is inside the long values of BotTags was not checked",)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b" " * MIB, "line-blank"),
        (b'"' + b"x" * MIB + b'"', "line-not-object"),
        (b"x" * MIB, "line-not-json"),
        (b'{"a":"' + b"\xff" * MIB + b'"}', "line-not-utf8"),
    ],
)
def test_a_long_line_without_a_record_is_told_as_a_short_one(line: bytes, code: str) -> None:
    assert only(report_of(line + b"\n")).code == code


def test_examples_are_the_first_lines_and_the_count_goes_on() -> None:
    bad = [lines(record(ClientIP=number, EdgeResponseStatus=number)) for number in range(300)]
    finding = only(report_of(GOOD + b"".join(bad)))
    assert finding.count == 300
    assert [(each.line, each.got) for each in finding.examples] == [(2, "0"), (3, "1"), (4, "2")]
    assert len(finding.examples) == EXAMPLES_MAX


def test_notes_on_long_lines_are_few() -> None:
    long = lines(record(BotTags=["x" * MIB]))
    report = report_of(long * 60)
    assert report.records == 60
    assert len(report.notes) <= 10

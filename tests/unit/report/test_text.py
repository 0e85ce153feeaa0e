"""The text report: 80 columns, worst first, and nothing of the data drives the terminal."""

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from receiver.check.codes import Code
from receiver.check.report import Severity
from receiver.report.sweep_report import Ignored, SweepJob, SweepReport, Unread
from receiver.report.text import COLUMNS, write_text
from tests.unit.report.sweep_reports import JOB, finding, report, report_of

WARNING = Severity.WARNING


def text_of(swept: SweepReport, *, colour: bool = False) -> str:
    return "\n".join(write_text(swept, colour=colour))


def test_it_looks_as_it_was_designed() -> None:
    swept = report_of(
        report(finding(count=800), minute=615),
        report(finding(count=12), minute=616),
        report(
            finding("gzip-truncated", "", line=0, shown="after line 88,107"),
            finding("record-repeated", "", count=14, line=3, severity=WARNING),
            minute=1110,
        ),
        unchecked=("sample 0.1 has nothing to be compared with (--reference-count)",),
    )
    assert (
        text_of(swept)
        == """\
job 146 http_requests, 141 fields, unixnano -> s3://acme-logs/http/{DATE}
3 batches, 79,614 records, 149.2 MB (12.7 MB gzip),
22 Nov 2026 10:15 to 18:31 UTC

FAIL  3 of 3 batches; 2 kinds of error, 1 of warning

field-missing  BotScore                        812 records in 2 batches
  20261122/20261122T101500Z_20261122T101600Z_9af500e2.log.gz  line 40,211
  The job asks for BotScore and the record has no such key.
  Look at: was the job changed at that time? A change takes up to 15 minutes to
  arrive.

gzip-truncated                                 1 batch
  20261122/20261122T183000Z_20261122T183100Z_9af500e2.log.gz  after line 88,107
  The object ends inside a gzip member: whatever followed is lost.
  Look at: was the upload cut? Ask for the object's size at the source.

warning: record-repeated                       14 records in 1 batch
  20261122/20261122T183000Z_20261122T183100Z_9af500e2.log.gz  line 3
  The same line stands in the batch more than once.
  Count these records once; tell Cloudflare if it goes on.

More on a code: logpush-receiver explain field-missing

Not checked: sample 0.1 has nothing to be compared with (--reference-count)"""
    )


def test_a_run_that_passes_is_short() -> None:
    assert (
        text_of(report_of(report()))
        == """\
job 146 http_requests, 141 fields, unixnano -> s3://acme-logs/http/{DATE}
1 batch, 26,538 records, 49.7 MB (4.2 MB gzip), 22 Nov 2026 00:00 to 00:01 UTC

PASS  1 batch"""
    )


def test_nothing_found_is_inconclusive() -> None:
    assert text_of(report_of()).endswith("INCONCLUSIVE  nothing was found to judge")


def test_errors_come_before_warnings_and_the_most_frequent_first() -> None:
    swept = report_of(
        report(
            finding("line-blank", "", count=99, severity=WARNING),
            finding("field-type", "A", count=2),
            finding("field-null", "B", count=5),
        )
    )
    codes = re.findall(r"^(?:warning: )?([a-z]+-[a-z-]+)  ", text_of(swept), re.MULTILINE)
    assert codes == ["field-null", "field-type", "line-blank"]


def test_what_was_expected_and_what_came_are_told() -> None:
    swept = report_of(
        report(finding("field-type", "A", expected="int", got="string", shown='"87"'))
    )
    assert '  Expected int, got string: "87"' in text_of(swept).splitlines()


def test_many_fields_of_one_code_take_few_lines() -> None:
    swept = report_of(report(*(finding(field=f"Field{n:03}", count=2) for n in range(141))))
    text = text_of(swept)
    assert len(text.splitlines()) < 25
    assert text.count("has no such key") == 1
    assert "274 times in all" in text  # 137 further fields, 2 each


def test_what_could_not_be_read_is_listed_up_to_a_bound() -> None:
    unread = tuple(
        Unread(key=f"k{n}", error="access denied; grant s3:GetObject") for n in range(30)
    )
    text = text_of(report_of(report(), unread=unread))
    assert "30 could not be read" in text
    assert "and 20 more" in text


def test_several_jobs_are_named_beside_what_they_have() -> None:
    other = msgspec.structs.replace(JOB, id=147, dataset="dns_logs")
    assert "1 record in 1 batch of job 146" in text_of(
        report_of(report(finding()), jobs=(JOB, other))
    )


def test_colour_marks_the_verdict_and_the_codes_only_when_asked() -> None:
    swept = report_of(report(finding()))
    coloured = text_of(swept, colour=True)
    assert "\x1b[1;31mFAIL\x1b[0m" in coloured
    assert "\x1b" not in text_of(swept)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text_of(swept)


hostile = st.text(max_size=200) | st.sampled_from(
    ["\x1b[2J\x1b[H", "\rPASS", "\u202edlrow", "日本語" * 40, "x" * 1024, "🙂" * 90]
)


@given(
    code=st.sampled_from([*Code]), field=hostile, got=hostile, key=hostile, shown=hostile,
    count=st.integers(1, 10**12), where=hostile, severity=st.sampled_from(Severity),
)  # fmt: skip
def test_any_data_fits_and_drives_no_terminal(
    code: Code, field: str, got: str, key: str, shown: str, count: int, where: str,
    severity: Severity,
) -> None:  # fmt: skip
    job = SweepJob(
        id=146, name=where, dataset="http_requests", fields=1, timestamps="unix", sample=0.1,
        where=where,
    )  # fmt: skip
    one = finding(code, field, count=count, got=got, shown=shown, severity=severity)
    swept = report_of(
        report(one, key=key or "k"), jobs=(job,), sources=(where,), notes=(got,),
        unread=(Unread(key=key, error=got),), ignored=(Ignored(key=key, reason=got),),
        unchecked=(shown,),
    )  # fmt: skip
    for line in write_text(swept):
        assert cell_len(line) <= COLUMNS
        assert line.isprintable()


@pytest.mark.parametrize(
    ("fields", "fields_default", "words"),
    [
        (9, True, "9 default fields"),
        (1, False, "1 field"),
        (None, True, "default fields"),
        (None, False, "fields not checked"),
    ],
)
def test_the_head_says_whether_the_job_names_its_fields(
    fields: int | None, fields_default: bool, words: str
) -> None:
    job = msgspec.structs.replace(JOB, fields=fields, fields_default=fields_default)
    text = text_of(report_of(report(), jobs=(job,)))
    assert text.startswith(f"job 146 http_requests, {words}, unixnano ->")


def test_of_what_is_not_compressed_the_size_is_told_once() -> None:
    plain = msgspec.structs.replace(report(), plain_bytes=55, compressed_bytes=55)
    assert "1 record, 55 B, " in text_of(report_of(msgspec.structs.replace(plain, records=1)))


@pytest.mark.parametrize("code", [*Code])
def test_every_code_can_be_told(code: Code) -> None:
    text = text_of(report_of(report(finding(code, "", line=0))))
    assert code in text
    assert "{" not in text.split("FAIL")[-1].replace("{DATE}", "").replace("${", "").replace(
        "x{", ""
    )

"""A Summary is the same however Reports are ordered and grouped, and stays bounded."""

import random
from datetime import UTC, datetime, timedelta
from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.check.report import Example, Finding, Report, Severity, Verdict
from receiver.check.summary import KINDS_MAX, Kind, Summary
from receiver.check.tally import verdict_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def finding(
    code: str = "field-missing",
    field: str = "BotScore",
    *,
    count: int = 1,
    line: int = 1,
    severity: Severity = Severity.ERROR,
    got: str = "no such key",
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        field=field,
        expected="the key",
        got=got,
        count=count,
        examples=(Example(line=line, got=""),),
    )


def report(
    key: str = "a.log.gz", *findings: Finding, job: int | None = 146, minute: int = 0
) -> Report:
    start = NOON + timedelta(minutes=minute)
    return Report(
        key=key,
        job=job,
        verdict=verdict_of(findings),
        records=10,
        plain_bytes=1000,
        compressed_bytes=100,
        window=(start, start + timedelta(minutes=1)),
        event_time=None,
        findings=findings,
        notes=(),
    )


def folded(reports: list[Report]) -> Summary:
    return reduce(Summary.merge, map(Summary.of, reports), Summary())


findings = st.builds(
    finding,
    st.sampled_from(["field-missing", "field-type", "gzip-crc"]),
    st.sampled_from(["", "A", "B", "C"]),
    count=st.integers(1, 5),
    line=st.integers(0, 5),
    severity=st.sampled_from(Severity),
    got=st.sampled_from(["int", "null"]),
)
reports = st.lists(
    st.builds(
        lambda key, of, job, minute: report(f"{key}.log.gz", *of, job=job, minute=minute),
        st.integers(0, 10_000),
        st.lists(findings, max_size=6),
        st.sampled_from([None, 146, 147]),
        st.integers(0, 100),
    ),
    max_size=12,
)


@settings(max_examples=150)
@given(reports, st.randoms(use_true_random=False))
def test_any_order_and_any_grouping_give_the_same(each: list[Report], rng: random.Random) -> None:
    parts = [Summary.of(one) for one in each] or [Summary()]
    rng.shuffle(parts)
    while len(parts) > 1:
        first = parts.pop(rng.randrange(len(parts)))
        second = parts.pop(rng.randrange(len(parts)))
        parts.append(first.merge(second))
    assert parts[0] == folded(each)


def test_an_empty_summary_changes_nothing() -> None:
    one = Summary.of(report("a.log.gz", finding()))
    assert one.merge(Summary()) == one == Summary().merge(one)


def test_totals_add_up() -> None:
    warning = finding("line-blank", "", count=4, severity=Severity.WARNING)
    summary = folded(
        [report("b", finding(count=3), warning), report("a", minute=5), report("c", warning)]
    )
    assert (summary.batches, summary.failed, summary.records) == (3, 1, 30)
    assert (summary.plain_bytes, summary.compressed_bytes) == (3000, 300)
    assert (summary.errors, summary.warnings) == (3, 8)
    assert summary.window == (NOON, NOON + timedelta(minutes=6))
    assert summary.records_of == {146: 30}


def test_a_batch_counts_once_for_a_field_however_many_values_it_had() -> None:
    summary = Summary.of(
        report("a", finding(count=2, got="int", line=9), finding(count=3, got="null", line=4))
    )
    total = summary.kinds[
        Kind(job=146, code="field-missing", severity=Severity.ERROR, field="BotScore")
    ]
    assert (total.count, total.batches, total.first.line) == (5, 1, 4)


def test_the_example_is_the_first_by_key_and_then_by_line() -> None:
    summary = folded([report("b", finding(line=1)), report("a", finding(line=7))])
    (total,) = summary.kinds.values()
    assert (total.first.key, total.first.line) == ("a", 7)


def test_jobs_are_kept_apart() -> None:
    summary = folded([report("a", finding(), job=146), report("b", finding(), job=147)])
    assert {kind.job for kind in summary.kinds} == {146, 147}


def test_hostile_field_names_do_not_make_it_grow_and_no_departure_is_lost() -> None:
    each = [
        report(f"{batch:03}", *(finding("field-unexpected", f"x{batch}-{n}") for n in range(30)))
        for batch in range(20)
    ]
    summary = folded(each)
    assert len(summary.kinds) == KINDS_MAX
    assert summary.errors == 600
    assert [total.count for total in summary.groups.values()] == [600]


def test_what_is_kept_of_too_many_does_not_depend_on_the_order() -> None:
    each = [
        report(
            f"{batch:03}",
            *(finding("field-unexpected", f"x{(batch * 7 + n) % 200}") for n in range(40)),
        )
        for batch in range(20)
    ]
    left = folded(each[:10]).merge(folded(each[10:]))
    assert left == folded(each[::-1])


def test_a_failed_batch_is_one_with_an_error() -> None:
    warned = report("a", finding(severity=Severity.WARNING))
    assert warned.verdict is Verdict.PASS
    assert Summary.of(warned).failed == 0

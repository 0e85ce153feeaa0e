"""What --from and --to mean."""

from datetime import UTC, date, datetime

import pytest

from receiver.errors import SelectionInvalid
from receiver.selection.span import Span, parse_span

NOW = datetime(2026, 11, 23, 7, 30, 15, tzinfo=UTC)


def utc(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T10:00:00Z", utc(2026, 11, 22, 10)),
        ("2026-11-22t10:00:00z", utc(2026, 11, 22, 10)),
        ("2026-11-22 10:00:00.5+01:00", utc(2026, 11, 22, 9, 0, 0, 500_000)),
        ("2026-11-22T23:30:00-08:00", utc(2026, 11, 23, 7, 30)),
        ("2026-11-22T10:00Z", utc(2026, 11, 22, 10)),
        ("2026-11-22", utc(2026, 11, 22)),
        ("-6h", utc(2026, 11, 23, 1, 30, 15)),
        ("-90m", utc(2026, 11, 23, 6, 0, 15)),
        ("-2d", utc(2026, 11, 21, 7, 30, 15)),
        ("-15s", utc(2026, 11, 23, 7, 30)),
        ("yesterday", utc(2026, 11, 22)),
        ("Today", utc(2026, 11, 23)),
    ],
)
def test_a_time_is_read_in_utc(text: str, moment: datetime) -> None:
    assert parse_span(text, None, now=NOW) == Span(start=moment, end=NOW)


@pytest.mark.parametrize(
    "text",
    [
        "", "6h", "-6", "-6w", "tomorrow", "2026-11-22T10:00:00", "20261122", "2026-W47",
        "2026-13-01", "2026-02-30T00:00:00Z", "2026-11-22T25:00:00Z", "22 Nov 2026",
        "-999999999d", "0001-01-01T00:00:00+23:00", "2026-11-22T10:00:00Zulu", "1700000000",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_the_option_and_the_value(text: str) -> None:
    with pytest.raises(SelectionInvalid, match="--from ") as refused:
        parse_span(text, None, now=NOW)
    assert repr(text) in str(refused.value)
    with pytest.raises(SelectionInvalid, match="--to "):
        parse_span(None, text, now=NOW)


def test_without_either_everything_is_meant() -> None:
    assert parse_span(None, None, now=NOW) is None


def test_without_from_it_begins_with_the_first_batch_there_is() -> None:
    span = parse_span(None, "today", now=NOW)
    assert span == Span(start=None, end=utc(2026, 11, 23))
    assert span.holds(utc(1999, 1, 1))
    assert span.days() is None


def test_the_start_is_part_of_a_span_and_the_end_is_not() -> None:
    span = parse_span("yesterday", "today", now=NOW)
    assert span is not None
    assert span.holds(utc(2026, 11, 22))
    assert span.holds(utc(2026, 11, 22, 23, 59, 59))
    assert not span.holds(utc(2026, 11, 23))
    assert not span.holds(utc(2026, 11, 21, 23, 59, 59))


@pytest.mark.parametrize(
    ("from_", "to"), [("today", "yesterday"), ("-1h", "-1h"), ("2030-01-01", None), ("now", None)]
)
def test_a_span_in_which_nothing_lies_is_refused(from_: str, to: str | None) -> None:
    with pytest.raises(SelectionInvalid, match=f"--from {from_}: it is not before"):
        parse_span(from_, to, now=NOW)


def test_a_span_has_the_days_it_touches_and_the_day_after() -> None:
    span = parse_span("yesterday", "today", now=NOW)
    assert span is not None
    assert span.days() == [date(2026, 11, 22), date(2026, 11, 23)]
    span = parse_span("2026-11-22T23:59:59Z", "2026-11-23T00:00:01Z", now=NOW)
    assert span is not None
    assert span.days() == [date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 24)]


def test_the_last_day_of_the_calendar_has_no_day_after() -> None:
    span = parse_span("9999-12-30", "9999-12-31T12:00:00Z", now=NOW)
    assert span is not None
    assert span.days() == [date(9999, 12, 30), date(9999, 12, 31)]

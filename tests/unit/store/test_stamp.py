"""Time stamps as stores tell them: each is a time in UTC, even one that is in no calendar."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from receiver.store.stamp import EPOCH, from_seconds, in_utc


@pytest.mark.parametrize("seconds", [2.0**42, -(2.0**42), float("inf"), float("nan"), 1e300])
def test_seconds_of_no_year_are_the_beginning(seconds: float) -> None:
    assert from_seconds(seconds) == EPOCH


def test_seconds_are_counted_in_utc() -> None:
    assert from_seconds(86400.5) == datetime(1970, 1, 2, 0, 0, 0, 500000, tzinfo=UTC)


def test_a_zone_that_leads_out_of_the_calendar_leads_to_its_beginning() -> None:
    west = timezone(timedelta(hours=-5))
    assert in_utc(datetime(9999, 12, 31, 23, tzinfo=west)) == EPOCH
    assert in_utc(datetime(9999, 12, 31, 23, tzinfo=UTC)).year == 9999
    assert in_utc(datetime(2026, 11, 22, 7, tzinfo=west)) == datetime(2026, 11, 22, 12, tzinfo=UTC)

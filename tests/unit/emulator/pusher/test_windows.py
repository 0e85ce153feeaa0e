"""Windows lie on a grid without gap or overlap, and limits cut them into several uploads."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.destination.destination import Scheme
from receiver.emulator.batches import Frame
from receiver.emulator.pusher.windows import (
    RECORDS_MAX,
    Limits,
    first_start,
    limits_of,
    split,
    window_from,
)
from receiver.job.job import Job

FRAME = ("prefix", "line_end", "delimiter", "suffix")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)
intervals = st.integers(1, 300).map(lambda seconds: timedelta(seconds=seconds))


def seconds(**given: Any) -> float:
    return limits_of(Job(**given), Scheme.S3).interval.total_seconds()


class TestLimits:
    def test_a_job_that_says_nothing_has_logpushs_own(self) -> None:
        limits = limits_of(Job(), Scheme.S3)
        assert limits.interval == timedelta(seconds=30)
        assert (limits.records, limits.plain_bytes) == (RECORDS_MAX, None)

    def test_what_it_says_holds_and_0_is_no_limit(self) -> None:
        assert seconds(max_upload_interval_seconds=120) == 120
        assert seconds(max_upload_interval_seconds=0) == 60
        limits = limits_of(Job(max_upload_records=0, max_upload_bytes=5_000_000), Scheme.S3)
        assert (limits.records, limits.plain_bytes) == (None, 5_000_000)

    def test_the_old_frequency_counts_where_no_interval_is_given(self) -> None:
        assert seconds(frequency="low") == 300
        assert seconds(frequency="high") == 30
        assert seconds(frequency="low", max_upload_interval_seconds=60) == 60

    def test_datadogs_own_limits_cannot_be_raised(self) -> None:
        limits = limits_of(Job(max_upload_records=0), Scheme.DATADOG)
        assert (limits.records, limits.plain_bytes) == (1000, 5_000_000)


class TestGrid:
    @given(start=moments, interval=intervals)
    def test_windows_follow_each_other_without_gap(
        self, start: datetime, interval: timedelta
    ) -> None:
        begin = first_start(start, interval)
        assert start <= begin < start + interval
        for _ in range(3):
            window = window_from(begin, interval)
            assert window.start == begin
            assert window.end - window.start == interval
            begin = window.end

    @given(start=moments, before=intervals, after=intervals)
    def test_a_new_interval_begins_where_the_old_one_ended(
        self, start: datetime, before: timedelta, after: timedelta
    ) -> None:
        until = window_from(first_start(start, before), before).end
        window = window_from(until, after)
        assert window.start == until
        assert timedelta() < window.end - window.start <= after

    def test_a_window_lies_on_round_times(self) -> None:
        begin = first_start(NOON + timedelta(seconds=31.5), timedelta(seconds=30))
        assert begin == NOON + timedelta(minutes=1)
        assert first_start(NOON, timedelta(seconds=30)) == NOON


class TestSplit:
    @given(
        lines=st.lists(st.binary(max_size=9), max_size=30),
        records=st.none() | st.integers(1, 7),
        plain_bytes=st.none() | st.integers(1, 25),
    )
    def test_nothing_is_lost_and_no_upload_is_over_a_limit(
        self, lines: list[bytes], records: int | None, plain_bytes: int | None
    ) -> None:
        limits = Limits(interval=timedelta(seconds=30), records=records, plain_bytes=plain_bytes)
        parts = list(split(lines, limits))
        assert [line for part in parts for line in part] == lines
        for part in parts:
            assert part
            assert records is None or len(part) <= records
            size = sum(len(line) + 1 for line in part)
            assert plain_bytes is None or size <= plain_bytes or len(part) == 1

    @given(
        lines=st.lists(st.binary(max_size=9), max_size=30),
        frame=st.builds(Frame, **dict.fromkeys(FRAME, st.binary(max_size=3))),
        plain_bytes=st.integers(1, 40),
    )
    def test_what_stands_around_and_between_the_lines_counts(
        self, lines: list[bytes], frame: Frame, plain_bytes: int
    ) -> None:
        limits = Limits(interval=timedelta(seconds=30), records=None, plain_bytes=plain_bytes)
        parts = list(split(lines, limits, frame))
        assert [line for part in parts for line in part] == lines
        assert all(len(frame.join(part)) <= plain_bytes or len(part) == 1 for part in parts)
        for part, (first, *_) in pairwise(parts):
            assert len(frame.join([*part, first])) > plain_bytes

    @pytest.mark.parametrize(("records", "uploads"), [(3, 4), (5, 2), (10, 1), (None, 1)])
    def test_it_makes_no_more_uploads_than_needed(self, records: int | None, uploads: int) -> None:
        limits = Limits(interval=timedelta(seconds=30), records=records, plain_bytes=None)
        assert len(list(split([b"x"] * 10, limits))) == uploads

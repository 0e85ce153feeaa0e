"""Hours added up: bars, the beginning of a failure, and when silence is unusual."""

from datetime import datetime, timedelta

import pytest

from receiver.daemon.status.buckets import HOUR, buckets_of, failing_of, silence_of, totals_of
from receiver.daemon.status.views import Bucket, Totals
from receiver.ledger.ledger import Hour
from tests.unit.daemon.status.day import NOW

START = NOW.replace(hour=0, minute=0, second=0)


def hour(number: int, batches: int = 60, failed: int = 0, late: float = 30.0) -> Hour:
    return Hour(
        job=146,
        place="s3://logs/",
        start=START + number * HOUR,
        batches=batches,
        failed=failed,
        warned=1,
        records=10 * batches,
        plain_bytes=100 * batches,
        compressed_bytes=batches,
        lateness_max=2 * late,
        lateness_sum=late * batches,
    )


def buckets(*failed: int) -> list[Bucket]:
    """A bucket an hour with so many failed batches of ten; -1: there was no batch at all."""
    return [
        Bucket(
            start=START + number * HOUR,
            end=START + (number + 1) * HOUR,
            totals=Totals(batches=0 if each < 0 else 10, failed=max(each, 0)),
        )
        for number, each in enumerate(failed)
    ]


def at(number: int) -> datetime:
    return START + number * HOUR


class TestBuckets:
    def test_hours_are_added_up_to_longer_steps(self) -> None:
        found = buckets_of(map(hour, range(12)), start=START, step=6 * HOUR, count=2)
        assert [each.totals.batches for each in found] == [360, 360]
        assert found[1].start == START + 6 * HOUR
        assert (found[0].lateness_mean, found[0].lateness_max) == (30.0, 60.0)

    def test_what_is_in_no_step_is_left_out(self) -> None:
        found = buckets_of([hour(-1), hour(0), hour(2)], start=START, step=HOUR, count=2)
        assert [each.totals.batches for each in found] == [60, 0]
        assert found[1].lateness_mean is None

    def test_several_places_and_jobs_count_together(self) -> None:
        assert totals_of([hour(0), hour(0)]).records == 1200


class TestFailing:
    def test_a_job_without_failures_does_not_fail(self) -> None:
        assert failing_of(buckets(0, 0, -1)) is None

    def test_it_fails_since_the_first_hour_of_the_last_run(self) -> None:
        found = failing_of(buckets(0, 2, 0, 1, 3))
        assert found is not None
        assert (found.since, found.until, found.since_before) == (at(3), None, False)

    def test_an_hour_without_batches_ends_no_failure(self) -> None:
        found = failing_of(buckets(0, 2, -1, 1, -1))
        assert found is not None
        assert (found.since, found.until) == (at(1), None)

    def test_a_good_hour_ends_it(self) -> None:
        found = failing_of(buckets(0, 2, 2, 0))
        assert found is not None
        assert found.until == at(3)

    def test_what_failed_from_the_start_may_have_begun_earlier(self) -> None:
        found = failing_of(buckets(1, 1, 1))
        assert found is not None
        assert found.since_before


class TestSilence:
    def test_a_busy_job_is_silent_after_a_quarter_of_an_hour(self) -> None:
        found = silence_of(map(hour, range(10)))
        assert found is not None
        assert found.after == timedelta(minutes=15)
        assert found.usual == "usually at least 60 batches an hour"

    def test_a_slow_job_is_silent_after_five_batches_are_missing(self) -> None:
        found = silence_of(hour(each, batches=2) for each in range(10))
        assert found is not None
        assert found.after == 2.5 * HOUR

    def test_a_job_with_pauses_is_silent_after_a_longer_one(self) -> None:
        found = silence_of(map(hour, (0, 1, 2, 9, 10)))
        assert found is not None
        assert found.after == 8 * HOUR

    @pytest.mark.parametrize("count", [0, 1, 2])
    def test_of_a_job_hardly_known_nothing_is_said(self, count: int) -> None:
        assert silence_of(map(hour, range(count))) is None

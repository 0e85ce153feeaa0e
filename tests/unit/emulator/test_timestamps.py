from datetime import UTC, datetime

import pytest

from receiver.emulator.timestamps import NO_VALUE, nanoseconds, timestamp_writer
from receiver.job.expectation import TimestampFormat

MOMENT = 1_795_341_587_741_005_000  # 2026-11-22T09:59:47.741005Z


@pytest.mark.parametrize(
    ("form", "written"),
    [
        (TimestampFormat.UNIXNANO, MOMENT),
        (TimestampFormat.UNIX, 1_795_341_587),
        (TimestampFormat.RFC3339, "2026-11-22T09:59:47Z"),
        (TimestampFormat.RFC3339MS, "2026-11-22T09:59:47.741Z"),
        (TimestampFormat.RFC3339NS, "2026-11-22T09:59:47.741005000Z"),
    ],
)
def test_every_format_is_written_as_documented(form: TimestampFormat, written: int | str) -> None:
    assert timestamp_writer(form)(MOMENT) == written


def test_a_trimmed_fraction_loses_its_last_zeros_and_then_its_dot() -> None:
    write = timestamp_writer(TimestampFormat.RFC3339NS, trimmed=True)
    assert write(MOMENT) == "2026-11-22T09:59:47.741005Z"
    assert write(MOMENT // 10**9 * 10**9) == "2026-11-22T09:59:47Z"


def test_no_value_is_the_epoch() -> None:
    written = {form: timestamp_writer(form, trimmed=True)(NO_VALUE) for form in TimestampFormat}
    assert set(written.values()) == {0, "1970-01-01T00:00:00Z"}


def test_nanoseconds_of_a_moment_are_exact() -> None:
    moment = datetime(2026, 11, 22, 9, 59, 47, 741005, tzinfo=UTC)
    assert nanoseconds(moment) == MOMENT

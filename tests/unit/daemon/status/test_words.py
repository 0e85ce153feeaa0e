"""Times and foreign text as the pages write them."""

from datetime import timedelta

import pytest

from receiver.daemon.status.words import ago, duration, foreign, moment, window
from tests.unit.daemon.status.day import HOSTILE, NOW


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (None, "–"),
        (0, "0 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3_600, "1 h"),
        (3_605, "1 h"),
        (90_000, "1 d 1 h"),
        (-42, "−42 s"),
        (-0.2, "0 s"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float | None, written: str) -> None:
    assert duration(seconds) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "now"), (59, "59 s ago"), (60, "1 min ago"), (7_300, "2 h ago"), (-30, "in 30 s")],
)
def test_a_moment_is_told_from_now(seconds: float, written: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == written


def test_of_another_day_the_day_is_told() -> None:
    assert moment(NOW, NOW) == "14:05 UTC"
    assert moment(NOW - timedelta(days=1), NOW) == "22 Nov 14:05 UTC"


def test_a_window_over_midnight_tells_both_days() -> None:
    start = NOW.replace(hour=23, minute=55, second=0)
    assert window((start, start + timedelta(minutes=10))) == "23 Nov 23:55 – 24 Nov 00:05"


def test_foreign_text_hides_nothing_and_is_cut() -> None:
    shown = foreign(HOSTILE)
    assert shown.isprintable()
    assert len(shown) <= 1000
    assert "\\u202e" in shown

"""Bars: inside their picture, in proportion, and told in words."""

from datetime import timedelta

import pytest

from receiver.daemon.status.charts import Chart, batches_chart, lateness_chart, records_chart
from receiver.daemon.status.views import Bucket, Totals
from tests.unit.daemon.status.day import NOW

HOUR = timedelta(hours=1)


def buckets(*counts: tuple[int, int]) -> list[Bucket]:
    start = NOW.replace(minute=0, second=0)
    return [
        Bucket(
            start=start + number * HOUR,
            end=start + (number + 1) * HOUR,
            totals=Totals(batches=batches, failed=failed, records=batches * 10),
            lateness_mean=10.0 * batches if batches else None,
            lateness_max=20.0 * batches if batches else None,
        )
        for number, (batches, failed) in enumerate(counts)
    ]


def heights(chart: Chart, kind: str) -> list[float]:
    return [mark.height for bar in chart.bars for mark in bar.marks if mark.kind == kind]


SHAPES = [
    buckets((10, 0), (5, 0)),
    buckets((10, 10), (0, 0)),
    buckets((1_000_000, 1), (3, 3)),
    buckets((0, 0)),
    buckets((1, 0), (1_000_000, 999_999)),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_mark_is_inside_the_picture(shape: list[Bucket]) -> None:
    for chart in (batches_chart(shape), records_chart(shape), lateness_chart(shape)):
        for bar in chart.bars:
            for mark in bar.marks:
                assert 0 <= mark.x < mark.x + mark.width <= 100
                assert -0.01 <= mark.y <= mark.y + mark.height <= 103.1


def test_what_failed_hangs_below_the_line_in_the_same_measure() -> None:
    chart = batches_chart(buckets((30, 10), (20, 0)))
    (failed,) = heights(chart, "failed")
    first, second = heights(chart, "passed")
    assert first == pytest.approx(second)
    assert failed == pytest.approx(second / 2)


def test_one_failed_batch_among_a_million_can_be_seen() -> None:
    assert heights(batches_chart(buckets((1_000_000, 1))), "failed") == [3.0]


def test_it_says_in_words_what_it_draws() -> None:
    chart = batches_chart(buckets((30, 10), (20, 0)))
    assert chart.description.startswith("50 batches: 10 failed, 0 with warnings.")
    assert chart.bars[0].words.startswith("23 Nov 14:00 – 15:00: 30 batches, 10 failed")
    assert chart.most == "most 30"


def test_nothing_is_an_empty_picture() -> None:
    assert batches_chart(buckets((0, 0))).empty

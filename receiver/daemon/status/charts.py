"""Buckets as bars: where each mark is, in a picture of 100 by 100 that the page stretches.

What a bar is for stands beside it in words: the picture is drawn without text, so that it can be
as wide as a hand or a wall. What failed hangs below the line: nobody needs to see colours.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import msgspec

from receiver.daemon.status.views import Bucket
from receiver.daemon.status.words import bucket_words, duration
from receiver.report.phrase import counted, size

_WIDTH: Final = 100.0
_HEIGHT: Final = 100.0
_GAP: Final = 0.22  # of a bar's share, on either side of it
_LEAST: Final = 3.0  # what is there can be seen


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A rectangle, and what kind of thing it is."""

    x: float
    y: float
    width: float
    height: float
    kind: str


Draw: TypeAlias = Callable[[Bucket, float, float], list[Mark]]


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """All marks of one bucket; `words` are what it says when asked."""

    x: float
    width: float
    words: str
    marks: tuple[Mark, ...]


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A picture and the words around it."""

    id: str
    title: str
    description: str
    most: str  # what the highest bar stands for
    bars: tuple[Bar, ...]
    line: float  # where nothing is
    start: datetime
    middle: datetime
    end: datetime
    days: bool  # a moment is told by its day

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(bar.marks for bar in self.bars)


def batches_chart(buckets: Sequence[Bucket], *, id: str = "batches") -> Chart:
    """Draw how many batches there were: passed above the line, failed below."""
    above = max((each.totals.batches - each.totals.failed for each in buckets), default=0)
    below = max((each.totals.failed for each in buckets), default=0)
    least = _LEAST if below else 0.0
    line = _HEIGHT if not below else max(_HEIGHT * above / (above + below), 0.0)
    line = min(line, _HEIGHT - 4 * least)
    scale = min(line / above if above else _HEIGHT, (_HEIGHT - line) / below if below else _HEIGHT)

    def draw(bucket: Bucket, x: float, width: float) -> list[Mark]:
        totals, marks = bucket.totals, []
        passed = totals.batches - totals.failed - totals.warned
        top = line
        for count, kind in ((passed, "passed"), (totals.warned, "warned")):
            if count:
                height = max(count * scale, _LEAST)
                top -= height
                marks.append(Mark(x=x, y=max(top, 0.0), width=width, height=height, kind=kind))
        if totals.failed:
            height = max(totals.failed * scale, _LEAST)
            marks.append(Mark(x=x, y=line, width=width, height=height, kind="failed"))
        return marks

    sums = [each.totals for each in buckets]
    total, failed = sum(each.batches for each in sums), sum(each.failed for each in sums)
    warned = sum(each.warned for each in sums)
    told = f"{counted(total, 'batch', 'batches')}: {failed:,} failed, {warned:,} with warnings."
    return _chart(
        buckets,
        draw,
        id=id,
        title="Batches",
        description=f"{told} Failed ones hang below the line, those with warnings are on top.",
        most=f"most {max((each.batches for each in sums), default=0):,}",
        line=line,
    )


def records_chart(buckets: Sequence[Bucket]) -> Chart:
    """Draw how many records there were."""
    most = max((each.totals.records for each in buckets), default=0)

    def draw(bucket: Bucket, x: float, width: float) -> list[Mark]:
        return _bar(bucket.totals.records, most, x, width, "volume")

    total = counted(sum(each.totals.records for each in buckets), "record")
    plain = size(sum(each.totals.plain_bytes for each in buckets))
    return _chart(
        buckets,
        draw,
        id="records",
        title="Records",
        description=f"{total}, {plain} before compression.",
        most=f"most {most:,}",
    )


def lateness_chart(buckets: Sequence[Bucket]) -> Chart:
    """Draw how late batches came: the mean as a bar, the latest as a tick."""
    most = max((each.lateness_max or 0.0 for each in buckets), default=0.0)

    def draw(bucket: Bucket, x: float, width: float) -> list[Mark]:
        if bucket.lateness_mean is None or bucket.lateness_max is None:
            return []
        marks = _bar(max(bucket.lateness_mean, 0.0), most, x, width, "mean")
        if most > 0:
            y = _HEIGHT * (1 - max(bucket.lateness_max, 0.0) / most)
            marks.append(Mark(x=x, y=min(y, _HEIGHT - 2), width=width, height=2.0, kind="latest"))
        return marks

    batches = sum(each.totals.batches for each in buckets)
    late = sum((each.lateness_mean or 0.0) * each.totals.batches for each in buckets)
    mean = f"On average {duration(late / batches)} after the window's end, " if batches else ""
    return _chart(
        buckets,
        draw,
        id="lateness",
        title="Lateness",
        description=f"{mean}{'at the latest ' if mean else 'At the latest '}{duration(most)}."
        " The bar is the mean, the tick the latest.",
        most=f"most {duration(most)}",
    )


def _bar(value: float, most: float, x: float, width: float, kind: str) -> list[Mark]:
    if value <= 0 or most <= 0:
        return []
    height = max(_HEIGHT * value / most, _LEAST)
    return [Mark(x=x, y=_HEIGHT - height, width=width, height=height, kind=kind)]


def _chart(buckets: Sequence[Bucket], draw: Draw, *, line: float = _HEIGHT, **words: str) -> Chart:
    share = _WIDTH / max(len(buckets), 1)
    bars = tuple(
        Bar(
            x=number * share,
            width=share,
            words=bucket_words(bucket),
            marks=tuple(draw(bucket, (number + _GAP) * share, (1 - 2 * _GAP) * share)),
        )
        for number, bucket in enumerate(buckets)
    )
    start, end = buckets[0].start, buckets[-1].end
    return Chart(
        **words,
        bars=bars,
        line=line,
        start=start,
        middle=start + (end - start) / 2,
        end=end,
        days=end - start > timedelta(days=1),
    )

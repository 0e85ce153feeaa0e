"""Whether the share of records delivered is the sample that the job asks for.

Needs a reference: a count of the records before sampling. The answer may be asked for again
after every batch: the interval is a confidence sequence (Robbins 1970), so the chance that it
ever misses the true share, over the whole life of a job's options, is at most `alpha`. For every
share q it holds the evidence against q, a martingale mixed over Beta(1/2, 1/2):

    M(q) = B(1/2 + n, 1/2 + N - n) / B(1/2, 1/2) / (q^n (1 - q)^(N - n)),  in the interval < 1/alpha
"""

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Final

import msgspec

ALPHA: Final = 0.001
"""The chance of a false alarm over the life of one job's options."""

RELATIVE_TOLERANCE: Final = 0.10
"""Of the rarer of kept and left out: two counts of the same traffic never agree exactly."""

LOSS_TOLERANCE: Final = 0.001
"""Of the sample itself: at sample 1 a single misplaced record would else be an alarm."""

_STIRLING_MIN: Final = 64  # from here the series below is exact to the last bit


class SampleState(StrEnum):
    """Insufficient is neither: the counts cannot tell."""

    CONSISTENT = "consistent"
    INCONSISTENT = "inconsistent"
    INSUFFICIENT = "insufficient"


class SampleReason(StrEnum):
    """Why the verdict is what it is."""

    WITHIN_BAND = "within-band"
    SAMPLE_HIGH = "sample-high"
    SAMPLE_LOW = "sample-low"
    TOO_FEW_RECORDS = "too-few-records"
    REFERENCE_INCOMPLETE = "reference-incomplete"  # more delivered than there were to sample
    REFERENCE_EMPTY = "reference-empty"


class SampleVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict; all numbers are shares, 0 to 1. The interval is of the true share."""

    verdict: SampleState
    reason: SampleReason
    share: float | None  # delivered of reference; None where the reference tells nothing
    interval: tuple[float, float] | None
    band: tuple[float, float]  # what is tolerated around the job's sample


def judge_sample(
    *,
    configured: float,
    reference: int,
    delivered: int,
    alpha: float = ALPHA,
    relative_tolerance: float = RELATIVE_TOLERANCE,
    loss_tolerance: float = LOSS_TOLERANCE,
) -> SampleVerdict:
    """Judge `delivered` records of `reference` against the sample that the job asks for.

    Consistent: the interval lies within the band; inconsistent: outside; else insufficient.
    Order and grouping of the counts do not matter. A reference that counts other records than
    the job's (another filter, another time) makes any verdict worthless, and nothing here sees it.
    """
    assert 0 < configured <= 1
    assert reference >= 0
    assert delivered >= 0
    assert 0 < alpha < 1
    band = tolerated(configured, relative=relative_tolerance, loss=loss_tolerance)
    if delivered > reference or reference == 0:
        reason = SampleReason.REFERENCE_INCOMPLETE if delivered else SampleReason.REFERENCE_EMPTY
        return SampleVerdict(
            verdict=SampleState.INSUFFICIENT, reason=reason, share=None, interval=None, band=band
        )
    low, high = interval(reference=reference, delivered=delivered, alpha=alpha)
    if low > band[1]:
        verdict, reason = SampleState.INCONSISTENT, SampleReason.SAMPLE_HIGH
    elif high < band[0]:
        verdict, reason = SampleState.INCONSISTENT, SampleReason.SAMPLE_LOW
    elif band[0] <= low and high <= band[1]:
        verdict, reason = SampleState.CONSISTENT, SampleReason.WITHIN_BAND
    else:
        verdict, reason = SampleState.INSUFFICIENT, SampleReason.TOO_FEW_RECORDS
    return SampleVerdict(
        verdict=verdict,
        reason=reason,
        share=delivered / reference,
        interval=(low, high),
        band=band,
    )


def tolerated(configured: float, *, relative: float, loss: float) -> tuple[float, float]:
    """Return the band of shares that count as the configured sample."""
    half = max(relative * min(configured, 1 - configured), loss * configured)
    assert half > 0, "a band without width makes one misplaced record an alarm"
    return configured - half, min(1.0, configured + half)


def interval(*, reference: int, delivered: int, alpha: float) -> tuple[float, float]:
    """Return the confidence sequence's interval of the true share, for a reference above 0."""
    share = delivered / reference
    bound = -math.log(alpha)

    def outside(q: float) -> bool:
        return log_evidence(q, reference=reference, delivered=delivered) >= bound

    low = 0.0 if delivered == 0 else _edge(0.0, share, outside)
    high = 1.0 if delivered == reference else _edge(1.0, share, outside)
    return low, high


def log_evidence(q: float, *, reference: int, delivered: int) -> float:
    """Return ln M(q), for 0 < q < 1, to about 1e-9 at a reference of 1e14.

    Written around its least value, at q = n/N: there the large terms cancel on paper, where a
    difference of `lgamma`s would lose all digits (Stirling's series takes what is left).
    """
    left_out = reference - delivered
    least = (
        _half_rest(delivered)
        + _half_rest(left_out)
        - _whole_rest(reference)
        - math.log(math.pi)  # B(1/2, 1/2)
        + math.log(2 * math.pi) / 2
    )
    return (
        least
        - _log_ratio(delivered, delivered / reference, q)
        - _log_ratio(left_out, left_out / reference, 1 - q, away=delivered / reference - q)
    )


def _log_ratio(count: int, share: float, moved: float, *, away: float | None = None) -> float:
    """Return count * ln(moved / share); near each other they lose digits, and `away` keeps them."""
    if not count:
        return 0.0
    away = moved - share if away is None else away
    return count * (math.log1p(away / share) if abs(away) < share / 2 else math.log(moved / share))


def _half_rest(count: int) -> float:
    """Return ln gamma(count + 1/2) - (count ln count - count) - ln(2 pi)/2."""
    if count < _STIRLING_MIN:
        main = count * math.log(count) - count if count else 0.0
        return math.lgamma(count + 0.5) - main - math.log(2 * math.pi) / 2
    return -1 / (24 * count) + 7 / (2880 * count**3) - 31 / (40320 * count**5)


def _whole_rest(count: int) -> float:
    """Return ln gamma(count + 1) - (count ln count - count) - ln(2 pi)/2."""
    if count < _STIRLING_MIN:
        main = count * math.log(count) - count if count else 0.0
        return math.lgamma(count + 1) - main - math.log(2 * math.pi) / 2
    series = 1 / (12 * count) - 1 / (360 * count**3) + 1 / (1260 * count**5)
    return math.log(count) / 2 + series


def _edge(outer: float, inner: float, outside: Callable[[float], bool]) -> float:
    """Return where the evidence crosses its bound, by halving down to neighbouring floats."""
    while True:
        middle = (outer + inner) / 2
        if middle in {outer, inner}:
            return inner
        if outside(middle):
            outer = middle
        else:
            inner = middle

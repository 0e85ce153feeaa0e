from decimal import Decimal, localcontext

import pytest

from receiver.delivery.sample import (
    SampleReason,
    SampleState,
    interval,
    judge_sample,
    log_evidence,
    tolerated,
)

# Half the interval's width, relative to the share, in percent: at 95 % and at 99.9 %.
HALF_WIDTHS = [
    (0.001, 1_000, 498.7, 709.6),
    (0.001, 10_000, 130.5, 163.2),
    (0.001, 100_000, 42.6, 51.1),
    (0.001, 1_000_000, 14.2, 16.8),
    (0.01, 1_000, 118.8, 152.4),
    (0.01, 10_000, 39.5, 48.5),
    (0.01, 100_000, 13.3, 16.0),
    (0.01, 1_000_000, 4.5, 5.3),
    (0.1, 1_000, 34.6, 43.6),
    (0.1, 10_000, 11.9, 14.5),
    (0.1, 100_000, 4.0, 4.8),
    (0.1, 1_000_000, 1.4, 1.6),
    (0.5, 1_000, 11.5, 14.5),
    (0.5, 10_000, 4.0, 4.8),
    (0.5, 100_000, 1.3, 1.6),
    (0.5, 1_000_000, 0.5, 0.5),
    (0.9, 1_000, 3.8, 4.8),
    (0.9, 10_000, 1.3, 1.6),
    (0.9, 100_000, 0.4, 0.5),
    (0.9, 1_000_000, 0.2, 0.2),
]

# The table's least references were looked for on a grid: 5 % fewer records are too few.
REFERENCES_NEEDED = [
    (0.1, 0.10, 23_593),
    (0.1, 0.50, 980),
    (0.01, 0.10, 282_740),
    (0.01, 0.50, 12_674),
]


@pytest.mark.parametrize(("share", "reference", "at_95", "at_999"), HALF_WIDTHS)
def test_the_interval_is_as_wide_as_the_published_table_says(
    share: float, reference: int, at_95: float, at_999: float
) -> None:
    for alpha, expected in ((0.05, at_95), (0.001, at_999)):
        low, high = interval(reference=reference, delivered=round(reference * share), alpha=alpha)
        assert round(100 * (high - low) / 2 / share, 1) == expected


@pytest.mark.parametrize(("sample", "relative", "reference"), REFERENCES_NEEDED)
def test_so_many_reference_records_are_needed_to_call_a_sample_consistent(
    sample: float, relative: float, reference: int
) -> None:
    def judged(records: int) -> SampleState:
        return judge_sample(
            configured=sample,
            reference=records,
            delivered=round(records * sample),
            relative_tolerance=relative,
        ).verdict

    assert judged(reference) is SampleState.CONSISTENT
    assert judged(round(reference * 0.95)) is SampleState.INSUFFICIENT


@pytest.mark.parametrize(
    ("configured", "reference", "delivered", "verdict", "reason"),
    [
        (0.1, 1_204_331, 120_193, SampleState.CONSISTENT, SampleReason.WITHIN_BAND),
        (0.1, 10_000, 2_000, SampleState.INCONSISTENT, SampleReason.SAMPLE_HIGH),
        (0.1, 10_000, 500, SampleState.INCONSISTENT, SampleReason.SAMPLE_LOW),
        (0.1, 4, 4, SampleState.INCONSISTENT, SampleReason.SAMPLE_HIGH),
        (0.1, 100, 10, SampleState.INSUFFICIENT, SampleReason.TOO_FEW_RECORDS),
        (0.1, 100_000, 0, SampleState.INCONSISTENT, SampleReason.SAMPLE_LOW),
        (0.1, 0, 0, SampleState.INSUFFICIENT, SampleReason.REFERENCE_EMPTY),
        (0.1, 0, 3, SampleState.INSUFFICIENT, SampleReason.REFERENCE_INCOMPLETE),
        (0.1, 1_000, 1_001, SampleState.INSUFFICIENT, SampleReason.REFERENCE_INCOMPLETE),
        (1.0, 1_000_000, 1_000_000, SampleState.CONSISTENT, SampleReason.WITHIN_BAND),
        (1.0, 1_000_000, 990_000, SampleState.INCONSISTENT, SampleReason.SAMPLE_LOW),
        (1.0, 1_000_000, 999_000, SampleState.INSUFFICIENT, SampleReason.TOO_FEW_RECORDS),
        (1.0, 100, 100, SampleState.INSUFFICIENT, SampleReason.TOO_FEW_RECORDS),
    ],
)
def test_a_verdict_says_why(
    configured: float,
    reference: int,
    delivered: int,
    verdict: SampleState,
    reason: SampleReason,
) -> None:
    judged = judge_sample(configured=configured, reference=reference, delivered=delivered)
    assert (judged.verdict, judged.reason) == (verdict, reason)


def test_a_reference_that_tells_nothing_gives_no_share_and_no_interval() -> None:
    judged = judge_sample(configured=0.1, reference=10, delivered=11)
    assert judged.share is None
    assert judged.interval is None


def test_the_tolerance_sits_on_the_rarer_of_kept_and_left_out() -> None:
    assert tolerated(0.1, relative=0.1, loss=0.001) == pytest.approx((0.09, 0.11))
    assert tolerated(0.9, relative=0.1, loss=0.001) == pytest.approx((0.89, 0.91))
    assert tolerated(1.0, relative=0.1, loss=0.001) == (0.999, 1.0)


def test_a_band_without_width_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="width"):
        tolerated(1.0, relative=0.1, loss=0.0)


@pytest.mark.parametrize("reference", [10**3, 10**6, 10**10, 10**14])
@pytest.mark.parametrize("per_mille", [0, 1, 100, 500, 1000])
def test_the_evidence_is_exact_for_the_largest_counts(reference: int, per_mille: int) -> None:
    delivered = reference * per_mille // 1000
    share = delivered / reference
    spread = (max(share * (1 - share), 1 / reference) / reference) ** 0.5
    for q in (share - 5 * spread, share + 5 * spread):
        if 0 < q < 1:
            got = log_evidence(q, reference=reference, delivered=delivered)
            assert got == pytest.approx(exact_evidence(q, reference, delivered), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("reference", "delivered"),
    [(1, 0), (1, 1), (10**15, 1), (10**15, 10**15 - 1), (10**17, 10**17 - 1)],
)
def test_an_interval_holds_its_share_whatever_the_counts(reference: int, delivered: int) -> None:
    for alpha in (0.5, 0.001, 1e-300):
        low, high = interval(reference=reference, delivered=delivered, alpha=alpha)
        assert 0 <= low <= delivered / reference <= high <= 1


def exact_evidence(q: float, reference: int, delivered: int) -> float:
    """Return ln M(q) with 60 digits, straight from its definition."""
    with localcontext() as context:
        context.prec = 60
        exact_q, left_out = Decimal(q), reference - delivered
        log_beta = (
            log_gamma(delivered + Decimal("0.5"))
            + log_gamma(left_out + Decimal("0.5"))
            - log_gamma(Decimal(reference + 1))
        )
        log_pi = 2 * log_gamma(Decimal("0.5"))
        return float(log_beta - log_pi - delivered * exact_q.ln() - left_out * (1 - exact_q).ln())


def log_gamma(x: Decimal) -> Decimal:
    """Return ln gamma(x) by Stirling's series, from 300, where eight terms give 40 digits."""
    shift = Decimal(0)
    while x < 300:
        shift += x.ln()
        x += 1
    tau = 2 * Decimal("3.14159265358979323846264338327950288419716939937510582097494")
    bernoulli = [(1, 6), (-1, 30), (1, 42), (-1, 30), (5, 66), (-691, 2730), (7, 6), (-3617, 510)]
    series = sum(
        Decimal(top) / Decimal(bottom) / (2 * k * (2 * k - 1) * x ** (2 * k - 1))
        for k, (top, bottom) in enumerate(bernoulli, start=1)
    )
    return (x - Decimal("0.5")) * x.ln() - x + tau.ln() / 2 + series - shift

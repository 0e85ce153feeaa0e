"""Mutated batches: the checker and the oracle agree on every count, and on every line alone."""

import gzip
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.agree import differences, make_case

SEEDS = st.integers(min_value=0, max_value=2**32)
LINES_ALONE = 12

# The same seeds each time: `make fuzz` is for finding others.


@settings(max_examples=120, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_a_mutated_batch_is_judged_as_the_oracle_does(seed: int) -> None:
    case = make_case(seed)
    assert differences(case.job, case.data) == []


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_each_line_alone_is_judged_as_the_oracle_does(seed: int) -> None:
    case = make_case(seed)
    lines = list(dict.fromkeys(case.plain.split(b"\n")))
    for line in Random(seed).sample(lines, min(LINES_ALONE, len(lines))):
        assert differences(case.job, gzip.compress(line + b"\n", 1)) == [], line[:500]

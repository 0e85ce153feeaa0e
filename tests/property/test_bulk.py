"""The native accelerator and its Python counterpart agree on everything."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from receiver.check import bulk_pure
from tests.fuzz.agree import make_case, report_of
from tests.unit.check.accelerator import checking_with, native

JSON_BYTES = st.lists(
    st.sampled_from(
        [b'"', b"\\", b'\\"', b"\\\\", b"a" * 17, b"\n", b" ", b"{", b"\xff", b"x" * 300]
    )
).map(b"".join)
LINES = st.lists(
    st.one_of(
        st.sampled_from([b"", b"\n", b" \n", b"\r\n", b"\v\n", b"a\n", b"a", b"b\n", b"a" * 48]),
        st.binary(max_size=120),
    )
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(
        st.lists(inner), st.lists(inner).map(tuple), st.dictionaries(st.text(), inner)
    ),
)
SECONDS = st.integers(0, 3_000_000_000).map(
    lambda number: (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number)).strftime(
        "%Y-%m-%dT%H:%M:%S"
    )
)
FRACTIONS = st.one_of(st.just(""), st.text("0123456789", min_size=0, max_size=10).map(".".__add__))
TIMES = st.builds("{}{}Z".format, SECONDS, FRACTIONS)
ODD_TIMES = st.from_regex(
    r"[0-2]\d{3}-[01]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d(\.\d*)?Z?", fullmatch=True
)


@pytest.fixture(scope="module")
def _built() -> None:
    native()


@pytest.mark.usefixtures("_built")
class TestAgreement:
    @given(st.one_of(JSON_BYTES, st.binary()), st.integers(-2, 400))
    @example(b"\\", 1)
    @example(b'\\"', 1)
    def test_quotes_are_counted_alike(self, text: bytes, end: int) -> None:
        assert native().unescaped_quotes(text, end) == bulk_pure.unescaped_quotes(text, end)

    @given(VALUES)
    def test_quotes_of_values_are_counted_alike(self, value: object) -> None:
        assert native().quotes_of(value) == bulk_pure.quotes_of(value)

    @given(st.lists(st.integers(-(2**64), 2**64), min_size=1))
    def test_ends_of_integers_are_found_alike(self, column: list[int]) -> None:
        assert native().ends(column) == bulk_pure.ends(column)

    @given(st.lists(LINES), st.integers(0, 40), st.integers(0, 4))
    def test_repeats_are_found_alike(
        self, blocks: list[list[bytes]], lines_max: int, examples_max: int
    ) -> None:
        one, other = (
            native().LineSet(lines_max, examples_max),
            bulk_pure.LineSet(lines_max, examples_max),
        )
        for block in blocks:
            one.add(block)
            other.add(block)
            assert one.found() == other.found()

    @given(st.lists(TIMES), st.integers(0, 9))
    def test_ends_of_times_are_found_alike(self, column: list[str], digits: int) -> None:
        assert native().between(column, digits) == bulk_pure.between(column, digits)

    @given(
        st.lists(st.one_of(TIMES, ODD_TIMES, st.text(max_size=30)), min_size=1, max_size=4),
        st.integers(0, 9),
    )
    def test_what_is_no_time_is_seen_alike(self, column: list[str], digits: int) -> None:
        assert native().between(column, digits) == bulk_pure.between(column, digits)

    @given(ODD_TIMES, st.integers(0, 9))
    def test_dates_exist_alike(self, text: str, digits: int) -> None:
        assert native().between([text], digits) == bulk_pure.between([text], digits)

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, 2**32))
    def test_batches_get_the_same_report(self, seed: int) -> None:
        case = make_case(seed)
        reports = []
        for one in (native(), bulk_pure):
            with checking_with(one):
                reports.append(report_of(case.job, [case.data]))
        assert reports[0] == reports[1]

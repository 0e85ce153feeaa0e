from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from receiver.report.phrase import counted, elided, size, span, visible, wrap

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (999_949, "999.9 KB"),
        (999_950, "1.0 MB"),
        (71_600_000_000, "71.6 GB"),
        (10**19, "10000.0 PB"),
    ],
)
def test_sizes_are_decimal_and_never_a_thousand_of_a_unit(count: int, text: str) -> None:
    assert size(count) == text


def test_numbers_have_separators_and_their_noun_a_number() -> None:
    assert counted(1, "batch", "batches") == "1 batch"
    assert counted(1440, "batch", "batches") == "1,440 batches"
    assert counted(0, "record") == "0 records"


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (MIDNIGHT, MIDNIGHT + timedelta(days=1), "22 Nov 2026 00:00 to 24:00 UTC"),
        (NOON, NOON + timedelta(minutes=1), "22 Nov 2026 12:00 to 12:01 UTC"),
        (NOON, NOON + timedelta(seconds=30), "22 Nov 2026 12:00:00 to 12:00:30 UTC"),
        (NOON, NOON, "22 Nov 2026 12:00 to 12:00 UTC"),
        (MIDNIGHT, MIDNIGHT, "22 Nov 2026 00:00 to 00:00 UTC"),
        (NOON, MIDNIGHT + timedelta(days=2), "22 Nov 2026 12:00 to 23 Nov 2026 24:00 UTC"),
        (NOON, NOON + timedelta(days=1), "22 Nov 2026 12:00 to 23 Nov 2026 12:00 UTC"),
    ],
)
def test_a_span_reads_as_people_write_it(start: datetime, end: datetime, text: str) -> None:
    assert span(start, end) == text


@given(st.datetimes(), st.datetimes())
def test_a_span_of_any_times_can_be_written(one: datetime, other: datetime) -> None:
    start, end = sorted([one, other])
    assert span(start, end).endswith("UTC")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("日本 é 🙂", "日本 é 🙂"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\r\nb", r"a\x0d\x0ab"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("a\u2028b", r"a\u2028b"),
        ("\udcff", r"\udcff"),
        ("\x9b2J", r"\x9b2J"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_cannot_be_seen_is_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(), st.integers(8, 40))
def test_lines_fit_and_nothing_is_lost(text: str, columns: int) -> None:
    lines = list(wrap(visible(text), columns=columns, indent="  ", hang="    "))
    assert all(cell_len(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == visible(text).replace(" ", "")


@given(st.text(), st.integers(8, 40))
def test_an_elided_text_fits(text: str, columns: int) -> None:
    assert cell_len(elided(visible(text), columns)) <= columns


def test_an_elided_key_keeps_both_its_ends() -> None:
    key = "logs/" + "x" * 100 + "/9af500e2.log.gz"
    assert elided(key, 40).startswith("logs/xxx")
    assert elided(key, 40).endswith("/9af500e2.log.gz")


@pytest.mark.parametrize("stop", [".", ",", ")"])
def test_a_stop_never_stands_alone_on_its_line(stop: str) -> None:
    lines = list(wrap(f"see {'x' * 30}{stop}", columns=10, indent="", hang=""))
    assert all(line != stop for line in lines)
    assert "".join(lines).endswith(f"x{stop}")
    assert all(len(line) <= 10 for line in lines)

"""The native accelerator and its Python counterpart: one behaviour, told once for both."""

import tracemalloc
from types import ModuleType

import pytest

from receiver.check import bulk, bulk_pure, json_text
from tests.unit.check.accelerator import checking_with, native


@pytest.fixture(params=["pure", "native"])
def one(request: pytest.FixtureRequest) -> ModuleType:
    return bulk_pure if request.param == "pure" else native()


def repeats(one: ModuleType, *lines: bytes, lines_max: int = 100) -> tuple[int, list[int]]:
    line_set = one.LineSet(lines_max, 3)
    line_set.add(list(lines))
    found: tuple[int, list[int]] = line_set.found()
    return found


def test_what_was_built_is_used() -> None:
    chosen = native() if bulk.NATIVE else bulk_pure
    for name in set(bulk.__all__) - {"NATIVE"}:
        assert getattr(bulk, name) is getattr(chosen, name)


# --- quotes ---


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (b"", 0),
        (b'"', 1),
        (b'{"a":"b"}', 4),
        (rb'"\""', 2),
        (rb'"\\"', 2),
        (rb'"\\\""', 2),
        (rb'"\u0022"', 2),
        (b'"' * 1000, 1000),
        (rb"\"" * 1000, 0),
        (rb"\\" * 1000 + b'"', 1),
        (b"x" * 500 + b'"' + b"x" * 500 + rb"\"" + b'"', 2),
    ],
)
def test_quotes_that_are_escaped_are_not_counted(one: ModuleType, text: bytes, count: int) -> None:
    assert one.unescaped_quotes(text) == count


def test_quotes_are_counted_up_to_the_end_that_is_given(one: ModuleType) -> None:
    text = rb'"a\"b"' + b'"' * 10
    counts = [one.unescaped_quotes(text, end) for end in range(8)]
    assert counts == [0, 1, 1, 1, 1, 1, 2, 3]


def test_a_backslash_at_the_end_escapes_nothing_behind_it(one: ModuleType) -> None:
    assert one.unescaped_quotes(b'"\\"', 2) == 1
    assert one.unescaped_quotes(b"\\") == 0


@pytest.mark.parametrize(("end", "count"), [(-1, 0), (4, 2), (10**9, 2)])
def test_an_end_outside_the_text_is_that_of_the_text(one: ModuleType, end: int, count: int) -> None:
    assert one.unescaped_quotes(b'"a"', end) == count


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ("", 2),
        (None, 0),
        ([1, True, 1.5, None, 2**70, float("inf")], 0),
        ({"a": 1, "b": {"c": ["d", '"', "\\"]}}, 12),
        ([({"a": []}, "b"), ("c", 2**70)], 6),
        (["\ud800", {"\udfff": 1}], 4),
    ],
)
def test_each_text_of_a_value_is_written_with_two_quotes(
    one: ModuleType, value: object, count: int
) -> None:
    assert one.quotes_of(value) == count


def test_a_value_nested_too_deeply_is_refused_and_counted_without_recursion(
    one: ModuleType,
) -> None:
    value: object = "x"
    for _ in range(100_000):
        value = [value]
    with pytest.raises(RecursionError):
        one.quotes_of(value)
    with checking_with(one):
        assert json_text.quotes_of(value) == 2
    while isinstance(value, list):  # taken apart from outside: to free it at once goes as deep
        value = value.pop()


# --- lines that repeat ---


def test_lines_that_differ_are_no_repeats(one: ModuleType) -> None:
    lines = [b"%d" % number for number in range(5000)]
    assert repeats(one, *lines, lines_max=5000) == (0, [])


def test_a_line_is_a_repeat_from_its_second_time_on(one: ModuleType) -> None:
    assert repeats(one, b"a\n", b"b\n", b"a\n", b"a\n", b"b\n") == (3, [3, 4, 5])


def test_only_the_first_repeats_are_named(one: ModuleType) -> None:
    assert repeats(one, *[b"a\n"] * 10) == (9, [2, 3, 4])


@pytest.mark.parametrize("blank", [b"", b"\n", b" \n", b"\r\n", b"\t \n", b"   "])
def test_a_blank_line_is_no_repeat_and_has_a_number(one: ModuleType, blank: bytes) -> None:
    assert repeats(one, blank, b"a\n", blank, b"a\n", blank) == (1, [4])


def test_a_line_of_form_feeds_is_not_blank(one: ModuleType) -> None:
    assert repeats(one, b"\f\n", b"\v\n", b"\f\n") == (1, [3])


def test_the_newline_belongs_to_the_line(one: ModuleType) -> None:
    assert repeats(one, b"a\n", b"a", b"a\n") == (1, [3])


def test_lines_after_the_last_that_is_looked_at_are_left_out(one: ModuleType) -> None:
    line_set = one.LineSet(3, 3)
    line_set.add([b"a\n", b"\n"])
    line_set.add([b"a\n", b"a\n", b"a\n"])
    assert line_set.found() == (1, [3])


def test_repeats_are_found_among_many_lines_in_many_blocks(one: ModuleType) -> None:
    line_set = one.LineSet(400_000, 3)
    for block in range(100):
        line_set.add([b"%d\n" % number for number in range(block * 3000, block * 3000 + 3000)])
    line_set.add([b"299999\n", b"new\n", b"\n", b"7\n", b"\n"])
    line_set.add([b"new\n", b"0\n"])
    assert line_set.found() == (4, [300_001, 300_004, 300_006])


def test_lines_of_every_length_are_told_apart(one: ModuleType) -> None:
    """Also where they differ in a single byte, and where one is the beginning of another."""
    text = b"x" * 200
    lines = [text[:length] for length in range(1, 200)]
    lines += [text[:at] + b"y" + text[at + 1 :] for at in range(200)]
    lines += [b"z" + b"\0" * length for length in range(200)]
    assert repeats(one, *lines, lines_max=1000) == (0, [])
    assert repeats(one, *lines, *lines, lines_max=2000)[0] == len(lines)


def test_what_was_found_can_be_asked_in_between(one: ModuleType) -> None:
    line_set = one.LineSet(10, 3)
    assert line_set.found() == (0, [])
    line_set.add([b"a\n", b"a\n"])
    assert line_set.found() == (1, [2])
    line_set.add([b"a\n"])
    assert line_set.found() == (2, [2, 3])


def test_two_million_lines_would_take_forty_mib_at_the_most() -> None:
    """Shown of an eighth of them: the table grows by doubling, and its bound by the lines."""
    native_bulk = native()
    lines = [b"%d\n" % number for number in range(250_000)]
    tracemalloc.start()
    try:
        line_set = native_bulk.LineSet(len(lines), 3)
        line_set.add(lines)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert line_set.found() == (0, [])
    assert peak <= 5 << 20


def test_the_accelerator_refuses_what_are_no_lines() -> None:
    native_bulk = native()
    line_set = native_bulk.LineSet(10, 3)
    with pytest.raises(TypeError):
        line_set.add([b"a\n", "b\n"])
    with pytest.raises(TypeError):
        line_set.add((b"a\n",))
    with pytest.raises(ValueError, match="some number of lines"):
        native_bulk.LineSet(-1, 3)


# --- columns of timestamps ---


def test_the_ends_of_integers_are_the_lowest_and_the_highest(one: ModuleType) -> None:
    assert one.ends([5]) == (5, 5)
    assert one.ends([3, -7, 2**63 - 1, 0]) == (-7, 2**63 - 1)
    assert one.ends([-(2**63), -1]) == (-(2**63), -1)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**40])
def test_integers_of_more_than_64_bits_are_left_to_others(one: ModuleType, value: int) -> None:
    assert one.ends([1, value, -1]) is None


def test_no_integers_have_no_ends(one: ModuleType) -> None:
    with pytest.raises(ValueError):
        one.ends([])


def test_the_ends_of_a_column_are_its_earliest_and_latest_text(one: ModuleType) -> None:
    column = ["2026-11-20T10:00:01Z", "2025-12-31T23:59:59Z", "2026-11-20T10:00:00Z"]
    assert one.between(column, 0) == ("2025-12-31T23:59:59Z", "2026-11-20T10:00:01Z")
    assert one.between(column[:1], 0) == (column[0], column[0])


def test_fractions_of_different_length_are_ordered_by_time(one: ModuleType) -> None:
    second = "2026-11-20T10:00:01"
    column = [second + end for end in (".5Z", ".49Z", ".500001Z", "Z", ".499999999Z")]
    assert one.between(column, 9) == (second + "Z", second + ".500001Z")
    assert one.between(column[:3], 9) == (second + ".49Z", second + ".500001Z")


def test_an_empty_column_has_no_ends(one: ModuleType) -> None:
    assert one.between([], 0) is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T10:00:00",
        "2026-11-20T10:00:00z",
        "2026-11-20t10:00:00Z",
        "2026-11-20 10:00:00Z",
        "2026-11-20T10:00:00+00:00",
        "2026-11-20T10:00:00.Z",
        "2026-11-20T10:00:00.1234567890Z",
        "2026-11-20T10:00:00,5Z",
        "2026-11-20T10:00:00.5ZZ",
        "2026-11-20T10:00:00.5 Z",
        "2026-11-20T10:00:00Z5Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T10:60:00Z",
        "2026-11-20T10:00:60Z",
        "2026-00-20T10:00:00Z",
        "2026-13-20T10:00:00Z",
        "2026-11-00T10:00:00Z",
        "2026-11-31T10:00:00Z",
        "2026-02-29T10:00:00Z",
        "2100-02-29T10:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-11-2\u0660T10:00:00Z",
        "2026-11-20T10:00:00\u00e9Z",
        "2026-11-20T10:00:0\ud800Z",
        "2026-11-20T10:00:00\0Z",
        "T10:00:00.123Z",
        "Z",
        "",
    ],
)
def test_what_is_no_time_in_these_spellings_is_left_to_others(one: ModuleType, text: str) -> None:
    good = "2026-11-20T10:00:00Z"
    assert one.between([text], 9) is None
    assert one.between([good, text, good], 9) is None
    assert one.between([good, "2026-11-20T10:00:00.5Z", text], 9) is None


@pytest.mark.parametrize(
    "text", ["2024-02-29T23:59:59Z", "2000-02-29T00:00:00Z", "0001-01-01T00:00:00Z"]
)
def test_odd_dates_that_exist_are_times(one: ModuleType, text: str) -> None:
    assert one.between([text], 0) == (text, text)


@pytest.mark.parametrize(("digits", "most"), [(0, 0), (3, 3), (9, 9)])
def test_a_fraction_has_as_many_digits_as_are_allowed(
    one: ModuleType, digits: int, most: int
) -> None:
    texts = [f"2026-11-20T10:00:00.{'1' * length}Z" for length in range(1, 12)]
    taken = [length for length, text in enumerate(texts, 1) if one.between([text], digits)]
    assert taken == list(range(1, most + 1))

"""Lines out of blocks: whatever the blocks, the same lines, and bounded memory."""

import pytest

from receiver.batch.lines import Lines, LineSplitter, LongLine
from receiver.limits import LINE_BYTES_MAX, LONG_LINE_BYTES


def split(*blocks: bytes) -> list[bytes | int]:
    """The lines of some blocks without newlines; of those not kept, the length."""
    splitter = LineSplitter()
    parts = [part for block in blocks for part in splitter.feed(block)]
    found: list[bytes | int] = []
    for part in [*parts, *splitter.close()]:
        if isinstance(part, Lines):
            assert b"".join(part.lines) == part.block[: part.end]
            assert all(line.endswith(b"\n") for line in part.lines)
            found += [line[:-1] for line in part.lines]
        else:
            found.append(part.line_bytes if part.line is None else part.line)
    return found


@pytest.mark.parametrize(
    "text", [b"", b"a", b"a\n", b"\n", b"\n\n", b"a\nb", b"a\r\nb\n", b"\na\n\n"]
)
def test_a_line_is_what_lies_between_newlines(text: bytes) -> None:
    lines = text.split(b"\n")
    expected = lines if lines[-1] else lines[:-1]
    assert split(text) == expected
    assert split(*(text[at : at + 1] for at in range(len(text)))) == expected


def test_nothing_but_a_newline_ends_a_line() -> None:
    text = "a\r\x0b\x0c\x1c\x85\u2028b".encode()
    assert split(text + b"\n") == [text]


@pytest.mark.parametrize("length", [LONG_LINE_BYTES - 1, LONG_LINE_BYTES, LONG_LINE_BYTES + 1])
@pytest.mark.parametrize("block", [1 << 16, 1 << 17, 1 << 18])
def test_a_long_line_is_the_same_line_and_its_neighbours_are_kept(length: int, block: int) -> None:
    text = b"before\n" + b"x" * length + b"\nafter\n\nlast"
    blocks = [text[at : at + block] for at in range(0, len(text), block)]
    assert split(*blocks) == [b"before", b"x" * length, b"after", b"", b"last"]


def test_a_long_line_may_end_with_its_block_or_in_a_block_of_its_own() -> None:
    half = b"x" * LONG_LINE_BYTES
    assert split(half, half + b"\n") == [half * 2]
    assert split(half, half, b"\n", b"\n", b"y\n") == [half * 2, b"", b"y"]
    assert split(half, half) == [half * 2]


def test_of_a_line_too_long_only_the_length_is_known() -> None:
    block = b"x" * (1 << 20)
    blocks = [block] * (LINE_BYTES_MAX // len(block))
    assert split(*blocks, b"\n") == [b"".join(blocks)]
    assert split(*blocks, b"x\n", b"y\n") == [LINE_BYTES_MAX + 1, b"y"]
    assert split(*blocks, *blocks, b"x") == [2 * LINE_BYTES_MAX + 1]


def test_after_a_line_too_long_another_one_is_kept() -> None:
    block = b"x" * LINE_BYTES_MAX
    assert split(block, b"x\n", block, b"\n", b"y") == [LINE_BYTES_MAX + 1, block, b"y"]


def test_a_long_line_tells_its_length() -> None:
    splitter = LineSplitter()
    assert list(splitter.feed(b"x" * (LONG_LINE_BYTES + 1))) == []
    assert list(splitter.close()) == [LongLine(b"x" * (LONG_LINE_BYTES + 1), LONG_LINE_BYTES + 1)]

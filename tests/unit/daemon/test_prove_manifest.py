"""An exported manifest: whatever was done to the file or to the ledger, it is told where."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from receiver.daemon.prove_manifest import (
    PROBLEMS_MAX,
    Comparison,
    compare_manifest,
    read_segment,
    segment_line,
)
from receiver.ledger.chain import segment_hash
from receiver.ledger.ledger import Segment
from receiver.ledger.open import open_ledger
from tests.unit.daemon.proving import Kept, key


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    """Three segments, of an hour each."""
    async with open_ledger(f"sqlite:///{tmp_path / 'receiver.db'}") as ledger:
        made = Kept(ledger)
        for number in range(3):
            await made.judge(made.write(key(2 * number)), made.write(key(2 * number + 1)))
            await made.seal()
            await made.later()
        yield made


async def exported(kept: Kept) -> list[Segment]:
    return [each async for each in kept.ledger.segments()]


def file_of(segments: list[Segment]) -> io.BytesIO:
    return io.BytesIO(b"".join(map(segment_line, segments)))


async def compared(kept: Kept, segments: list[Segment]) -> Comparison:
    return await compare_manifest(file_of(segments), kept.ledger)


async def test_what_was_written_is_read_the_same(kept: Kept) -> None:
    for segment in await exported(kept):
        assert read_segment(segment_line(segment)) == segment
        lineless = msgspec.structs.replace(segment, lines=None)
        assert read_segment(segment_line(lineless)) == lineless


async def test_the_whole_chain_and_its_parts_hold(kept: Kept) -> None:
    segments = await exported(kept)
    whole = await compared(kept, segments)
    assert (whole.problems, whole.segments, whole.entries, whole.since) == ((), 3, 6, 0)
    head = await compared(kept, segments[:2])
    assert (head.problems, head.since) == ((), 1)
    tail = await compared(kept, segments[1:])
    assert (tail.problems, tail.first) == ((), 2)


async def test_a_segment_that_is_missing_or_moved_is_named(kept: Kept) -> None:
    one, two, three = await exported(kept)
    gap = await compared(kept, [one, three])
    assert gap.problems == (
        "the file's segment 3: it comes after segment 1; some are missing or out of order",
    )
    assert (await compared(kept, [two, one, three])).problems


async def test_lines_altered_with_their_hash_differ_from_the_ledger(kept: Kept) -> None:
    one, two, three = await exported(kept)
    assert two.lines is not None
    lines = two.lines.replace(b'"verdict":"pass"', b'"verdict":"fail"', 1)
    forged = msgspec.structs.replace(two, lines=lines, hash=segment_hash(two.previous, lines))
    problems = " ".join((await compared(kept, [one, forged, three])).problems)
    assert f"the ledger has another one, from {key(2)} on" in problems
    assert "the file's segment 3: it was not made after segment 2" in problems


async def test_segments_that_the_ledger_has_lost_are_named(kept: Kept, tmp_path: Path) -> None:
    segments = await exported(kept)
    async with open_ledger(f"sqlite:///{tmp_path / 'empty.db'}") as empty:
        found = await compare_manifest(file_of(segments), empty)
    assert found.problems == tuple(f"segment {n}: the ledger has it no more" for n in (1, 2, 3))


@pytest.mark.parametrize("content", [b"", b"\n", b"{}\n", b"\xff\n", b"[" * 100_000, b"null\n"])
async def test_what_is_no_manifest_is_said_to_be_none(kept: Kept, content: bytes) -> None:
    assert (await compare_manifest(io.BytesIO(content), None)).problems


async def test_problems_are_told_up_to_a_bound() -> None:
    found = await compare_manifest(io.BytesIO(b"x\n" * (PROBLEMS_MAX + 7)), None)
    assert (len(found.problems), found.problems_more) == (PROBLEMS_MAX, 7)

"""The chain of segments: whatever is changed in it is found."""

import hashlib
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from receiver.check.report import Verdict
from receiver.ledger.chain import FIRST, check_chain, line_of, segment_hash
from receiver.ledger.ledger import Segment

START = datetime(2026, 11, 22, 10, tzinfo=UTC)


def line(**spoiled: Any) -> bytes:
    told: dict[str, Any] = {
        "place": "s3://b/é",
        "key": "half \ud83d",
        "etag": '"e"',
        "digest": "00",
        "verdict": Verdict.PASS,
        "judged_at": START,
        "job": None,
        "records": 5,
    }
    return line_of(**(told | spoiled))


def chain(count: int = 4) -> list[Segment]:
    segments: list[Segment] = []
    previous = FIRST
    for number in range(count):
        lines = line(records=number) + line(records=-number)
        start = START + timedelta(hours=number)
        segments.append(
            Segment(
                number=number + 1,
                start=start,
                end=start + timedelta(hours=1),
                entries=2,
                previous=previous,
                hash=segment_hash(previous, lines),
                lines=lines,
            )
        )
        previous = segments[-1].hash
    return segments


def spoiled(segment: Segment, **values: Any) -> Segment:
    return msgspec.structs.replace(segment, **values)


def test_a_line_is_sorted_ascii_json() -> None:
    assert line() == (
        rb'{"digest":"00","etag":"\"e\"","job":null,"judged_at":"2026-11-22T10:00:00.000000Z",'
        rb'"key":"half \ud83d","place":"s3://b/\u00e9","records":5,"verdict":"pass"}' + b"\n"
    )


def test_a_line_is_the_same_in_every_time_zone() -> None:
    there = START.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert line(judged_at=there) == line()


def test_a_shell_finds_the_same_hash() -> None:
    (segment,) = chain(1)
    given = segment.previous.encode() + b"\n" + (segment.lines or b"")
    done = subprocess.run(["sha256sum"], input=given, capture_output=True, check=True)
    assert done.stdout.split()[0].decode() == segment.hash == hashlib.sha256(given).hexdigest()


def test_a_whole_chain_has_no_problem() -> None:
    segments = chain()
    assert check_chain(segments) == []
    assert check_chain(segments[2:]) == []
    assert check_chain([spoiled(segments[0], lines=None), *segments[1:]]) == []
    assert check_chain([]) == []


@pytest.mark.parametrize(
    ("number", "values", "told"),
    [
        (1, {"lines": line() * 2}, "segment 2: its lines"),
        (1, {"lines": b""}, "segment 2: its lines"),
        (1, {"entries": 3}, "segment 2: it has not the 3"),
        (1, {"hash": "00"}, "segment 3: it was not made after segment 2"),
        (1, {"previous": "00"}, "segment 2: it was not made after segment 1"),
        (1, {"number": 7}, "segment 7: it comes after segment 1"),
        (0, {"previous": "00"}, "segment 1: it is the first"),
    ],
)
def test_what_is_changed_is_found(number: int, values: dict[str, Any], told: str) -> None:
    segments = chain()
    segments[number] = spoiled(segments[number], **values)
    assert any(problem.startswith(told) for problem in check_chain(segments))


def test_what_is_left_out_or_moved_is_found() -> None:
    first, second, third, fourth = chain()
    assert check_chain([first, third, fourth])
    assert check_chain([first, third, second, fourth])
    assert check_chain([first, second, second, third])


def test_lines_changed_with_their_hash_break_the_next_link() -> None:
    segments = chain()
    lines = line(verdict=Verdict.FAIL)
    changed = segment_hash(segments[1].previous, lines)
    segments[1] = spoiled(segments[1], lines=lines, hash=changed, entries=1)
    assert [each.split(":")[0] for each in check_chain(segments)] == ["segment 3"]

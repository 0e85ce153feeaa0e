"""The manifest outside of the ledger: a segment a line, and such a file held against a ledger.

    {"number": 1, "start": "...", "end": "...", "entries": 60, "previous": "0000...", "hash":
    "9f3c...", "lines": "{...}\\n{...}\\n"}

`lines` is one text, the very one that was hashed; null where retention has taken the lines.
"""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import IO, Final

import msgspec

from receiver.ledger.chain import ChainCheck
from receiver.ledger.ledger import Ledger, Segment
from receiver.limits import MIB

LINE_BYTES_MAX: Final = 128 * MIB
"""A segment has 10,000 lines at most, about 3 MB: a longer line is no segment's."""

PROBLEMS_MAX: Final = 100
"""So many are told one by one: where a chain is broken, all that follows may be."""


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    start: datetime
    end: datetime
    entries: int
    previous: str
    hash: str
    lines: str | None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    problems: tuple[str, ...]
    problems_more: int
    segments: int
    entries: int
    first: int  # the number of the file's first segment; 0: it has none
    lineless: int  # segments of the file without their lines
    since: int  # segments of the ledger after the file's last


class Problems:
    """What is wrong, up to a bound, and how much more there is."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.more = 0

    def add(self, problem: str) -> None:
        """Take one."""
        if len(self.told) < PROBLEMS_MAX:
            self.told.append(problem)
        else:
            self.more += 1

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.told) + self.more


def segment_line(segment: Segment) -> bytes:
    """Write a segment in one line of ASCII."""
    told = {
        "number": segment.number,
        "start": _written(segment.start),
        "end": _written(segment.end),
        "entries": segment.entries,
        "previous": segment.previous,
        "hash": segment.hash,
        "lines": None if segment.lines is None else segment.lines.decode("ascii"),
    }
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def read_segment(line: bytes) -> Segment:
    """Read what `segment_line` wrote.

    Raises:
        ValueError: it is no segment.
    """
    found = msgspec.json.decode(line, type=_Line)
    return Segment(
        number=found.number,
        start=found.start,
        end=found.end,
        entries=found.entries,
        previous=found.previous,
        hash=found.hash,
        lines=None if found.lines is None else found.lines.encode(),
    )


async def compare_manifest(file: IO[bytes], ledger: Ledger | None) -> Comparison:
    """Check a file of segments by itself, and segment by segment against a ledger's."""
    problems, check = Problems(), ChainCheck()
    theirs = _Theirs(ledger, problems)
    segments = entries = first = lineless = 0
    for segment in _segments(file, problems):
        for problem in check.feed(segment):
            problems.add(f"the file's {problem}")
        first = first or segment.number
        segments, entries = segments + 1, entries + segment.entries
        lineless += segment.lines is None
        if ledger is not None:
            await theirs.compare(segment)
    if not segments and not problems.count:
        problems.add("the file holds no segment; name one that `ledger export` wrote")
    since = 0 if ledger is None else await theirs.rest()
    return Comparison(
        problems=tuple(problems.told),
        problems_more=problems.more,
        segments=segments,
        entries=entries,
        first=first,
        lineless=lineless,
        since=since,
    )


class _Theirs:
    """A ledger's segments, beside the file's as they come."""

    def __init__(self, ledger: Ledger | None, problems: Problems) -> None:
        self._problems = problems
        self._check = ChainCheck()
        self._segments: AsyncIterator[Segment] | None = ledger.segments() if ledger else None
        self._next: Segment | None = None
        self._begun = False

    async def compare(self, segment: Segment) -> None:
        """Hold the file's next segment against the ledger's of that number."""
        while (mine := await self._peek()) is not None and mine.number < segment.number:
            self._begun = False
        if mine is None or mine.number != segment.number:
            self._problems.add(f"segment {segment.number}: the ledger has it no more")
            return
        self._begun = False
        if (mine.hash, mine.previous) != (segment.hash, segment.previous):
            where = _first_difference(mine.lines, segment.lines)
            self._problems.add(
                f"segment {segment.number} ({segment.start:%Y-%m-%d %H:%M}): the ledger has"
                f" another one{where}: it has hash {mine.hash}, the file {segment.hash}"
            )

    async def rest(self) -> int:
        """Check what follows; return how many segments that is."""
        count = 0
        while await self._peek() is not None:
            self._begun = False
            count += 1
        return count

    async def _peek(self) -> Segment | None:
        """Return the ledger's next segment, which stays the next until `_begun` is reset."""
        if not self._begun and self._segments is not None:
            self._next = await anext(self._segments, None)
            self._begun = True
            if self._next is not None:
                for problem in self._check.feed(self._next):
                    self._problems.add(f"the ledger's {problem}")
        return self._next


def _segments(file: IO[bytes], problems: Problems) -> Iterator[Segment]:
    number = 0
    while line := file.readline(LINE_BYTES_MAX):
        number += 1
        if not line.strip():
            continue
        try:
            yield read_segment(line)
        except ValueError:  # msgspec's are; and what is no UTF-8
            cut = " (it is cut?)" if not line.endswith(b"\n") else ""
            problems.add(f"line {number} of the file is no segment{cut}")


def _first_difference(mine: bytes | None, theirs: bytes | None) -> str:
    """Say which object's line is the first that differs, where both have their lines."""
    if mine is None or theirs is None:
        return ""
    ours, others = mine.splitlines(), theirs.splitlines()
    for one, other in zip(ours, others, strict=False):
        if one != other:
            return f", from {_key_of(other)} on"
    longer = max(ours, others, key=len)
    at = min(len(ours), len(others))
    return f", from {_key_of(longer[at])} on" if at < len(longer) else ""


def _key_of(line: bytes) -> str:
    try:
        return str(json.loads(line)["key"])
    except (ValueError, KeyError, TypeError):
        return "a line that cannot be read"


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"

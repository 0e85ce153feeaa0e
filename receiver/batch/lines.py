"""Lines: plain blocks in, whole lines out. A line is the bytes between `\\n`, nothing else.

Knows only where lines begin and end; what they hold is for the checks.
"""

from collections.abc import Iterator
from io import BytesIO

import msgspec

from receiver.limits import LINE_BYTES_MAX, LONG_LINE_BYTES


class Lines(msgspec.Struct, frozen=True, gc=False):
    """Whole lines, one after the other, each with its newline."""

    lines: list[bytes]
    block: bytes  # where they come from: all of it up to `end`
    end: int


class LongLine(msgspec.Struct, frozen=True):
    """A line too long to be decoded among others, without its newline; None if too long to keep."""

    line: bytes | None
    line_bytes: int


class LineSplitter:
    """`feed` plain blocks, then `close`; both yield Lines and LongLines in order.

    Memory is bounded by LINE_BYTES_MAX: of a longer line only the length is known.
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []  # of the line whose end has not come
        self._parts_bytes = 0

    def feed(self, block: bytes) -> Iterator[Lines | LongLine]:
        first = block.find(b"\n")
        if first < 0:
            self._keep(block)
            return
        if self._parts:
            if self._parts_bytes + first > LONG_LINE_BYTES:
                self._keep(block[:first])
                yield self._long()
                block = block[first + 1 :]
                if not block:
                    return
            else:
                self._parts.append(block)
                block = b"".join(self._parts)
                self._parts, self._parts_bytes = [], 0
        lines = BytesIO(block).readlines()  # by memchr: twice as fast as split
        tail = b"" if block.endswith(b"\n") else lines.pop()
        if lines:
            yield Lines(lines, block, len(block) - len(tail))
        if tail:
            self._keep(tail)

    def close(self) -> Iterator[Lines | LongLine]:
        """Yield the last line if no newline ended it."""
        if self._parts_bytes > LONG_LINE_BYTES:
            yield self._long()
        elif self._parts_bytes:
            line = b"".join([*self._parts, b"\n"])
            yield Lines([line], line, len(line))
        self._parts, self._parts_bytes = [], 0

    def _keep(self, part: bytes) -> None:
        self._parts_bytes += len(part)
        if self._parts_bytes <= LINE_BYTES_MAX:
            self._parts.append(part)
        else:
            self._parts = [b""]  # the line goes on, its bytes are not kept

    def _long(self) -> LongLine:
        line_bytes = self._parts_bytes
        line = b"".join(self._parts) if line_bytes <= LINE_BYTES_MAX else None
        self._parts, self._parts_bytes = [], 0
        return LongLine(line, line_bytes)

"""Repeats inside a batch: the same line twice, by a 64-bit digest of the line.

Exact among the first REPEAT_RECORDS_MAX lines, 8 bytes each; of what comes after nothing is said.
The digest is Python's own hash of bytes (SipHash, keyed anew in each process): 2 million different
lines give one false repeat in ten million batches, and nobody can make lines that collide.
"""

from array import array
from collections.abc import Iterator, Sequence

from receiver.limits import EXAMPLES_MAX, REPEAT_RECORDS_MAX

_NOTHING = hash(b"")  # a blank line is another finding
_PART_LINES = 1 << 17  # lines compared at once: a set of them takes about 12 MiB


class Repeats:
    """`add` the lines in order; `found` says how many stand a second time, and where."""

    def __init__(self) -> None:
        self._digests = array("q")
        self._few: set[int] | None = {_NOTHING}  # all digests, while they are few
        self.lines_left_out = 0

    def add(self, lines: Sequence[bytes]) -> None:
        """Take the next lines; one that is not kept because it is too long is given as b""."""
        room = REPEAT_RECORDS_MAX - len(self._digests)
        if len(lines) > room:
            self.lines_left_out += len(lines) - room
            lines = lines[:room]
        digests = list(map(hash, lines))
        self._digests.fromlist(digests)
        if self._few is not None:
            self._few.update(digests)
            if len(self._few) > _PART_LINES:
                self._few = None

    def found(self) -> tuple[int, list[int]]:
        """Return how many lines repeat an earlier one, and the numbers of the first few."""
        count = 0
        first: list[int] = []
        if self._few is not None and len(self._few) == len(self._digests) + 1:
            return 0, []  # the usual case: all different, and no blank line
        mask = (1 << (len(self._digests) // _PART_LINES).bit_length()) - 1
        for number, part in enumerate(self._parts(mask)):
            values = set(part)
            values.discard(_NOTHING)
            repeats = len(part) - part.count(_NOTHING) - len(values)
            if repeats:
                count += repeats
                del values
                first = sorted(first + self._first(number, mask))[:EXAMPLES_MAX]
        return count, first

    def _parts(self, mask: int) -> Iterator["array[int]"]:
        """The digests in parts small enough for a set, equal ones in the same part."""
        if mask == 0:
            yield self._digests
            return
        parts = [array("q") for _ in range(mask + 1)]
        add = [part.append for part in parts]
        for digest in self._digests:
            add[digest & mask](digest)
        yield from parts

    def _first(self, part: int, mask: int) -> list[int]:
        """The numbers of the first few lines of one part that repeat an earlier one."""
        seen: set[int] = set()
        lines: list[int] = []
        for number, digest in enumerate(self._digests, start=1):
            if digest & mask != part or digest == _NOTHING:
                continue
            if digest in seen:
                lines.append(number)
                if len(lines) == EXAMPLES_MAX:
                    break
            seen.add(digest)
        return lines

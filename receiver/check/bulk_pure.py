"""Work on every byte of a batch, in Python: what it is, and how it is done without a compiler.

`_bulk.c` does the same natively; `bulk` picks one.
"""

import re
import sys
from array import array
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Final

import msgspec

_INT_MIN: Final = -(2**63)
_INT_MAX: Final = 2**63 - 1

_QUOTE: Final = ord('"')
_ESCAPES_SOUGHT: Final = 300  # of a block; where there are more, the regular expression is faster
_ESCAPES: Final = re.compile(rb"\\.", re.DOTALL)

_BLANK: Final = b" \t\r\n"
_NOTHING: Final = hash(b"")  # stands for every blank line
_PART_LINES: Final = 1 << 17  # lines compared at once: a set of them takes about 12 MiB

_SECOND: Final = re.compile(
    r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d", re.ASCII
)  # 3.14 takes 24:00:00 for a time
_SECONDS_KNOWN_MAX: Final = 10_000
_DIGITS: Final = b"0123456789"
_DIGITS_TO_ZERO: Final = bytes.maketrans(_DIGITS, b"0" * 10)
_PREFIX: Final = itemgetter(slice(0, 19))
_MARK: Final = itemgetter(19)
_END: Final = itemgetter(slice(19, None))
_LAST: Final = itemgetter(-1)
_WITHOUT_Z: Final = itemgetter(slice(0, -1))


def unescaped_quotes(text: bytes, end: int = sys.maxsize) -> int:
    """Count the quotes in JSON text, up to `end`, that begin or end a string."""
    end = max(0, min(end, len(text)))
    quotes = text.count(b'"', 0, end)
    last = max(0, end - 1)  # which escapes nothing
    at = text.find(b"\\", 0, last)
    for _ in range(_ESCAPES_SOUGHT):  # one by one they are found by memchr: most text has few
        if at < 0:
            return quotes
        quotes -= text[at + 1] == _QUOTE
        at = text.find(b"\\", at + 2, last)
    return quotes if at < 0 else quotes - _ESCAPES.findall(text, at, end).count(b'\\"')


def quotes_of(value: object) -> int:
    """Count the quotes that a decoded value needs when written as JSON: two of each text.

    Raises:
        RecursionError: it is nested too deeply.
    """
    try:
        return unescaped_quotes(msgspec.json.encode(value))
    except (OverflowError, ValueError):  # integers beyond 64 bits, odd floats, half a surrogate
        return sum(2 for _ in texts_of(value))


def texts_of(value: object) -> Iterator[str]:
    """Yield all texts of a decoded value, keys included, however deeply it is nested."""
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list | tuple):
            left += item
        elif isinstance(item, dict):
            left += item.keys()
            left += item.values()


class LineSet:
    """`add` the lines of a batch in order; `found` says how many stand a second time, and where.

    Exact among the first `lines_max` lines, but for the digests: 64 bits, keyed anew by each
    process, so that nobody can make lines that collide; 2 million different lines give one false
    repeat in ten million batches. A blank line is no repeat. Takes 8 bytes a line, and 30 MiB more
    while it looks (the native one: 18 bytes a line at the most).
    """

    def __init__(self, lines_max: int, examples_max: int) -> None:
        self._lines_max = lines_max
        self._examples_max = examples_max
        self._digests = array("q")
        self._few: set[int] | None = {_NOTHING}  # all digests, while they are few

    def add(self, lines: list[bytes]) -> None:
        """Take the next lines; one that was not kept is given as b""."""
        lines = lines[: self._lines_max - len(self._digests)]
        digests = list(map(hash, lines))
        if any(map(bytes.isspace, lines)):
            for index, line in enumerate(lines):
                if not line.strip(_BLANK):
                    digests[index] = _NOTHING
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
                first = sorted(first + self._first(number, mask))[: self._examples_max]
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
                if len(lines) == self._examples_max:
                    break
            seen.add(digest)
        return lines


def ends(column: list[int]) -> tuple[int, int] | None:
    """Return the lowest and the highest of some integers, None if one has more than 64 bits."""
    low, high = min(column), max(column)
    return (low, high) if low >= _INT_MIN and high <= _INT_MAX else None


def between(column: list[str], digits: int) -> tuple[str, str] | None:
    """Return the earliest and the latest text, if all are times in one of two spellings.

    `YYYY-MM-DDTHH:MM:SSZ`, or that with a point and 1 to `digits` digits before the Z, of a date
    and time that exist; no leap seconds. None if a text is anything else, or there is none.
    """
    if not column or not all(map(_exists, set(map(_PREFIX, column)))):
        return None
    if not _shaped(column, digits):
        return None
    texts = list(map(_WITHOUT_Z, column))  # without their Z they sort as their times do
    return min(texts) + "Z", max(texts) + "Z"


@lru_cache(_SECONDS_KNOWN_MAX)
def _exists(second: str) -> bool:
    """Whether there is such a second, `YYYY-MM-DDTHH:MM:SS`."""
    if not _SECOND.fullmatch(second):
        return False
    try:
        datetime.fromisoformat(second)
    except ValueError:
        return False
    return True


def _shaped(column: list[str], digits: int) -> bool:
    """Whether what follows the seconds, which are there, is `Z` or `.fractionZ` in all texts."""
    lengths = set(map(len, column))
    if min(lengths) < 20 or max(lengths) > max(20, 21 + digits) or 21 in lengths:
        return False
    if len(lengths) == 1:
        (length,) = lengths
        texts = "".join(column).encode("ascii", "replace").translate(_DIGITS_TO_ZERO)
        fraction = b"." + b"0" * (length - 21) if length > 20 else b""
        return texts == b"0000-00-00T00:00:00%bZ" % fraction * len(column)
    # Each text ends in Z and has a point or that Z in the 20th place: if the ends hold no more
    # marks than these, all else in them is digits.
    marks = list(map(_MARK, column))
    points = marks.count(".")
    ends = "".join(map(_END, column)).encode("ascii", "replace").translate(None, _DIGITS)
    return (
        points + marks.count("Z") == len(column)
        and set(map(_LAST, column)) == {"Z"}
        and len(ends) == len(column) + points
    )

"""Numbers, sizes, times and foreign text as a report writes them. Widths are terminal cells."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Final

from rich.cells import cell_len

_CUT: Final = " ... "
_STOPS: Final = frozenset(".,;:?!)")
_SIZES: Final = ("KB", "MB", "GB", "TB", "PB")


def visible(text: str) -> str:
    """Return a text with every character that cannot be seen written as its escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(char) if _is_hidden(char) else char for char in text)


def unbroken(text: str) -> str:
    """Return a name as one word: its blanks too are escapes, so that no line begins within it."""
    return visible(text).replace(" ", "\\x20")


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 batch", "1,440 batches"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(count: int) -> str:
    """Return a number of bytes for people: "71.6 GB"; decimal, as bills and disks count."""
    value, unit = float(count), "B"
    for larger in _SIZES:
        if value < 999.95:  # 999.96 would be written 1000.0
            break
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}" if unit != "B" else f"{count} B"


def span(start: datetime, end: datetime) -> str:
    """Return a span for people, UTC: "22 Nov 2026 00:00 to 24:00 UTC"."""
    seconds = ":%S" if start.second or end.second else ""
    to_midnight = end > start and (end.hour, end.minute, end.second) == (0, 0, 0)
    last_day = (end - timedelta(days=1) if to_midnight else end).date()
    clock = f"{end:%H:%M{seconds}}"
    if to_midnight:
        clock = "24" + clock[2:]
    day = "" if last_day == start.date() else f"{_day(last_day)} "
    return f"{_day(start)} {start:%H:%M{seconds}} to {day}{clock} UTC"


def wrap(text: str, *, columns: int, indent: str = "", hang: str | None = None) -> Iterator[str]:
    """Break a text into lines of so many cells, at its blanks if it can.

    `indent` begins the first line, `hang` the others (as the first, if None).
    """
    return wrap_words(text.split(" "), columns=columns, indent=indent, hang=hang)


def wrap_words(
    words: Iterable[str], *, columns: int, indent: str = "", hang: str | None = None
) -> Iterator[str]:
    """Fill lines with words; one that is longer than a line is broken anywhere."""
    hang = indent if hang is None else hang
    line, filled = indent, False
    for word in words:
        joint = " " if filled else ""
        if cell_len(line) + len(joint) + cell_len(word) > columns and filled:
            yield line
            line, joint = hang, ""
        while cell_len(line) + len(joint) + cell_len(word) > columns:
            head = chopped(word, columns - cell_len(line))
            if word[len(head) :] in _STOPS:  # alone on a line it would be taken for dirt
                head = head[:-1]
            if not head:
                break
            yield line + head
            word, line = word[len(head) :], hang
        line, filled = line + joint + word, True
    yield line


def elided(text: str, columns: int) -> str:
    """Return a text that fits, its middle left out if it is longer: both ends of a key matter."""
    if cell_len(text) <= columns:
        return text
    half = (columns - len(_CUT)) // 2
    tail = chopped(text[::-1], half)[::-1]
    return chopped(text, columns - len(_CUT) - cell_len(tail)) + _CUT + tail


def chopped(text: str, columns: int) -> str:
    """Return as much of the beginning of a text as fits."""
    taken = used = 0
    for char in text:
        used += cell_len(char)
        if used > columns:
            break
        taken += 1
    return text[:taken]


def padded(text: str, columns: int) -> str:
    """Fill a text up with blanks, and with two at the least."""
    return text + " " * max(columns - cell_len(text), 2)


def _is_hidden(char: str) -> bool:
    """Controls, bidi marks, odd blanks and surrogates: log data must not drive the terminal."""
    # a variation selector makes the character before it wider on some terminals
    return not char.isprintable() or "\ufe00" <= char <= "\ufe0f"


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _day(day: date) -> str:
    return f"{day:%-d %b %Y}"

"""Entries of the ledger as lines and as JSON."""

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from receiver.report.ink import STYLE_OF_VERDICT, Ink, Style
from receiver.report.phrase import elided, visible
from receiver.report.text import COLUMNS

if TYPE_CHECKING:
    from datetime import datetime

    from receiver.ledger.ledger import Entry

_FIRST: Final = (
    *("key", "etag", "job", "verdict", "records", "window", "arrived_at", "judged_at"),
    *("id", "place", "state"),
)
_KEY_COLUMNS_MIN: Final = 12


ENTRY_HEADER: Final = f"{'id':>7} {'verdict':8} {'window (UTC)':16} {'job':>7} {'records':>9}  key"


def entry_line(entry: "Entry", ink: Ink, *, columns: int | None = COLUMNS) -> str:
    """Write an Entry in one line as ENTRY_HEADER has it; a key too long for it is cut inside."""
    word = str(entry.state if entry.state != "judged" or entry.verdict is None else entry.verdict)
    style = STYLE_OF_VERDICT[entry.verdict] if entry.state == "judged" and entry.verdict else None
    job = "-" if entry.job is None else str(entry.job)
    records = "-" if entry.verdict is None else f"{entry.records:,}"
    head = f"{entry.id:>7} "
    tail = f"{'':{max(8 - len(word), 0)}} {_window(entry)} {job:>7} {records:>9}  "
    painted, key = ink(word, style or Style.DOUBTFUL), visible(entry.key)
    if columns is not None:
        key = elided(key, max(columns - len(head) - len(word) - len(tail), _KEY_COLUMNS_MIN))
    return head + painted + tail + key


def entry_json(entry: "Entry") -> dict[str, Any]:
    """Return an Entry as JSON has it: all of it, what is asked for most first."""
    whole = msgspec.to_builtins(entry)
    return {name: whole[name] for name in dict.fromkeys((*_FIRST, *whole))}


def as_json(value: object) -> str:
    """Write JSON in ASCII: a key may hold half of a character, and a terminal speak anything."""
    return json.dumps(msgspec.to_builtins(value))


def put_out(pieces: Iterable[str]) -> None:
    """Print pieces as they come. Where nobody reads on, or there is no room, the command ends.

    Raises:
        OSError: told as it is where commands end; BrokenPipeError among them is no mistake.
    """
    for piece in pieces:
        sys.stdout.write(piece)


def stamp(moment: "datetime | None") -> str:
    """Write a time for people, UTC."""
    return "-" if moment is None else f"{moment:%-d %b %Y %H:%M:%S} UTC"


def _window(entry: "Entry") -> str:
    from receiver.batch.name import read_name

    name = None if entry.window else read_name(entry.key)
    start = entry.window[0] if entry.window else name.start if name else None
    return f"{start:%Y-%m-%d %H:%M}" if start else " " * 16

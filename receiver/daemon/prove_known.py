"""What the ledger and its manifest say of the objects of a span: a table, not in memory.

Of ten million objects a dictionary would take gigabytes. SQLite keeps a temporary file that nobody
else sees and that is gone with the connection; a question to it takes microseconds.
"""

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from types import TracebackType
from typing import Final, Self

import msgspec

from receiver.batch.name import read_name
from receiver.ledger.ledger import Entry, Segment
from receiver.selection.span import Span

_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
CREATE TABLE known (place TEXT, key BLOB, etag BLOB, digest TEXT, segment INT, judged_at TEXT,
  rank INT, PRIMARY KEY (place, key, etag)) WITHOUT ROWID;
CREATE TABLE found (place TEXT, key BLOB, PRIMARY KEY (place, key)) WITHOUT ROWID;
"""
_PAGE: Final = 1000


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A content that was judged. `segment` is the one that seals it; 0: none does yet."""

    place: str
    key: str
    etag: str
    digest: str
    segment: int
    judged_at: datetime


def known_of(entry: Entry) -> Known:
    """Return what an Entry says, which no segment seals."""
    assert entry.judged_at is not None
    return Known(
        place=entry.place,
        key=entry.key,
        etag=entry.etag,
        digest=entry.digest,
        segment=0,
        judged_at=entry.judged_at,
    )


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the manifest, as much of it as is needed."""

    place: str
    key: str
    etag: str
    digest: str
    judged_at: datetime


class Register:
    """All that was judged of a span. `with` it: its file is gone when the block is left."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._rank = 0
        self._table = sqlite3.connect("", isolation_level=None)
        self._table.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._table.close()

    def take_segment(self, segment: Segment) -> Iterator[str]:
        """Take a segment's lines that are of the span; yield what is wrong with one."""
        self._table.execute("BEGIN")
        for number, plain in enumerate((segment.lines or b"").splitlines(), 1):
            try:
                line = msgspec.convert(json.loads(plain), _Line)  # msgspec reads no half characters
            except (ValueError, RecursionError):
                yield f"segment {segment.number}: its line {number} cannot be read"
                continue
            if self.is_of_span(line.key, line.judged_at):
                self._put(line, segment.number)
        self._table.execute("COMMIT")

    def take_entry(self, entry: Entry) -> str:
        """Take a judged Entry; return what is wrong with it, if it was sealed otherwise."""
        assert entry.judged_at is not None
        line = _Line(
            place=entry.place,
            key=entry.key,
            etag=entry.etag,
            digest=entry.digest,
            judged_at=entry.judged_at,
        )
        sealed = self._one(line.place, line.key, line.etag)
        if sealed is None or sealed.judged_at < line.judged_at:
            self._put(line, 0)
        elif sealed.digest != line.digest and sealed.segment:
            return (
                f"{line.key}: the ledger's entry {entry.id} has another digest than segment"
                f" {sealed.segment} has sealed"
            )
        return ""

    def is_of_span(self, key: str, judged_at: datetime) -> bool:
        """Tell by the window that a name claims; where it claims none, by when it was judged."""
        name = read_name(key)
        return self._span.holds(judged_at if name is None else name.start)

    def expected(self, place: str, key: str, etag: str) -> Known | None:
        """Return what an object should be: its own content, else the last that the name had."""
        own = self._one(place, key, etag)
        if own is not None:
            return own
        asked = "SELECT * FROM known WHERE place=? AND key=? ORDER BY rank DESC LIMIT 1"
        return _known(self._table.execute(asked, (place, _bytes(key))).fetchone())

    def find(self, place: str, key: str) -> None:
        """Note that an object of this name was found."""
        self._table.execute("INSERT OR IGNORE INTO found VALUES (?, ?)", (place, _bytes(key)))

    def not_found(self, place: str) -> Iterator[Known]:
        """Yield the last content of each name of a place that was not found, by name."""
        asked = (
            "SELECT * FROM known AS k WHERE place=? AND key>? AND NOT EXISTS (SELECT 1 FROM found"
            " WHERE place=k.place AND key=k.key) AND rank=(SELECT max(rank) FROM known WHERE"
            " place=k.place AND key=k.key) ORDER BY key LIMIT ?"
        )
        after = b""
        while rows := self._table.execute(asked, (place, after, _PAGE)).fetchall():
            for row in rows:
                known = _known(row)
                assert known is not None
                yield known
            after = rows[-1][1]

    def places(self) -> dict[str, int]:
        """Return where there are any names, and how many."""
        asked = "SELECT place, count(DISTINCT key) FROM known GROUP BY place ORDER BY place"
        return dict(self._table.execute(asked).fetchall())

    @property
    def unsealed(self) -> int:
        """How many contents no segment seals yet."""
        (count,) = self._table.execute("SELECT count(*) FROM known WHERE segment=0").fetchone()
        return int(count)

    def _put(self, line: _Line, segment: int) -> None:
        self._rank += 1
        self._table.execute(
            "INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(line.place, _bytes(line.key), _bytes(line.etag), line.digest, segment),
                *(line.judged_at.isoformat(), self._rank),
            ),
        )

    def _one(self, place: str, key: str, etag: str) -> Known | None:
        asked = "SELECT * FROM known WHERE place=? AND key=? AND etag=?"
        return _known(self._table.execute(asked, (place, _bytes(key), _bytes(etag))).fetchone())


def _known(row: tuple[str, bytes, bytes, str, int, str, int] | None) -> Known | None:
    if row is None:
        return None
    return Known(
        place=row[0],
        key=row[1].decode("utf-8", "surrogatepass"),
        etag=row[2].decode("utf-8", "surrogatepass"),
        digest=row[3],
        segment=row[4],
        judged_at=datetime.fromisoformat(row[5]),
    )


def _bytes(text: str) -> bytes:
    """Whatever a key holds, half of a character too."""
    return text.encode("utf-8", "surrogatepass")

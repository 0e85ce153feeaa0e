"""The tables of a ledger, as the newest migration leaves them.

Ten million entries, and the cost of one more is the same: what waits, fails or was replaced has
indexes of its own, which hold nothing else, and sums are kept, not counted.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    false,
    literal_column,
)

from receiver.ledger.columns import ID, Exact, Moment
from receiver.ledger.ledger import State

metadata: Final = MetaData()


def _number(name: str, **others: Any) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0", **others)


def _text(name: str) -> Column[str]:
    return Column(name, Exact, nullable=False, server_default="")


place: Final = Table(
    "ledger_place",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", Exact, nullable=False, unique=True),
    _number("entries"),  # how many there are: nobody counts them
)

entry: Final = Table(
    "ledger_entry",
    metadata,
    Column("id", ID, primary_key=True),  # never used again: a claim may outlive its Entry
    Column("place_id", Integer, nullable=False),
    Column("key", Exact, nullable=False),
    Column("etag", Exact, nullable=False),
    Column("state", Exact, nullable=False),
    _number("stored_bytes"),
    Column("arrived_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("queued_at", Moment, nullable=False),  # seen, or taken up
    Column("due_at", Moment),  # while it waits: not before then; NULL: now
    Column("owner", Exact),  # of the claim that ends at due_at
    _number("claims"),  # the number of the last claim
    _text("rewrites"),
    _number("tries"),
    _text("error"),
    Column("job", BigInteger),
    Column("verdict", Exact),
    _number("records"),
    _number("plain_bytes"),
    _number("compressed_bytes"),
    _number("errors"),
    _number("warnings"),
    Column("window_start", Moment),
    Column("window_end", Moment),
    Column("begins_at", Moment),  # the window does; where the name tells none, the arrival
    Column("event_first", Moment),
    Column("event_last", Moment),
    _text("digest"),
    Column("settled_at", Moment),  # judged, or replaced, the last time
    _number("judgements"),
    Column("told", Boolean, nullable=False, server_default=false()),  # it had a Report of its own
    Column("counted", Boolean, nullable=False, server_default=false()),  # it is in the sums
    UniqueConstraint("place_id", "key", "etag", name="ledger_entry_key"),
    sqlite_autoincrement=True,
)

report: Final = Table(
    "ledger_report",
    metadata,
    Column("entry_id", ID, primary_key=True, autoincrement=False),
    Column("judged_at", Moment, nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),  # JSON, zlib
)

position: Final = Table(
    "ledger_position",
    metadata,
    Column("place_id", Integer, primary_key=True, autoincrement=False),
    Column("prefix", Exact, primary_key=True),
    Column("after", Exact, nullable=False),
    Column("listed_at", Moment, nullable=False, index=True),
    Column("walked_at", Moment),
)

memory: Final = Table(
    "ledger_memory",
    metadata,
    Column("name", Exact, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

hour: Final = Table(
    "ledger_hour",
    metadata,
    Column("start", Moment, primary_key=True, autoincrement=False),
    Column("place_id", Integer, primary_key=True, autoincrement=False),
    Column("job", BigInteger, primary_key=True, autoincrement=False),  # NO_JOB where there is none
    _number("batches"),
    _number("failed"),
    _number("warned"),
    _number("records"),
    _number("plain_bytes"),
    _number("compressed_bytes"),
    _number("lateness_sum"),  # microseconds
    _number("lateness_max"),
)

NO_JOB: Final = -1
"""A primary key has no NULL, and no job this number."""

unsealed: Final = Table(
    "ledger_unsealed",
    metadata,
    Column("id", ID, primary_key=True),
    Column("judged_at", Moment, nullable=False),
    Column("line", LargeBinary, nullable=False),
    Index("ledger_unsealed_judged", "judged_at", "id"),
    sqlite_autoincrement=True,
)

segment: Final = Table(
    "ledger_segment",
    metadata,
    Column("number", ID, primary_key=True, autoincrement=False),
    Column("start", Moment, nullable=False, index=True),
    Column("end", Moment, nullable=False),
    _number("entries"),
    Column("previous", Exact, nullable=False),
    Column("hash", Exact, nullable=False),
    Column("lines", LargeBinary),  # zlib
)

chain: Final = Table(  # one row: its end, which whoever seals holds
    "ledger_chain",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", Exact, nullable=False),
)


def state_is(state: State) -> ColumnElement[bool]:
    """A state written out: of a parameter no database knows that a partial index holds it."""
    return entry.c.state == literal_column(f"'{state}'")


WAITING: Final = state_is(State.WAITING)
OPEN: Final = entry.c.state != literal_column(f"'{State.JUDGED}'")
FAILED: Final = entry.c.verdict == literal_column("'fail'")


def _partial(name: str, where: ColumnElement[bool], *columns: Column[Any]) -> Index:
    return Index(f"ledger_entry_{name}", *columns, sqlite_where=where, postgresql_where=where)


_partial(
    "ready",
    WAITING & entry.c.due_at.is_(None),
    *(entry.c.place_id, entry.c.queued_at, entry.c.id),
)
_partial("due", WAITING & entry.c.due_at.is_not(None), entry.c.place_id, entry.c.due_at)
_partial("open", OPEN, entry.c.state, entry.c.arrived_at, entry.c.id)
_partial("failed", FAILED, entry.c.arrived_at, entry.c.id)
_partial("job", entry.c.job.is_not(None), entry.c.job, entry.c.arrived_at, entry.c.id)
_partial("begins", entry.c.begins_at.is_not(None), entry.c.begins_at)
_partial("settled", entry.c.settled_at.is_not(None), entry.c.settled_at)
Index("ledger_entry_arrived", entry.c.arrived_at, entry.c.id)

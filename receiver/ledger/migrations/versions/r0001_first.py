"""All tables. This is what they were: whatever changes later is a step of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.BigInteger()

WAITING = "state = 'waiting'"


def upgrade() -> None:
    _make_entries()
    op.create_table(
        "ledger_place",
        sa.Column("id", ID, primary_key=True),
        sa.Column("name", TEXT, nullable=False, unique=True),
        _number("entries"),
    )
    op.create_table(
        "ledger_report",
        sa.Column("entry_id", ID, primary_key=True, autoincrement=False),
        sa.Column("judged_at", TIME, nullable=False, index=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "ledger_position",
        sa.Column("place_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("prefix", TEXT, primary_key=True),
        sa.Column("after", TEXT, nullable=False),
        sa.Column("listed_at", TIME, nullable=False, index=True),
        sa.Column("walked_at", TIME),
    )
    op.create_table(
        "ledger_memory",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "ledger_hour",
        sa.Column("start", TIME, primary_key=True, autoincrement=False),
        sa.Column("place_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("job", sa.BigInteger, primary_key=True, autoincrement=False),
        *map(_number, ("batches", "failed", "warned")),
        *map(_number, ("records", "plain_bytes", "compressed_bytes")),
        *map(_number, ("lateness_sum", "lateness_max")),
    )
    _make_chain()


def _make_entries() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("id", ID, primary_key=True),
        sa.Column("place_id", sa.Integer, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("etag", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        _number("stored_bytes"),
        sa.Column("arrived_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("queued_at", TIME, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("owner", TEXT),
        _number("claims"),
        _text("rewrites"),
        _number("tries"),
        _text("error"),
        sa.Column("job", sa.BigInteger),
        sa.Column("verdict", TEXT),
        *map(_number, ("records", "plain_bytes", "compressed_bytes", "errors", "warnings")),
        sa.Column("window_start", TIME),
        sa.Column("window_end", TIME),
        sa.Column("begins_at", TIME),
        sa.Column("event_first", TIME),
        sa.Column("event_last", TIME),
        _text("digest"),
        sa.Column("settled_at", TIME),
        _number("judgements"),
        sa.Column("told", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("counted", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.UniqueConstraint("place_id", "key", "etag", name="ledger_entry_key"),
        sqlite_autoincrement=True,
    )
    _index("ready", ["place_id", "queued_at", "id"], f"{WAITING} AND due_at IS NULL")
    _index("due", ["place_id", "due_at"], f"{WAITING} AND due_at IS NOT NULL")
    _index("open", ["state", "arrived_at", "id"], "state != 'judged'")
    _index("failed", ["arrived_at", "id"], "verdict = 'fail'")
    _index("job", ["job", "arrived_at", "id"], "job IS NOT NULL")
    _index("begins", ["begins_at"], "begins_at IS NOT NULL")
    _index("settled", ["settled_at"], "settled_at IS NOT NULL")
    op.create_index("ledger_entry_arrived", "ledger_entry", ["arrived_at", "id"])
    if op.get_context().dialect.name == "postgresql":
        # of ten million rows a fifth, the default, is much to leave lying about
        op.execute(
            "ALTER TABLE ledger_entry SET (autovacuum_vacuum_scale_factor = 0.02,"
            " autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05)"
        )


def _make_chain() -> None:
    op.create_table(
        "ledger_unsealed",
        sa.Column("id", ID, primary_key=True),
        sa.Column("judged_at", TIME, nullable=False),
        sa.Column("line", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ledger_unsealed_judged", "ledger_unsealed", ["judged_at", "id"])
    op.create_table(
        "ledger_segment",
        sa.Column("number", ID, primary_key=True, autoincrement=False),
        sa.Column("start", TIME, nullable=False, index=True),
        sa.Column("end", TIME, nullable=False),
        _number("entries"),
        sa.Column("previous", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("lines", sa.LargeBinary),
    )
    chain = op.create_table(
        "ledger_chain",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
    )
    op.bulk_insert(chain, [{"id": 1, "number": 0, "hash": "0" * 64}])


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False, server_default="")


def _index(name: str, columns: list[str], where: str) -> None:
    held = sa.text(where)
    op.create_index(
        f"ledger_entry_{name}", "ledger_entry", columns, sqlite_where=held, postgresql_where=held
    )

"""A ledger in a file: made for this user only, another program's refused, and how it is opened.

What a process that is killed has told the operating system stays. Of a power cut the last moments
may be missing, in their order, as if they had not been: they are judged again. Segments alone are
on the disk before they are told of.
"""

import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from receiver.errors import LedgerInvalid
from receiver.ledger.address import SQLiteAddress
from receiver.ledger.failures import is_locked, translated
from receiver.limits import (
    KIB,
    LEDGER_CACHE_BYTES,
    LEDGER_CONNECTIONS_MAX,
    LEDGER_LOG_BYTES,
    LEDGER_WAIT_SECONDS,
)

APPLICATION_ID: Final = int.from_bytes(b"LPRL")
"""SQLite keeps it in the file's head: whose file it is."""

_VERSION_MIN: Final = (3, 32)
_AGAIN_SECONDS: Final = 0.05
_PRAGMAS: Final = (
    f"busy_timeout = {int(LEDGER_WAIT_SECONDS * 1000)}",
    "synchronous = NORMAL",
    "temp_store = MEMORY",
    f"cache_size = -{LEDGER_CACHE_BYTES // KIB}",
    f"journal_size_limit = {LEDGER_LOG_BYTES}",
)


class _RollingBack(sqlite3.Connection):
    """A connection that gives up its locks when it is closed, whoever still has a cursor of it.

    Closed amid a statement, SQLite lets the transaction live until the last cursor is gone. Of a
    call that was cancelled, the error's frames have one, as long as nobody collects the garbage.
    """

    def close(self) -> None:
        with suppress(sqlite3.Error):  # closed already, or the file is away: no lock is left
            self.rollback()
        super().close()


def make_file(address: SQLiteAddress) -> None:
    """Make the file if there is none, and see to it that it is ours. Blocks.

    Raises:
        LedgerInvalid: it is another program's, or cannot be a ledger's.
        LedgerUnavailable: it is locked.
    """
    if sqlite3.sqlite_version_info < _VERSION_MIN:
        raise LedgerInvalid(
            f"{address.name}: Python has SQLite {sqlite3.sqlite_version};"
            f" {'.'.join(map(str, _VERSION_MIN))} or newer is needed"
        )
    _touch(address)
    with (
        translated(address.name),
        closing(sqlite3.connect(address.path, timeout=LEDGER_WAIT_SECONDS)) as connection,
    ):
        connection.isolation_level = None
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        if owner != APPLICATION_ID:
            if owner or connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise LedgerInvalid(
                    f"{address.name}: it is another program's database; name another file"
                )
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before anything is in it
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        _keep_log(connection)


def sqlite_engine(address: SQLiteAddress) -> AsyncEngine:
    """Return an engine on a file that is made; Database says `immediate` and `durable`."""
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(address.path)),
        hide_parameters=True,
        pool_size=LEDGER_CONNECTIONS_MAX,
        max_overflow=0,
        pool_timeout=LEDGER_WAIT_SECONDS,
        connect_args={"timeout": LEDGER_WAIT_SECONDS, "factory": _RollingBack},
    )
    event.listen(engine.sync_engine, "connect", _set_up)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _touch(address: SQLiteAddress) -> None:
    """Make an empty file that nobody else can read; SQLite gives its others the same rights."""
    try:
        os.close(os.open(address.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if not address.path.is_file():
            raise LedgerInvalid(f"{address.name}: it is no file") from None
    except OSError as error:
        raise LedgerInvalid(
            f"{address.name}: it cannot be made: {error.strerror}; name a file in a folder"
            f" that is there and that this user can write: {Path(address.path).parent}"
        ) from error


def _keep_log(connection: sqlite3.Connection) -> None:
    """Have readers and a writer at once. SQLite does not wait for others to let it switch."""
    deadline = time.monotonic() + LEDGER_WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not is_locked(error) or time.monotonic() > deadline:
                raise
            time.sleep(_AGAIN_SECONDS)
        else:
            return


def _set_up(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # Python begins no transaction: _begin does
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    asked = connection.get_execution_options()
    synchronous = "FULL" if asked.get("durable") else "NORMAL"
    if connection.info.get("synchronous", "NORMAL") != synchronous:
        connection.exec_driver_sql(f"PRAGMA synchronous = {synchronous}")
        connection.info["synchronous"] = synchronous
    connection.exec_driver_sql(f"BEGIN {'IMMEDIATE' if asked.get('immediate') else 'DEFERRED'}")

"""A connection to a ledger's file that nobody has to wait for who has given up.

SQLite waits for a lock inside of a thread, where it cannot be told to stop. So it waits a moment
only, and is asked again, between which a call can be cancelled.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import aiosqlite
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.util import await_

from receiver.ledger.failures import is_locked
from receiver.limits import (
    KIB,
    LEDGER_CACHE_BYTES,
    LEDGER_LOG_BYTES,
    LEDGER_TRY_SECONDS,
    LEDGER_WAIT_SECONDS,
)

Answer = TypeVar("Answer")

_AGAIN_SECONDS: Final = 0.02
_PRAGMAS: Final = (
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


class _StoppedOnce(aiosqlite.Connection):
    """A connection whose thread is told once to end, however often and by whom.

    Told again, aiosqlite waits for an answer of a thread that has gone: for ever, if a call was
    cancelled and what cleans up after it as well.
    """

    _stopping: asyncio.Future[Any] | None = None

    def stop(self) -> asyncio.Future[Any] | None:
        if self._stopping is None:
            self._stopping = super().stop()
        return self._stopping


async def connect(path: Path) -> aiosqlite.Connection:
    """Connect to a file. The thread of a connection keeps no process from its end."""
    connection = _StoppedOnce(
        lambda: sqlite3.connect(path, timeout=LEDGER_TRY_SECONDS, factory=_RollingBack),
        iter_chunk_size=64,
    )
    connection._thread.daemon = True  # noqa: SLF001  (as SQLAlchemy does: it has no other name)
    return await connection


def set_up(connection: Any, _record: Any) -> None:
    """Set what each connection is to have; SQLAlchemy calls it for those that are new."""
    connection.isolation_level = None  # Python begins no transaction: `begin` does
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        _when_unlocked(partial(cursor.execute, f"PRAGMA {pragma}"))
    cursor.close()


def begin(connection: Connection) -> None:
    """Begin a transaction and take its lock, as soon as it is free; SQLAlchemy calls it."""
    asked = connection.get_execution_options()
    synchronous = "FULL" if asked.get("durable") else "NORMAL"
    if connection.info.get("synchronous", "NORMAL") != synchronous:
        connection.exec_driver_sql(f"PRAGMA synchronous = {synchronous}")
        connection.info["synchronous"] = synchronous
    if asked.get("immediate"):
        _when_unlocked(lambda: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        return
    connection.exec_driver_sql("BEGIN DEFERRED")
    # the lock of a reader is taken by what it reads first
    _when_unlocked(lambda: connection.exec_driver_sql("SELECT 1 FROM sqlite_master LIMIT 1"))


async def until_unlocked(call: Callable[[], Awaitable[Answer]]) -> Answer:
    """Make a call, again for LEDGER_WAIT_SECONDS while another process has the file locked."""
    deadline = time.monotonic() + LEDGER_WAIT_SECONDS
    while True:
        try:
            return await call()
        except sqlite3.OperationalError as error:
            if not is_locked(error) or time.monotonic() > deadline:
                raise
        await asyncio.sleep(_AGAIN_SECONDS)


def _when_unlocked(call: Callable[[], object]) -> None:
    """Do the same for what SQLAlchemy makes look as if it did not wait."""
    deadline = time.monotonic() + LEDGER_WAIT_SECONDS
    while True:
        try:
            call()
        except (sqlite3.OperationalError, OperationalError) as error:
            cause = error.orig if isinstance(error, OperationalError) else error
            locked = isinstance(cause, sqlite3.OperationalError) and is_locked(cause)
            if not locked or time.monotonic() > deadline:
                raise
        else:
            return
        await_(asyncio.sleep(_AGAIN_SECONDS))

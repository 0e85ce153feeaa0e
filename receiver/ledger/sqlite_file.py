"""A ledger in a file: made for this user only, another program's refused, and how it is opened.

What a process that is killed has told the operating system stays. Of a power cut the last moments
may be missing, in their order, as if they had not been: they are judged again. Segments alone are
on the disk before they are told of.
"""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from receiver.errors import LedgerInvalid
from receiver.ledger.address import SQLiteAddress
from receiver.ledger.failures import translated
from receiver.ledger.sqlite_connection import begin, connect, set_up, until_unlocked
from receiver.limits import LEDGER_CONNECTIONS_MAX, LEDGER_TRY_SECONDS, LEDGER_WAIT_SECONDS

APPLICATION_ID: Final = int.from_bytes(b"LPRL")
"""SQLite keeps it in the file's head: whose file it is."""

_VERSION_MIN: Final = (3, 32)


async def make_file(address: SQLiteAddress) -> None:
    """Make the file if there is none, and see to it that it is ours.

    Raises:
        LedgerInvalid: it is another program's, or cannot be a ledger's.
        LedgerUnavailable: it is locked.
    """
    with translated(address.name):
        await until_unlocked(lambda: asyncio.to_thread(_make_file, address))


def sqlite_engine(address: SQLiteAddress) -> AsyncEngine:
    """Return an engine on a file that is made; Database says `immediate` and `durable`."""
    engine = create_async_engine(
        "sqlite+aiosqlite:///ledger",  # a file's: what it is called, `connect` knows
        async_creator=lambda: connect(address.path),
        hide_parameters=True,
        pool_size=LEDGER_CONNECTIONS_MAX,
        max_overflow=0,
        pool_timeout=LEDGER_WAIT_SECONDS,
        pool_use_lifo=True,  # each keeps pages of its own: the fewer are busy, the better
    )
    event.listen(engine.sync_engine, "connect", set_up)
    event.listen(engine.sync_engine, "begin", begin)
    return engine


def _make_file(address: SQLiteAddress) -> None:
    if sqlite3.sqlite_version_info < _VERSION_MIN:
        raise LedgerInvalid(
            f"{address.name}: Python has SQLite {sqlite3.sqlite_version};"
            f" {'.'.join(map(str, _VERSION_MIN))} or newer is needed"
        )
    _touch(address)
    with closing(sqlite3.connect(address.path, timeout=LEDGER_TRY_SECONDS)) as connection:
        connection.isolation_level = None
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        if owner != APPLICATION_ID:
            if owner or connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise LedgerInvalid(
                    f"{address.name}: it is another program's database; name another file"
                )
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before anything is in it
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode = WAL")  # readers and a writer at once


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

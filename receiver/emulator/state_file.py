"""The SQLite file of the local Logpush's state: made, opened and told from any other.

It holds secrets (destination_confs and the key that signs tokens), so only its owner may read it.
It belongs to one process at a time: two that push the same jobs would write every batch twice.
"""

import os
import sqlite3
from pathlib import Path
from typing import Final

from receiver.errors import ConfigError

SCHEMA_VERSION: Final = 1
_APPLICATION_ID: Final = 0x4C505245  # "LPRE": tells our file from any other's
_OWNER_ONLY: Final = 0o600
_LOCK_SECONDS: Final = 1.0

_SCHEMA: Final = (
    """CREATE TABLE job (
        id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, scope TEXT NOT NULL,
        fields TEXT NOT NULL, pushed_until TEXT, changed INTEGER NOT NULL)""",
    "CREATE TABLE audit (number INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL)",
    "CREATE TABLE secret (only INTEGER PRIMARY KEY CHECK (only = 1), value BLOB NOT NULL)",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)


def open_database(path: Path | None) -> sqlite3.Connection:
    """Open the file, made if it is not there; None is a database in memory.

    Raises:
        ConfigError: it cannot be used; the message names it and the remedy.
    """
    if path is None:
        connection = _connect(":memory:")
        _create(connection)
        return connection
    try:
        _make_file(path)
        connection = _connect(path)
    except OSError as error:
        raise ConfigError(f"{path}: the state cannot be kept there: {error.strerror}") from error
    except sqlite3.Error as error:
        raise ConfigError(f"{path}: the state cannot be kept there: {error}") from error
    try:
        _judge(connection, path)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise ConfigError(f"{path}: {_explain(error)}") from error
    except (ConfigError, OSError):
        connection.close()
        raise
    return connection


def _make_file(path: Path) -> None:
    """Make the file before SQLite does, so that it is never open to others, not for a moment.

    The files that SQLite puts beside it have the same rights.
    """
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, _OWNER_ONLY))


def _connect(path: Path | str) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False
    )


def _judge(connection: sqlite3.Connection, path: Path) -> None:
    """Take a file that is empty or ours; anything else is left as it is."""
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("BEGIN IMMEDIATE")  # takes the lock, for as long as we live
    connection.execute("COMMIT")
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if empty and application == 0:
        connection.execute("PRAGMA journal_mode = WAL")
        _create(connection)
    elif application != _APPLICATION_ID:
        raise ConfigError(f"{path}: another program's database; name a file of its own for state")
    elif version != SCHEMA_VERSION:
        raise ConfigError(
            f"{path}: written by another version (schema {version}, ours is {SCHEMA_VERSION});"
            " name another file"
        )
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found)
    path.chmod(_OWNER_ONLY)  # of a file that was there before
    # A crash of the machine may cost the last moments, never the file; a killed process nothing.
    connection.execute("PRAGMA synchronous = NORMAL")


def _explain(error: sqlite3.DatabaseError) -> str:
    if "locked" in str(error):
        return "another process has the state open; end it, or name another file"
    if "not a database" in str(error):
        return "no SQLite file, so no state of ours; name another file"
    if isinstance(
        error, sqlite3.OperationalError
    ):  # of the disk (full, read-only), not of the file
        return f"the state cannot be kept there: {error}"
    return f"the state is damaged ({error}): restore it, or delete it and begin anew"


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")
    for statement in _SCHEMA:
        connection.execute(statement)
    connection.execute("COMMIT")

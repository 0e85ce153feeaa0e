"""What drivers and databases raise, translated into ours. The only module that knows their words.

Not one message of SQLAlchemy's is passed on, only the database's own: the former hold statements.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import exc

from receiver.errors import LedgerError, LedgerInvalid, LedgerUnavailable

_SQLITE_PASSING: Final = {
    sqlite3.SQLITE_BUSY: "another process has it locked",
    sqlite3.SQLITE_LOCKED: "another process has it locked",
    sqlite3.SQLITE_PROTOCOL: "another process has it locked",
    sqlite3.SQLITE_FULL: "there is no room on its disk; make some",
    sqlite3.SQLITE_IOERR: "its disk cannot be read or written",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; are its folder and file there, and ours?",
    sqlite3.SQLITE_NOMEM: "there is not enough memory",
    sqlite3.SQLITE_INTERRUPT: "it was interrupted",
}
_SQLITE_LASTING: Final = {
    sqlite3.SQLITE_READONLY: "it cannot be written; give this user the right to, on its folder too",
    sqlite3.SQLITE_PERM: "this user has no right to it",
    sqlite3.SQLITE_NOTADB: "it is no SQLite database; name another file",
    sqlite3.SQLITE_CORRUPT: "it is damaged; put a copy of it back, or name another file",
}

# Of PostgreSQL's codes, by their beginning: those that time may heal.
_POSTGRES_PASSING: Final = {
    "08": "the connection broke off",
    "40": "another transaction was in the way",
    "53100": "there is no room on its disk; make some",
    "53": "the server has too much to do",
    "55P03": "it was locked for too long",
    "57": "the server stopped, or gave the statement up",
    "58": "the server cannot read or write its files",
    "25P03": "it waited too long inside of a transaction",
    "25006": "the server is a standby, which cannot be written",
}
_POSTGRES_LASTING: Final = {
    "28": "user or password are not taken; set those of the ledger's URL",
    "3D000": "there is no such database; create it",
    "3F000": "there is no such schema; create it",
    "42501": "the user lacks a right; make it the owner of the database",
    "42": "it is not as we left it, a table or a column is another; put a copy of it back",
}


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Raise LedgerError's children for what a driver raises inside; `name` is the ledger's."""
    try:
        yield
    except exc.DBAPIError as error:
        raise _translation(name, error.orig or error, error) from error
    except exc.TimeoutError as error:
        raise LedgerUnavailable(f"{name}: all connections are in use for too long") from error
    except (sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise _translation(name, error, None) from error
    except asyncpg.InternalClientError as error:
        raise LedgerUnavailable(f"{name}: the connection broke off inside of a message") from error
    except TimeoutError as error:
        raise LedgerUnavailable(f"{name}: it does not answer in time") from error
    except OSError as error:
        why = error.strerror or "the connection cannot be made"
        raise LedgerUnavailable(f"{name}: it cannot be reached: {why}") from error
    except exc.SQLAlchemyError as error:
        raise LedgerInvalid(f"{name}: it does not hold what it should") from error
    except OverflowError as error:
        raise LedgerInvalid(f"{name}: a number is too large for it") from error


def is_locked(error: sqlite3.Error) -> bool:
    """Tell whether another connection is in the way."""
    return error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _translation(name: str, error: BaseException, wrapped: exc.DBAPIError | None) -> LedgerError:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest tells apart the finest
        if code in _SQLITE_PASSING:
            return LedgerUnavailable(f"{name}: {_SQLITE_PASSING[code]} ({error})")
        return LedgerInvalid(f"{name}: {_SQLITE_LASTING.get(code, 'it refuses')} ({error})")
    sqlstate = str(getattr(error, "sqlstate", None) or "")
    said = f"({sqlstate})" if sqlstate else f"({type(error).__name__})"
    for lengths in (5, 2):
        if why := _POSTGRES_PASSING.get(sqlstate[:lengths]):
            return LedgerUnavailable(f"{name}: {why} {said}")
        if why := _POSTGRES_LASTING.get(sqlstate[:lengths]):
            return LedgerInvalid(f"{name}: {why} {said}")
    if not sqlstate and ((wrapped and wrapped.connection_invalidated) or _is_lost(error)):
        return LedgerUnavailable(f"{name}: the connection broke off {said}")
    return LedgerInvalid(f"{name}: it refuses {said}")


def _is_lost(error: BaseException) -> bool:
    """Tell whether a driver's own error, which has no code, says that the connection is gone."""
    told = error if isinstance(error, asyncpg.InterfaceError) else error.__cause__
    if isinstance(told, asyncpg.InterfaceError):
        return not isinstance(told, ValueError)  # those are of what we have given it
    return isinstance(told, OSError)

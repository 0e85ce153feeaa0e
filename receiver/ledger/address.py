"""The address of a ledger, `sqlite:///file` or `postgresql://...`, understood without a driver."""

import os
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import msgspec

from receiver.errors import LedgerInvalid
from receiver.secret import Secret

_FORMS: Final = "write sqlite:///receiver.db or postgresql://user:password@host/database"


class SQLiteAddress(msgspec.Struct, frozen=True, kw_only=True):
    """A file of this machine."""

    path: Path

    @property
    def name(self) -> str:
        """What errors call it."""
        return f"sqlite:///{self.path}"


class PostgresAddress(msgspec.Struct, frozen=True, kw_only=True):
    """A database on a server. `dsn` is the URL without user, password and the query's password."""

    name: str  # what errors call it: host and database
    dsn: str
    user: Secret | None
    password: Secret | None


def parse_address(url: Secret) -> SQLiteAddress | PostgresAddress:
    """Read a ledger's URL.

    The path of a file stands as it is (after three slashes a relative one, after four an absolute
    one). A user and a password are decoded from percent signs; a password may hold anything, an @
    or a slash too, as long as no @ comes after it.

    Raises:
        LedgerInvalid: says what a URL looks like; never shows a part that may be a secret.
    """
    scheme, separator, rest = url.reveal().partition("://")
    if separator and scheme == "sqlite":
        return _sqlite(rest)
    if separator and scheme in {"postgresql", "postgres"}:
        return _postgres(rest)
    raise LedgerInvalid(f"the URL of the ledger is of no kind that we know; {_FORMS}")


def _sqlite(rest: str) -> SQLiteAddress:
    path = rest.removeprefix("/")
    if path == rest or path in {"", ":memory:"} or "\0" in path:
        raise LedgerInvalid(f"the URL of the ledger names no file; {_FORMS}")
    return SQLiteAddress(path=Path(os.path.abspath(path)))  # noqa: PTH100  (resolves no link)


def _postgres(rest: str) -> PostgresAddress:
    who, at, where = rest.rpartition("@")
    place, _, query = where.partition("?")
    host, _, database = place.partition("/")
    if not host and "host=" not in query:
        raise LedgerInvalid(f"the URL of the ledger names no host; {_FORMS}")
    user, colon, password = who.partition(":")
    kept, asked = [], None
    for part in filter(None, query.split("&")):
        key, _, value = part.partition("=")
        if key == "password":
            asked = value
        else:
            kept.append(part)
    if colon:
        asked = password
    return PostgresAddress(
        name=f"postgresql://{host}/{database}",
        dsn=f"postgresql://{place}" + (f"?{'&'.join(kept)}" if kept else ""),
        user=Secret(unquote(user)) if at and user else None,
        password=Secret(unquote(asked)) if asked is not None else None,
    )

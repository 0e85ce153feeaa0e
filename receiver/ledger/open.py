"""The ledger that a URL names, opened: made or brought up to date if need be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from receiver.ledger.address import SQLiteAddress, parse_address
from receiver.ledger.database import Database
from receiver.ledger.ledger import Ledger
from receiver.ledger.migrate import bring_up_to_date
from receiver.ledger.postgres_server import postgres_engine
from receiver.ledger.sql_ledger import SQLLedger
from receiver.ledger.sqlite_file import make_file, sqlite_engine
from receiver.secret import Secret


@asynccontextmanager
async def open_ledger(url: Secret | str) -> AsyncIterator[Ledger]:
    """Open a ledger, and close it when the block is left. The URL may hold a password.

    Raises:
        LedgerInvalid: the URL is none, or the database is another program's, a newer version's,
            or refuses us.
        LedgerUnavailable: it is locked, or cannot be reached now.
    """
    address = parse_address(url if isinstance(url, Secret) else Secret(url))
    if isinstance(address, SQLiteAddress):
        await make_file(address)
        database = Database(sqlite_engine(address), name=address.name)
    else:
        database = Database(postgres_engine(address), name=address.name)
    try:
        await bring_up_to_date(database)
        yield SQLLedger(database)
    finally:
        await database.close()

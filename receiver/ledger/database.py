"""A database, and transactions on it: those that read, and those that write.

On SQLite a writer takes the lock when it begins (BEGIN IMMEDIATE), and the writers of a process
wait for each other here, in turn, not in SQLite, which would have them try again and again.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Table, any_, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from receiver.errors import LedgerUnavailable
from receiver.ledger.failures import translated
from receiver.ledger.sqlite_connection import until_unlocked
from receiver.limits import LEDGER_WAIT_SECONDS, PRUNE_PAGES_MAX


class Database:
    """One database, whichever it is; `name` is what errors call it."""

    def __init__(self, engine: AsyncEngine, *, name: str) -> None:
        self.name = name
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._engine = engine
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads; short, as all are."""
        with translated(self.name):
            async with self._engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self, *, durable: bool = False) -> AsyncIterator[AsyncConnection]:
        """A transaction that is committed if the block is left without an error.

        A durable one survives a power cut, on SQLite too; all survive the end of the process.
        """
        writer = self._engine.execution_options(immediate=True, durable=durable)
        async with AsyncExitStack() as stack:
            if self.is_sqlite:
                await self._wait_for_turn()
                stack.callback(self._turn.release)
            stack.enter_context(translated(self.name))
            yield await stack.enter_async_context(writer.begin())

    async def give_room_back(self) -> None:
        """Have SQLite's file shrink by a step; PostgreSQL's autovacuum does what it can itself."""
        if not self.is_sqlite:
            return
        async with AsyncExitStack() as stack:
            await self._wait_for_turn()
            stack.callback(self._turn.release)
            stack.enter_context(translated(self.name))
            connection = await stack.enter_async_context(self._engine.connect())
            driver: Any = (await connection.get_raw_connection()).driver_connection
            # a script is run to its end; a statement would stop at the first page that is free
            step = f"BEGIN IMMEDIATE; PRAGMA incremental_vacuum({PRUNE_PAGES_MAX}); COMMIT"
            await until_unlocked(lambda: driver.executescript(step))

    async def close(self) -> None:
        """Close all connections."""
        with translated(self.name):
            await self._engine.dispose()

    def insert(self, table: Table) -> postgresql.Insert | sqlite.Insert:
        """An INSERT that can be told what to do where the row is there."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def among(self, column: Column[Any], values: Collection[Any]) -> ColumnElement[bool]:
        """A column is one of so many values, of LEDGER_PAGE_ROWS at most."""
        if self.is_sqlite:
            several = list(values)
            # up to a power of two by the last, so that few statements serve any number: those that
            # are prepared are kept, and one of a thousand values takes much memory
            several += several[-1:] * ((1 << (len(several) - 1).bit_length()) - len(several))
            return column.in_(several)
        # one parameter, so that one statement is prepared for any number
        given = bindparam(None, list(values), type_=ARRAY(column.type))
        return column == any_(given)

    async def _wait_for_turn(self) -> None:
        try:
            async with asyncio.timeout(LEDGER_WAIT_SECONDS):
                await self._turn.acquire()
        except TimeoutError as error:
            raise LedgerUnavailable(f"{self.name}: others write to it for too long") from error

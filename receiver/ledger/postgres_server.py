"""A ledger in PostgreSQL: how its connections are made."""

from contextlib import suppress
from typing import Final

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from receiver.errors import LedgerInvalid
from receiver.ledger.address import PostgresAddress
from receiver.limits import (
    LEDGER_CALL_SECONDS,
    LEDGER_CLOSE_SECONDS,
    LEDGER_CONNECTIONS_MAX,
    LEDGER_WAIT_SECONDS,
)

_SETTINGS: Final = {
    "application_name": "logpush-receiver",
    "lock_timeout": f"{LEDGER_WAIT_SECONDS:g}s",
    # a process that hangs inside of a transaction holds up the others no longer than this
    "idle_in_transaction_session_timeout": f"{LEDGER_CALL_SECONDS:g}s",
    "jit": "off",  # it costs more than our statements do
}


class _EndingSoon(asyncpg.Connection):  # type: ignore[misc]
    """A connection that is closed within a moment, whether or not the server says good-bye."""

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109
        del timeout  # SQLAlchemy's: for ever, where it closes all there are
        with suppress(TimeoutError):  # then it was broken off
            await super().close(timeout=LEDGER_CLOSE_SECONDS)


def postgres_engine(address: PostgresAddress) -> AsyncEngine:
    """Return an engine; it connects when it is first used."""

    async def connect() -> asyncpg.Connection:
        # what the URL does not say, libpq's environment variables and password file do
        try:
            return await asyncpg.connect(
                address.dsn,
                user=address.user.reveal() if address.user else None,
                password=address.password.reveal() if address.password else None,
                timeout=LEDGER_WAIT_SECONDS,
                command_timeout=LEDGER_CALL_SECONDS,
                server_settings=_SETTINGS,
                connection_class=_EndingSoon,
            )
        except ValueError as error:
            raise LedgerInvalid(
                f"{address.name}: the ledger's URL cannot be used; its port or a parameter is wrong"
            ) from error

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        hide_parameters=True,
        pool_size=LEDGER_CONNECTIONS_MAX,
        max_overflow=0,
        pool_timeout=LEDGER_WAIT_SECONDS,
        pool_use_lifo=True,
    )
